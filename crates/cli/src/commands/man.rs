//! `aws-sso man`

use std::io;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;
use files::{Access, Durability};

use crate::ground::ui;
use credentials::{Failure, shell_word};

/// Write the manual pages, one for each command
///
/// The pages are written to FOLDER/man1. The program man searches ~/.local/share/man without further settings.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso man ~/.local/share/man")]
pub(crate) struct Arguments {
    /// The folder for the pages; it is created if necessary
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(crate) fn run(arguments: Arguments, command: Command) -> Result<(), Failure> {
    let folder = arguments.folder.join("man1");
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add_pages(&command, &mut pages).map_err(Failure::failed)?;
    files::make_folder(&folder, Access::Public)?;
    for (name, page) in &pages {
        files::replace(&folder.join(name), page, Access::Public, Durability::BestEffort)?;
    }
    let typed = arguments.folder.display().to_string();
    ui::note(&format!(
        "Wrote {} pages into {}.",
        pages.len(),
        ui::printable(&folder.display().to_string())
    ));
    ui::note(&format!("To read them: man -M {} aws-sso", ui::printable(&shell_word(&typed))));
    Ok(())
}

/// Adds the page of the command, and the pages of its subcommands.
fn add_pages(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let man = Man::new(command.clone()).manual("aws-sso");
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.push((man.get_filename(), page));
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.into_iter().try_for_each(|command| add_pages(command, pages))
}
