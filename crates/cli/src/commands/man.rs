//! `aws-sso man`

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;

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
    let cannot = |error: io::Error| {
        Failure::failed(format!("{} cannot be written: {error}", folder.display()))
    };
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    add_pages(&command, &mut pages).map_err(cannot)?;
    fs::create_dir_all(&folder).map_err(cannot)?;
    for (name, page) in &pages {
        write(&folder, name, page).map_err(cannot)?;
    }
    let typed = arguments.folder.display().to_string();
    ui::note(&format!(
        "Wrote {} pages into {}.",
        pages.len(),
        ui::printable(&folder.display().to_string())
    ));
    ui::note(&format!("Look at them: man -M {} aws-sso", ui::printable(&shell_word(&typed))));
    Ok(())
}

/// The command's page, and those of all below it.
fn add_pages(command: &clap::Command, pages: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    let man = Man::new(command.clone()).manual("aws-sso");
    let mut page = Vec::new();
    man.render(&mut page)?;
    pages.push((man.get_filename(), page));
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    shown.into_iter().try_for_each(|command| add_pages(command, pages))
}

/// As a whole: somebody may be reading the page.
fn write(folder: &Path, name: &str, page: &[u8]) -> io::Result<()> {
    let new = folder.join(format!(".{name}.new"));
    fs::write(&new, page)?;
    fs::rename(&new, folder.join(name))
}
