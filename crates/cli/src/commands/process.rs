//! `aws-sso process`

use std::time::Duration;

use clap::{ArgGroup, Args};
use credentials::{Failure, Fetched, Problem, Profile, Source};
use tokio::time::timeout;

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::{env, ui};
use crate::instance::arguments::{InstanceArguments, RoleArguments};
use crate::instance::obtain::chained::{ChainArguments, resolve_chain};
use crate::instance::obtain::fetch;
use crate::instance::settings::Settings;
use crate::programs::credentials_format::CredentialsFormat;

/// Print the credentials of a role: as a credential_process of the AWS config, or for a shell
///
/// If the running server has a slot with this very role, its credentials are used; else they are obtained from AWS. The
/// output is a secret. Programs that can ask again for new credentials are better served by `aws-sso exec`.
#[derive(Args)]
#[command(
    after_help = "Example in ~/.aws/config:\n  credential_process = aws-sso process --profile prod:Admin"
)]
#[command(group(ArgGroup::new("source").required(true)))]
pub(crate) struct Arguments {
    #[command(flatten)]
    role: RoleArguments,
    #[command(flatten)]
    chain: ChainArguments,
    /// The format: that of a credential_process, or one for a shell or a tool
    #[arg(short = 'f', long, value_enum, value_name = "FORMAT", default_value_t = CredentialsFormat::Process)]
    format: CredentialsFormat,
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { role, chain, format, instance, server } = arguments;
    let wanted = role.wanted().ok_or_else(|| Failure::new(Problem::Usage, "no role is named"))?;
    let settings = Settings::read(&instance)?;
    // Resolve the role first, then ask the server for exactly this source.
    let resolved = resolve_chain(&settings, wanted, chain.chain).await?;
    let fetched = match resolved.source(&settings) {
        // The program that runs this credential_process may be the server itself.
        Some(source) if !env::is_within_credential_process() => from_server(&server, &source).await,
        _ => None,
    };
    let fetched = match fetched {
        Some(fetched) => fetched,
        None => {
            let Profile { principal, credentials, .. } = fetch(&settings, resolved).await?;
            Fetched { principal, credentials }
        }
    };
    ui::data(&format.write(&fetched)?);
    Ok(())
}

/// The server's credentials for this source. None if the server has none, does not answer or is not ours.
async fn from_server(server: &ServerArguments, source: &Source) -> Option<Fetched> {
    let ask = async { Client::new(server)?.credentials_of(source).await };
    let late = || Err(Failure::new(Problem::Unreachable, "the server does not answer"));
    match timeout(SERVER_TIMEOUT, ask).await.unwrap_or_else(|_| late()) {
        Ok(fetched) => fetched,
        Err(failure) => {
            tracing::debug!("no credentials from the server: {failure}");
            None
        }
    }
}

/// A server on this host answers in a millisecond.
const SERVER_TIMEOUT: Duration = Duration::from_secs(1);
