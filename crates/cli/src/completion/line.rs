//! The arguments before the cursor: instance, server and account.

use std::path::PathBuf;

use clap::ArgMatches;
use credentials::{AccountId, InstanceName};

use crate::cli;
use crate::client::arguments::{AddressArguments, ServerArguments};
use crate::instance::arguments::InstanceArguments;

/// The arguments of an unfinished line, from the words and from environment variables.
#[derive(Clone, Debug)]
pub(super) struct Line(ArgMatches);

impl Line {
    /// Parses the words before the one that is being typed. Ignores invalid words.
    pub(super) fn read(words: &[String]) -> Self {
        // The last option has no value yet.
        let unfinished = words.last().filter(|last| last.starts_with('-')).map_or(0, |_| 1);
        let words = words.get(..words.len() - unfinished).unwrap_or_default();
        let command = cli::command().ignore_errors(true).disable_help_flag(true);
        let mut matches = command.try_get_matches_from(words).unwrap_or_default();
        while let Some((_, subcommand)) = matches.remove_subcommand() {
            matches = subcommand;
        }
        Self(matches)
    }

    pub(super) fn account(&self) -> Option<AccountId> {
        self.value("account")
    }

    pub(super) fn instance(&self) -> InstanceArguments {
        let sso: Option<InstanceName> = self.value("sso");
        InstanceArguments { sso, config: self.value::<PathBuf>("config") }
    }

    pub(super) fn server(&self) -> ServerArguments {
        let address = AddressArguments { server: self.value("server"), port: self.value("port") };
        let token_file = self.value::<PathBuf>("token_file");
        ServerArguments { address, token_file }
    }

    fn value<T: Clone + Send + Sync + 'static>(&self, id: &str) -> Option<T> {
        self.0.try_get_one::<T>(id).ok().flatten().cloned()
    }
}
