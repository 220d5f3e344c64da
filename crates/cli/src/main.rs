//! The binary `aws-sso`: joins the server and the providers, and talks to the person.
#![cfg_attr(test, expect(clippy::disallowed_methods, reason = "tests write files of their own"))]

mod cli;
mod client;
mod commands;
mod completion;
mod doctor;
mod ground;
mod instance;
mod programs;
mod serve;

use std::process::ExitCode;

use clap::ValueEnum;

use crate::ground::{env, process, ui};
use crate::programs::shell_completion::Shell;

fn main() -> ExitCode {
    if let Some(shell) = env::completing_shell().and_then(|name| Shell::from_str(&name, false).ok())
    {
        completion::answer(shell);
        return ExitCode::SUCCESS;
    }
    if let Some(command) = env::with_home() {
        return process::replace(command)
            .unwrap_or_else(|error| ui::report(&credentials::Failure::failed(error)));
    }
    let line = match cli::parse() {
        Ok(line) => line,
        Err(error) => return ui::report(&error),
    };
    line.start_log();
    if let Err(error) = env::check_home() {
        return ui::report(&error);
    }
    process::protect_memory();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return ui::report(&credentials::Failure::failed(error)),
    };
    let outcome = runtime.block_on(line.run());
    // A look-up or a child that is still going on in the background is nobody's concern any more.
    runtime.shutdown_background();
    match outcome.and_then(|code| ui::check_written().map(|()| code)) {
        Ok(code) => code,
        Err(error) => ui::report(&error),
    }
}
