//! Shell completion: the candidates for the word that is being typed. They come from local files and from a server
//! that answers at once. It must not use the network, ask a question or print an error: the person is in the middle
//! of a line.

mod line;
mod values;

use std::ffi::OsString;
use std::io::Write;

use clap_complete::engine::{self, ArgValueCompleter};

use crate::cli;
use crate::ground::values::Values;
use crate::programs::shell_completion::Shell;
use line::Line;

/// Answers a completion script ([`Shell::script`]).
pub(crate) fn answer(shell: Shell) {
    let Some(typed) = shell.typed() else { return };
    let line = Line::read(&typed.before);
    let mut words: Vec<OsString> = typed.before.iter().map(OsString::from).collect();
    let index = words.len();
    words.push(OsString::from(&typed.word.text));
    let mut command = with_values(cli::command(), &line);
    let folder = std::env::current_dir().ok();
    let candidates = engine::complete(&mut command, words, index, folder.as_deref());
    let answer = shell.answer(&typed.word, &candidates.unwrap_or_default());
    // If the shell is gone, the answer is not needed.
    std::io::stdout().write_all(answer.as_bytes()).ok();
}

/// Adds completers to the arguments of the command.
fn with_values(command: clap::Command, line: &Line) -> clap::Command {
    let command = command.mut_args(|arg| match arg.get::<Values>() {
        Some(values) => {
            let (values, line) = (*values, line.clone());
            arg.add(ArgValueCompleter::new(move |typed: &std::ffi::OsStr| {
                typed.to_str().map(|typed| values.candidates(&line, typed)).unwrap_or_default()
            }))
        }
        None => arg,
    });
    command.mut_subcommands(|command| with_values(command, line))
}
