//! `aws-sso ecs env`

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use credentials::{Failure, ProfileName, SlotName, shell_word};

use crate::client::Client;
use crate::client::address::ServerAddress;
use crate::client::arguments::AddressArguments;
use crate::ground::values::Values;
use crate::ground::{paths, ui};
use crate::instance::settings;
use crate::programs::format::Format;
use crate::programs::{aws_profile, server_exports};

/// Print the environment variables that make AWS SDKs use a slot of the server
///
/// It also unsets variables that SDKs would use first, and excludes the server from proxies. The server need not run; if it does, the command asks
/// whether it speaks HTTPS. With
/// --token-file the output contains the token, which is a secret.
#[derive(Args)]
#[command(after_help = "Example:\n  eval \"$(aws-sso ecs env --profile prod:Admin)\"")]
pub(crate) struct Arguments {
    /// The named slot to use [default: the default slot]
    #[arg(short, long, value_name = "NAME", value_parser = ProfileName::parse, add = Values::Slots)]
    profile: Option<ProfileName>,
    /// Make SDKs send the authorization token in this file (see `aws-sso ecs token create`)
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    /// The format: a shell, or the tool that reads it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Sh)]
    format: Format,
    #[command(flatten)]
    address: AddressArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { profile, token_file, format, address } = arguments;
    let client = Client::at(address.address()?);
    client.find_scheme().await;
    let server = client.address();
    let slot = profile.map_or(SlotName::Default, SlotName::Named);
    let is_for_containers = format.is_for_containers();
    let exports =
        server_exports::exports(&server, &slot, token_file.as_deref(), is_for_containers)?;
    ui::data(&format.write(&exports)?);
    match is_for_containers {
        true => note_containers(&server, token_file.is_some()),
        false => aws_profile::warn_of_default(&settings::aws_config(), "the server"),
    }
    if let Some(usage) = format.usage().filter(|_| ui::is_data_seen()) {
        ui::note(&format!("To use it, run: {usage}"));
    }
    Ok(())
}

/// Shows what containers need in addition to the variables.
fn note_containers(server: &ServerAddress, has_token: bool) {
    let is_this_host = match server.host.parse::<IpAddr>() {
        Ok(ip) => ip.is_loopback(),
        Err(_) => server.host.eq_ignore_ascii_case("localhost"),
    };
    if is_this_host {
        ui::note(
            "In a container, 127.0.0.1 is the container itself, unless it has the host's network: \
             docker run --network host, or network_mode: host.",
        );
    }
    if server.is_https() {
        let bundle = paths::authority_bundle().display().to_string();
        ui::note(&format!(
            "Programs in it must trust the authority. Add: -v {}:/run/aws-sso.pem:ro -e \
             SSL_CERT_FILE=/run/aws-sso.pem. (aws-sso ecs trust writes that file.)",
            shell_word(&bundle)
        ));
    }
    if !has_token {
        ui::note(
            "Programs in it that run as another user are refused. Add \
             --user \"$(id -u)\", or give them a token with --token-file.",
        );
    }
}
