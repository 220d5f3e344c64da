//! `aws-sso ecs env`

use std::fmt::Display;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use credentials::{Failure, ProfileName, SlotName, shell_word};
use server::path_for_sdks;

use crate::args::AddressArguments;
use crate::aws_profile;
use crate::completion::Values;
use crate::exports::{Exports, Format, Inherited, TrustFiles};
use crate::server_address::{CONTAINER_ADDRESSES, Scheme, ServerAddress};
use crate::trust::Authority;
use crate::{env, paths, token_file, ui};

/// Print what to export so that every SDK of a shell uses a slot of the server
///
/// It also unsets what SDKs would ask first, and lets them go past proxies: eval "$(aws-sso ecs env)". The server
/// is not asked. A token is printed with the rest; it is meant for the shell.
#[derive(Args)]
pub(crate) struct Arguments {
    /// The slot of this name instead of the default slot
    #[arg(short, long, value_name = "NAME", value_parser = ProfileName::parse, add = Values::Slots)]
    profile: Option<ProfileName>,
    /// Let SDKs show the server the authorization token in this file: see `aws-sso ecs token create`
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
    /// What is to read it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Sh)]
    format: Format,
    #[command(flatten)]
    address: AddressArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { profile, token_file, format, address: AddressArguments { server } } = arguments;
    let slot = profile.map_or(SlotName::Default, SlotName::Named);
    let is_for_containers = format.is_for_containers();
    let exports = exports(&server, &slot, token_file.as_deref(), is_for_containers)?;
    ui::data(&format.write(&exports)?);
    match is_for_containers {
        true => note_containers(&server, token_file.is_some()),
        false => aws_profile::warn_of_default("the server").await,
    }
    if let Some(usage) = format.usage().filter(|_| ui::is_data_seen()) {
        ui::note(&format!("To use it, type the same within: {usage}"));
    }
    Ok(())
}

/// What leads programs to a slot of this server, past everything else.
pub(crate) fn exports(
    server: &ServerAddress,
    slot: &SlotName,
    token_file: Option<&Path>,
    is_for_containers: bool,
) -> Result<Exports, Failure> {
    check_host(server)?;
    let token = token_file.map(token_file::read).transpose()?;
    // A file of this machine is not in a container, and an SDK that is told of one fails without it.
    let file = token_file.filter(|_| !is_for_containers).map(absolute).transpose()?;
    let uri = format!("{}{}", server.origin_for_sdks(), path_for_sdks(slot));
    let inherited = env::inherited()?;
    let exports = Exports::new(uri, &server.host, &inherited)
        .with_token(token.as_ref().map(|token| token.expose()), file.as_deref());
    match is_https(server) && !is_for_containers {
        true => with_trust(exports, &inherited),
        false => Ok(exports),
    }
}

/// SDKs take plain HTTP from this host alone, and most of them only by its address.
fn check_host(server: &ServerAddress) -> Result<(), Failure> {
    let ip: Option<IpAddr> = server.host.parse().ok();
    if is_https(server) {
        return Ok(());
    }
    if ip.is_some_and(|ip| !ip.is_loopback() && !CONTAINER_ADDRESSES.contains(&ip)) {
        let text = format!("no SDK asks {server} over plain HTTP: it is not on this host");
        return Err(Failure::failed(text)
            .with_hint("Run the server here: aws-sso ecs run, or forward its port with ssh -L"));
    }
    if !server.origin_for_sdks().starts_with("http://127.0.0.1:") {
        ui::note(&format!(
            "warning: some SDKs take plain HTTP from 127.0.0.1 alone: --server 127.0.0.1:{}.",
            server.port
        ));
    }
    Ok(())
}

fn is_https(server: &ServerAddress) -> bool {
    server.scheme == Some(Scheme::Https)
}

/// Adds what makes programs trust our authority, in files that are written for it.
fn with_trust(exports: Exports, inherited: &Inherited) -> Result<Exports, Failure> {
    let Some(authority) = Authority::read(paths::authority_certificate())? else {
        ui::note(
            "There is no certificate authority of ours: programs trust whom they trust already.",
        );
        return Ok(exports);
    };
    let bundle = super::trust::write_bundle(&authority)?;
    // Who gave Node.js more than its own roots needs them still: they are in the bundle now.
    let node = match env::of_runtimes().node_extra_ca_certs {
        Some(path) if path != authority.path() => &bundle.pem,
        _ => authority.path(),
    };
    if inherited.has_other_trust_store(&absolute(&bundle.java)?) {
        ui::note(
            "warning: JAVA_TOOL_OPTIONS names another trust store, which stays as it is: Java will not trust \
             the server.",
        );
    }
    Ok(exports.with_trust(
        &TrustFiles {
            bundle: &absolute(&bundle.pem)?,
            node: &absolute(node)?,
            java: &absolute(&bundle.java)?,
        },
        inherited,
    ))
}

/// What the exports alone don't do.
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
    if is_https(server) {
        let bundle = paths::authority_bundle().display().to_string();
        ui::note(&format!(
            "Programs in it must be given what they trust: -v {}:/run/aws-sso.pem:ro -e \
             SSL_CERT_FILE=/run/aws-sso.pem. (aws-sso ecs trust writes that file.)",
            shell_word(&bundle)
        ));
    }
    if !has_token {
        ui::note(
            "Programs in it that run as another user than you get nothing: add \
             --user \"$(id -u)\", or give them a token with --token-file.",
        );
    }
}

/// The path from the root, as text.
fn absolute(path: &Path) -> Result<String, Failure> {
    let failed = |why: &dyn Display| {
        Failure::failed(format!("the path {} cannot be exported: {why}", path.display()))
    };
    let path = std::path::absolute(path).map_err(|error| failed(&error))?;
    path.into_os_string().into_string().map_err(|_| failed(&"it is not UTF-8"))
}
