//! `aws-sso process`

use std::time::Duration;

use clap::{ArgGroup, Args};
use credentials::{AccountId, Credentials, Failure, Fetched, Principal, Problem, Profile, Source};
use serde::Serialize;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::{env, ui};
use crate::instance::arguments::{InstanceArguments, RoleArguments};
use crate::instance::obtain::{fetch, resolve};
use crate::instance::settings::Settings;

/// Print the credentials of a role as a credential_process of the AWS config
///
/// If the running server has a slot with this very role, its credentials are used; else they are obtained from AWS.
#[derive(Args)]
#[command(
    after_help = "Example in ~/.aws/config:\n  credential_process = aws-sso process --profile prod:Admin"
)]
#[command(group(ArgGroup::new("source").required(true)))]
pub(crate) struct Arguments {
    #[command(flatten)]
    role: RoleArguments,
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten)]
    server: ServerArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { role, instance, server } = arguments;
    let wanted = role.wanted().ok_or_else(|| Failure::new(Problem::Usage, "no role is named"))?;
    let settings = Settings::read(&instance).await?;
    // Resolve the role first, then ask the server for exactly this source.
    let resolved = resolve(&settings, wanted)?;
    let fetched = match resolved.source(&settings) {
        // The program that runs this credential_process may be the server itself.
        Some(source) if !env::is_within_credential_process() => from_server(&server, &source).await,
        _ => None,
    };
    let Fetched { principal, credentials } = match fetched {
        Some(fetched) => fetched,
        None => {
            let Profile { principal, credentials, .. } = fetch(&settings, resolved).await?;
            Fetched { principal, credentials }
        }
    };
    print(&principal, &credentials)
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

/// Prints one line of JSON (AWS SDKs and Tools Reference Guide, "Process credential provider").
fn print(principal: &Principal, credentials: &Credentials) -> Result<(), Failure> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Output<'a> {
        version: u8,
        access_key_id: &'a str,
        secret_access_key: &'a str,
        session_token: &'a str,
        /// Left out if it is only assumed: the SDK then asks again for each process.
        #[serde(skip_serializing_if = "Option::is_none")]
        expiration: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        account_id: Option<&'a str>,
    }
    let mut json = Zeroizing::new(Vec::with_capacity(MAX_OUTPUT_BYTES));
    let output = Output {
        version: 1,
        access_key_id: credentials.access_key_id.as_str(),
        secret_access_key: credentials.secret_access_key.expose(),
        session_token: credentials.session_token.expose(),
        expiration: Some(credentials.expiration)
            .filter(|expiration| !expiration.is_assumed())
            .map(|expiration| expiration.to_string()),
        account_id: principal.account_id.as_ref().map(AccountId::as_str),
    };
    serde_json::to_writer(&mut *json, &output).map_err(Failure::failed)?;
    ui::data(std::str::from_utf8(&json).map_err(Failure::failed)?);
    Ok(())
}

/// A server on this host answers in a millisecond.
const SERVER_TIMEOUT: Duration = Duration::from_secs(1);
/// More than credentials need, because growing the buffer leaves a copy of the secret in memory.
const MAX_OUTPUT_BYTES: usize = 16 * 1024;
