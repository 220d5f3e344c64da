//! Arguments that name a server.

use std::path::PathBuf;

use clap::Args;

use crate::client::address::ServerAddress;

/// The address of a server.
#[derive(Args)]
pub(crate) struct AddressArguments {
    // Not a doc comment: rustdoc takes the brackets for a link.
    #[arg(
        long,
        help = "The address of the server: HOST:PORT, [IPV6]:PORT or a URL",
        value_name = "ADDRESS",
        env = "AWS_SSO_ECS_SERVER",
        hide_env_values = true,
        default_value_t
    )]
    pub(crate) server: ServerAddress,
}

/// The server that a client command talks to, and the token that it sends.
#[derive(Args)]
pub(crate) struct ServerArguments {
    #[command(flatten)]
    pub(crate) address: AddressArguments,
    /// Send the authorization token in this file to the server (see `aws-sso ecs token create`)
    #[arg(long, value_name = "PATH", env = "AWS_SSO_ECS_TOKEN_FILE", hide_env_values = true)]
    pub(crate) token_file: Option<PathBuf>,
}
