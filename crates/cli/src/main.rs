//! The binary `aws-sso`: joins the server and the providers, and talks to the person.

mod args;
mod authority;
mod aws_profile;
mod catalogue;
mod center;
mod client;
mod clock;
mod commands;
mod completion;
mod config_file;
mod doctor;
mod edited_file;
mod env;
mod events;
mod exit_code;
mod exports;
mod history;
mod obtain;
mod paths;
mod process;
mod profile_blocks;
mod profile_name;
mod provider;
mod roles;
mod selector;
mod server_address;
mod settings;
mod sign_in;
mod store;
mod token_file;
mod trust;
mod ui;
mod url_action;
mod which_role;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Arguments;

fn main() -> ExitCode {
    if let Some(shell) = env::completing_shell() {
        completion::answer(shell);
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse();
    ui::start_log(arguments.log_level);
    process::protect_memory();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return ui::report(&credentials::Failure::failed(error)),
    };
    let outcome = runtime.block_on(commands::run(arguments.command));
    // A look-up or a child that is still going on in the background is nobody's concern any more.
    runtime.shutdown_background();
    match outcome.and_then(|code| ui::check_written().map(|()| code)) {
        Ok(code) => code,
        Err(error) => ui::report(&error),
    }
}
