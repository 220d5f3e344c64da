//! Arguments that name a server.

use std::path::PathBuf;

use clap::{Args, value_parser};
use credentials::{Failure, Problem};

use crate::client::address::ServerAddress;
use crate::ground::env;

/// The address of a server. The variables are not clap's, because each flag comes before both variables.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct AddressArguments {
    // Not a doc comment: rustdoc takes the brackets for a link.
    #[arg(
        long,
        help = "The address of the server: HOST:PORT, [IPV6]:PORT or a URL [env: AWS_SSO_ECS_SERVER] [default: that of \
                AWS_CONTAINER_CREDENTIALS_FULL_URI if it is on this host, else localhost:4144]",
        value_name = "ADDRESS"
    )]
    pub(crate) server: Option<ServerAddress>,
    /// The port of the server on this host, instead of --server [env: AWS_SSO_ECS_PORT]
    #[arg(long, value_name = "PORT", conflicts_with = "server",
          value_parser = value_parser!(u16).range(1..))]
    pub(crate) port: Option<u16>,
}

impl AddressArguments {
    /// The address that flags, variables or SDKs of this environment name; else the default one.
    ///
    /// # Errors
    /// A variable has no valid address.
    pub(crate) fn address(&self) -> Result<ServerAddress, Failure> {
        let named = self.named()?;
        Ok(named.or_else(|| ServerAddress::of_sdks(&env::full_uri()?)).unwrap_or_default())
    }

    /// The address that a flag or one of our variables names.
    ///
    /// # Errors
    /// A variable has no valid address.
    pub(crate) fn named(&self) -> Result<Option<ServerAddress>, Failure> {
        let on_this_host = |port| ServerAddress { port, ..ServerAddress::default() };
        if let Some(server) = self.server.clone().or(self.port.map(on_this_host)) {
            return Ok(Some(server));
        }
        let wrong = |name, must_be| Failure::new(Problem::Usage, format!("{name}: {must_be}"));
        if let Some(text) = env::text(SERVER) {
            return text.parse().map(Some).map_err(|must_be| wrong(SERVER, must_be));
        }
        let Some(text) = env::text(PORT) else { return Ok(None) };
        match text.parse() {
            Ok(0) | Err(_) => Err(wrong(PORT, "it must be 1 to 65535")),
            Ok(port) => Ok(Some(on_this_host(port))),
        }
    }
}

const SERVER: &str = "AWS_SSO_ECS_SERVER";
const PORT: &str = "AWS_SSO_ECS_PORT";

/// The server that a client command talks to, and the token that it sends.
#[derive(Args)]
pub(crate) struct ServerArguments {
    #[command(flatten)]
    pub(crate) address: AddressArguments,
    /// Send the authorization token in this file to the server (see `aws-sso ecs token create`)
    #[arg(long, value_name = "PATH", env = "AWS_SSO_ECS_TOKEN_FILE", hide_env_values = true)]
    pub(crate) token_file: Option<PathBuf>,
}
