//! The server, slot and token to check, from arguments and environment; and the commands that solve problems. Pure.

use std::path::{Path, PathBuf};

use credentials::{ProfileName, SlotName, shell_word};

use super::full_uri::FullUri;
use super::variables::Variables;
use crate::client::address::{Scheme, ServerAddress};
use crate::client::arguments::{AddressArguments, ServerArguments};
use crate::ground::env::EXEC_ENDPOINT;
use crate::programs::exports::{FULL_URI, TOKEN_FILE};

/// The arguments of the person.
pub(crate) struct Wanted {
    pub(crate) slot: Option<ProfileName>,
    pub(crate) server: Option<ServerAddress>,
    pub(crate) token_file: Option<PathBuf>,
}

/// The server, the slot and the variables to check.
pub(crate) struct Situation {
    pub(crate) variables: Variables,
    /// The server from the arguments, otherwise the one that SDKs would ask.
    pub(crate) server: ServerAddress,
    /// The slot, chosen in the same way.
    pub(crate) slot: SlotName,
    /// The token file of our own commands.
    pub(crate) token_file: Option<PathBuf>,
    /// Whether the server is the endpoint that `aws-sso exec` opened for this command.
    pub(crate) is_endpoint_of_exec: bool,
}

impl Situation {
    pub(crate) fn new(variables: Variables, wanted: Wanted) -> Self {
        let uri = variables.text(FULL_URI).and_then(FullUri::parse);
        let uri = uri.filter(|uri| uri.slot.is_some());
        // Plain HTTP may be wrong: the server will say so.
        let scheme = uri.as_ref().filter(|uri| uri.is_https()).map(|_| Scheme::Https);
        let of_uri = uri.as_ref().map(|uri| ServerAddress { scheme, ..uri.address.clone() });
        let of_exec = variables.text(EXEC_ENDPOINT);
        let is_endpoint_of_exec =
            wanted.server.is_none() && of_exec.is_some() && variables.text(FULL_URI) == of_exec;
        let server = wanted.server.or(of_uri).unwrap_or_default();
        let slot = match (wanted.slot, uri) {
            (Some(name), _) => SlotName::Named(name),
            (None, Some(FullUri { slot: Some(slot), .. })) => slot,
            _ => SlotName::Default,
        };
        let token_file = wanted.token_file;
        Self { variables, server, slot, token_file, is_endpoint_of_exec }
    }

    /// The arguments for our client.
    pub(crate) fn server_arguments(&self) -> ServerArguments {
        let address = AddressArguments { server: Some(self.server.clone()), port: None };
        ServerArguments { address, token_file: self.token_file.clone() }
    }

    /// The command that makes the SDKs of a shell use the slot.
    pub(crate) fn export(&self) -> String {
        self.export_from(&self.server)
    }

    /// The same command for a server with another scheme.
    pub(crate) fn export_from(&self, server: &ServerAddress) -> String {
        let profile = match &self.slot {
            SlotName::Default => String::new(),
            SlotName::Named(name) => format!(" --profile {}", shell_word(name.as_str())),
        };
        let file = self.variables.text(TOKEN_FILE).filter(|file| Path::new(file).is_file());
        let token =
            file.map_or_else(String::new, |file| format!(" --token-file {}", shell_word(file)));
        format!("eval \"$(aws-sso ecs env{profile}{}{token})\"", flag_for(server))
    }

    /// The command that loads credentials into the slot.
    pub(crate) fn load(&self) -> String {
        let profile = match &self.slot {
            SlotName::Default => String::new(),
            SlotName::Named(name) => format!(" --slotted --profile {}", shell_word(name.as_str())),
        };
        format!("aws-sso ecs load{profile}{}", flag_for(&self.server))
    }

    /// The command that creates a token for the slot in a file.
    pub(crate) fn make_token(&self, file: &str) -> String {
        let slot = match &self.slot {
            SlotName::Default => "--default-slot".to_owned(),
            SlotName::Named(name) => format!("--slot {}", shell_word(name.as_str())),
        };
        format!("aws-sso ecs token create {slot} --file {}", shell_word(file))
    }
}

/// The `--server` flag for the server; empty for the default one.
fn flag_for(server: &ServerAddress) -> String {
    let is_usual_host = ["localhost", "127.0.0.1"].contains(&server.host.as_str());
    match (server.scheme, is_usual_host && server.port == ServerAddress::DEFAULT_PORT) {
        (Some(Scheme::Https), _) => format!(" --server https://{server}"),
        (_, true) => String::new(),
        (_, false) => format!(" --server {server}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn situation(variables: &[(&'static str, &str)], server: Option<&str>) -> Situation {
        let value = |name| {
            let pair = variables.iter().find(|(variable, _)| *variable == name)?;
            Some(pair.1.to_owned())
        };
        let server = server.map(|server| server.parse().unwrap());
        Situation::new(Variables::read(value), Wanted { slot: None, server, token_file: None })
    }

    #[test]
    fn without_a_flag_it_is_the_server_and_the_slot_that_sdks_would_ask() {
        for (uri, server, slot) in [
            ("", "localhost:4144", "the default slot"),
            ("http://127.0.0.1:7/slot/dev", "127.0.0.1:7", "the slot `dev`"),
            ("http://169.254.170.23/v1/credentials", "localhost:4144", "the default slot"),
        ] {
            let situation = situation(&[(FULL_URI, uri)], None);
            assert_eq!(situation.server.to_string(), server, "{uri}");
            assert_eq!(situation.slot.to_string(), slot, "{uri}");
        }
        let named = situation(&[(FULL_URI, "http://127.0.0.1:7/creds")], Some("localhost:8"));
        assert_eq!(named.server.to_string(), "localhost:8");
    }

    #[test]
    fn commands_name_only_what_is_not_meant_anyway() {
        for (uri, export, load) in [
            ("", "eval \"$(aws-sso ecs env)\"", "aws-sso ecs load"),
            (
                "http://127.0.0.1:4144/slot/dev",
                "eval \"$(aws-sso ecs env --profile dev)\"",
                "aws-sso ecs load --slotted --profile dev",
            ),
            (
                "https://localhost:4144/s/YSBi",
                "eval \"$(aws-sso ecs env --profile 'a b' --server https://localhost:4144)\"",
                "aws-sso ecs load --slotted --profile 'a b' --server https://localhost:4144",
            ),
        ] {
            let situation = situation(&[(FULL_URI, uri)], None);
            assert_eq!(situation.export(), export, "{uri}");
            assert_eq!(situation.load(), load, "{uri}");
        }
    }
}
