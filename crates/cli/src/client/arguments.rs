//! Arguments that name a server.

use std::path::PathBuf;

use clap::Args;

use crate::client::address::ServerAddress;

/// Where a server is.
#[derive(Args)]
pub(crate) struct AddressArguments {
    /// The server: HOST:PORT (an IPv6 address in brackets) or a URL
    #[arg(
        long,
        value_name = "ADDRESS",
        env = "AWS_SSO_ECS_SERVER",
        hide_env_values = true,
        default_value_t
    )]
    pub(crate) server: ServerAddress,
}

/// Which server a client command talks to, and as whom.
#[derive(Args)]
pub(crate) struct ServerArguments {
    #[command(flatten)]
    pub(crate) address: AddressArguments,
    /// Show the server the authorization token in this file: see `aws-sso ecs token create`
    #[arg(long, value_name = "PATH", env = "AWS_SSO_ECS_TOKEN_FILE", hide_env_values = true)]
    pub(crate) token_file: Option<PathBuf>,
}
