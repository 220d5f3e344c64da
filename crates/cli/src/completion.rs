//! What a shell offers for a word that is being typed: from the files of this machine, and what a server here says at once.
//! The network is not asked, nobody is asked, and nothing goes wrong aloud: who presses Tab is in the middle of a line.

mod line;
mod values;

use std::ffi::OsString;
use std::io::Write;

use clap::CommandFactory;
use clap_complete::engine::{self, ArgValueCompleter};

use crate::cli::Arguments;
use crate::ground::values::Values;
use crate::programs::shell_completion::Shell;
use line::Line;

/// Answers a script of [`Shell::script`].
pub(crate) fn answer(shell: Shell) {
    let Some(typed) = shell.typed() else { return };
    let line = Line::read(&typed.before);
    let mut words: Vec<OsString> = typed.before.iter().map(OsString::from).collect();
    let index = words.len();
    words.push(OsString::from(&typed.word.text));
    let mut command = with_values(Arguments::command(), &line);
    let folder = std::env::current_dir().ok();
    let candidates = engine::complete(&mut command, words, index, folder.as_deref());
    let answer = shell.answer(&typed.word, &candidates.unwrap_or_default());
    // A shell that has gone doesn't want it.
    std::io::stdout().write_all(answer.as_bytes()).ok();
}

/// The command, whose arguments know what their values can be.
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
