//! `aws-sso ecs load`

mod from_env;

use std::io::{Read, stdin};

use clap::{ArgGroup, Args};
use credentials::{
    Clock, Failure, Fetched, Problem, Profile, ProfileName, SlotName, shell_word, whole,
};
use providers::PartialCredentials;
use serde::Serialize;
use server::wire::{ProfileObject, Replace};
use zeroize::Zeroizing;

use crate::client::address::ServerAddress;
use crate::client::arguments::ServerArguments;
use crate::client::{Client, Loaded};
use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::clock::SystemClock;
use crate::ground::ui;
use crate::instance::arguments::{InstanceArguments, RoleArguments};
use crate::instance::obtain::chained::{self, ChainArguments};
use crate::instance::settings::Settings;
use crate::instance::which_role::which_role;
use crate::instance::{access, history};

/// Limit of the input on stdin.
const MAX_INPUT_BYTES: u64 = PartialCredentials::MAX_OUTPUT_BYTES as u64;

/// Load the credentials of a role into the server
///
/// They are loaded into the default slot, or with --slotted into a slot named like the profile. The command prints the
/// variable that makes AWS SDKs use the slot. If you name no role, you choose one from a list.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso ecs load --slotted --profile prod:Admin")]
#[command(group(ArgGroup::new("source")), group(ArgGroup::new("handed_in")))]
pub(crate) struct Arguments {
    #[command(flatten)]
    role: RoleArguments,
    #[command(flatten)]
    chain: ChainArguments,
    /// Load AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN from the environment
    #[arg(long, groups = ["source", "handed_in"])]
    from_env: bool,
    /// Load credentials from stdin, as JSON of a credential_process or of AWS STS
    #[arg(long, groups = ["source", "handed_in"])]
    from_stdin: bool,
    /// The profile name for --from-env [default: env] or --from-stdin [default: stdin]
    #[arg(long, value_name = "NAME", requires = "handed_in", value_parser = ProfileName::parse)]
    name: Option<ProfileName>,
    /// Load into a slot named like the profile instead of the default slot
    #[arg(short, long)]
    slotted: bool,
    /// Replace the slot even if it was loaded from another source with the same name
    #[arg(long, requires = "slotted")]
    replace: bool,
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten)]
    server: ServerArguments,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LoadedSlot {
    #[serde(flatten)]
    profile: ProfileObject,
    uri: String,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { slotted, replace, server, output, .. } = &arguments;
    let (slotted, output) = (*slotted, output.output);
    // A load into the default slot always replaces it.
    let replace = if slotted && !replace { Replace::SameSource } else { Replace::Anything };
    let client = Client::new(server)?;
    let address = server.address.address()?;
    let profile = obtain(arguments, &client, &address).await?;
    let slot = if slotted { SlotName::Named(profile.name.clone()) } else { SlotName::Default };
    let Loaded { refreshes, obstacle, replaced } = client.load(&slot, &profile, replace).await?;
    let expiration = profile.credentials.expiration;
    let object =
        ProfileObject::new(&profile.name, &profile.principal, Some(expiration), SystemClock.now());
    let uri = client.uri_for_sdks(&slot).await;
    if output == Output::Json {
        ui::json(&LoadedSlot { profile: object, uri });
    } else {
        let lasts = match refreshes {
            true => "the server keeps it fresh".to_owned(),
            false if expiration.is_assumed() => {
                "its expiration is not known, so it is served for 15 minutes".to_owned()
            }
            false => format!("it expires in {}", object.expires),
        };
        let warning = obstacle.map(|Failure { message, hint, .. }| {
            format!("warning: the server cannot refresh it: {}", whole(&message, hint.as_deref()))
        });
        let instead = replaced.map(|name| format!(" instead of `{}`", ui::printable(&name)));
        let instead = instead.unwrap_or_default();
        ui::note(&format!("Loaded `{}` into {slot}{instead}; {lasts}.", profile.name));
        if let Some(warning) = warning {
            ui::note(&ui::printable(&warning));
        }
        ui::data(&format!("export AWS_CONTAINER_CREDENTIALS_FULL_URI={uri}"));
    }
    Ok(())
}

/// Obtains the profile that the arguments name. Clap allows only one source.
async fn obtain(
    arguments: Arguments,
    client: &Client,
    address: &ServerAddress,
) -> Result<Profile, Failure> {
    let command = command(&arguments, address);
    let Arguments { role, chain, from_env, from_stdin, name, instance, .. } = arguments;
    if !from_env && !from_stdin {
        let mut settings = Settings::read(&instance)?;
        let wanted = which_role(role, &mut settings, Some(client), &command).await?;
        let profile = chained::obtain(&settings, wanted, chain).await?;
        history::note(&profile);
        return Ok(profile);
    }
    if !chain.chain.is_empty() {
        let text =
            "--chain starts from a role of IAM Identity Center, not from keys that are handed in";
        return Err(Failure::new(Problem::Usage, text));
    }
    let (given, default_name) =
        if from_env { (from_env::credentials()?, "env") } else { (read_stdin()?, "stdin") };
    let name = match name {
        Some(name) => name,
        None => ProfileName::parse(default_name).map_err(Failure::failed)?,
    };
    let Fetched { principal, credentials } = access::aws().ensure_session(given).await?;
    Ok(Profile { name, principal, credentials, source: None })
}

/// The command as the person typed it, without the role.
fn command(
    Arguments { slotted, instance, server, .. }: &Arguments,
    address: &ServerAddress,
) -> String {
    let mut command = "aws-sso ecs load".to_owned();
    if *slotted {
        command.push_str(" --slotted");
    }
    if *address != ServerAddress::default() {
        command.push_str(&format!(" --server {}", shell_word(&address.as_typed())));
    }
    for (flag, path) in [("--token-file", &server.token_file), ("--config", &instance.config)] {
        if let Some(path) = path {
            command.push_str(&format!(" {flag} {}", shell_word(&path.to_string_lossy())));
        }
    }
    command
}

fn read_stdin() -> Result<PartialCredentials, Failure> {
    let mut json = Zeroizing::new(Vec::with_capacity(PartialCredentials::MAX_OUTPUT_BYTES + 1));
    stdin()
        .lock()
        .take(MAX_INPUT_BYTES + 1)
        .read_to_end(&mut json)
        .map_err(|error| Failure::failed(format!("standard input cannot be read: {error}")))?;
    if json.len() as u64 > MAX_INPUT_BYTES {
        return Err(Failure::failed("standard input is longer than 65536 bytes"));
    }
    PartialCredentials::from_input(&json)
}
