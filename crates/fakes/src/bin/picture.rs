//! `picture`: runs a program on a terminal, types into it, and writes what is then on the screen as an SVG.
#![expect(clippy::print_stderr, reason = "it talks to a person or a script")]

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use clap::Parser;
use fakes::{Terminal, picture};

/// A picture of a program on a terminal, for the documentation.
#[derive(Parser)]
#[command(name = "picture")]
struct Arguments {
    /// How large the terminal is, in columns and rows: 100x28
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    size: (u16, u16),
    /// What stands in the bar of the window
    #[arg(long)]
    title: String,
    /// What a person does before the picture is taken, in this order: `see:TEXT` waits until that is on the screen,
    /// `type:KEYS` types. Without any, the program is waited for
    #[arg(long = "then", value_name = "STEP", value_parser = Step::parse)]
    steps: Vec<Step>,
    /// The SVG file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The program and its arguments
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

#[derive(Clone)]
enum Step {
    See(String),
    Type(String),
}

impl Step {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text.split_once(':') {
            Some(("see", text)) => Ok(Self::See(text.to_owned())),
            Some(("type", keys)) => Ok(Self::Type(keys.to_owned())),
            _ => Err("see:TEXT or type:KEYS"),
        }
    }
}

fn main() -> ExitCode {
    let Arguments { size: (columns, rows), title, steps, out, command } = Arguments::parse();
    let [program, arguments @ ..] = command.as_slice() else { return ExitCode::FAILURE };
    let mut command = Command::new(program);
    command.args(arguments).env("TERM", "xterm-256color").env_remove("NO_COLOR");
    let terminal = Terminal::start(command, columns, rows);
    let screen = match steps.is_empty() {
        true => terminal.finish().1,
        false => {
            steps.iter().for_each(|step| step.take(&terminal));
            settled(&terminal)
        }
    };
    match std::fs::write(&out, picture::svg(&screen, &title)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("picture: cannot write {}: {error}", out.display());
            ExitCode::FAILURE
        }
    }
}

impl Step {
    fn take(&self, terminal: &Terminal) {
        match self {
            Self::See(text) => drop(terminal.wait_for(text)),
            Self::Type(keys) => terminal.type_in(keys),
        }
    }
}

/// The screen once nothing is being written to it: a program draws in several goes.
fn settled(terminal: &Terminal) -> vt100::Screen {
    for _ in 0..LONGEST {
        let before = terminal.raw().len();
        thread::sleep(QUIET);
        if terminal.raw().len() == before {
            break;
        }
    }
    terminal.screen()
}

fn parse_size(text: &str) -> Result<(u16, u16), &'static str> {
    const MUST_BE: &str = "columns and rows, such as 100x28";
    let (columns, rows) = text.split_once('x').ok_or(MUST_BE)?;
    match (columns.parse(), rows.parse()) {
        (Ok(columns @ 1..=500), Ok(rows @ 1..=500)) => Ok((columns, rows)),
        _ => Err(MUST_BE),
    }
}

const QUIET: Duration = Duration::from_millis(200);
/// In times of [`QUIET`].
const LONGEST: usize = 25;
