//! The exports that make programs use a slot of a server.

use std::fmt::Display;
use std::net::IpAddr;
use std::path::Path;

use credentials::{Failure, SlotName};
use server::path_for_sdks;

use crate::client::address::{CONTAINER_ADDRESSES, ServerAddress};
use crate::client::token_file;
use crate::ground::{paths, ui};
use crate::programs::exports::{Exports, Inherited, TrustFiles};
use crate::programs::trust::{self, Authority, TrustVariables};

/// The exports for a slot of this server, before all other sources.
pub(crate) fn exports(
    server: &ServerAddress,
    slot: &SlotName,
    token_file: Option<&Path>,
    is_for_containers: bool,
) -> Result<Exports, Failure> {
    check_host(server)?;
    let token = token_file.map(token_file::read).transpose()?;
    // A container does not have the files of this machine, and SDKs fail if a named file is missing.
    let file = token_file.filter(|_| !is_for_containers).map(absolute).transpose()?;
    let uri = format!("{}{}", server.origin_for_sdks(), path_for_sdks(slot));
    let inherited = Inherited::now()?;
    let exports = Exports::new(uri, &server.host, &inherited)
        .with_token(token.as_ref().map(|token| token.expose()), file.as_deref());
    match server.is_https() && !is_for_containers {
        true => with_trust(exports, &inherited),
        false => Ok(exports),
    }
}

/// Checks the address. SDKs accept plain HTTP from this host only, and most of them only with its IP address.
fn check_host(server: &ServerAddress) -> Result<(), Failure> {
    let ip: Option<IpAddr> = server.host.parse().ok();
    if server.is_https() {
        return Ok(());
    }
    if ip.is_some_and(|ip| !ip.is_loopback() && !CONTAINER_ADDRESSES.contains(&ip)) {
        let text = format!("no SDK asks {server} over plain HTTP: it is not on this host");
        return Err(Failure::failed(text)
            .with_hint("Run the server here: aws-sso ecs run, or forward its port with ssh -L"));
    }
    if !server.origin_for_sdks().starts_with("http://127.0.0.1:") {
        ui::note(&format!(
            "warning: some SDKs accept plain HTTP from 127.0.0.1 only. Use --server 127.0.0.1:{}.",
            server.port
        ));
    }
    Ok(())
}

/// Adds the variables that make programs trust our authority, and writes the files for them.
fn with_trust(exports: Exports, inherited: &Inherited) -> Result<Exports, Failure> {
    let Some(authority) = Authority::read(paths::authority_certificate())? else {
        ui::note("aws-sso has no certificate authority: programs use their usual roots.");
        return Ok(exports);
    };
    let bundle = trust::write_bundle(&authority)?;
    // The previous extra roots of Node.js are still needed. The bundle includes them.
    let node = match TrustVariables::now().node_extra_ca_certs {
        Some(path) if path != authority.path() => &bundle.pem,
        _ => authority.path(),
    };
    if inherited.has_other_trust_store(&absolute(&bundle.java)?) {
        ui::note(
            "warning: JAVA_TOOL_OPTIONS names another trust store, which is not changed: Java will not trust \
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

/// The absolute path, as text.
fn absolute(path: &Path) -> Result<String, Failure> {
    let failed = |why: &dyn Display| {
        Failure::failed(format!("the path {} cannot be exported: {why}", path.display()))
    };
    let path = std::path::absolute(path).map_err(|error| failed(&error))?;
    path.into_os_string().into_string().map_err(|_| failed(&"it is not UTF-8"))
}
