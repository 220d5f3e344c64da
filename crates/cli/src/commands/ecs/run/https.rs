//! `aws-sso ecs run --tls`: the certificate of the server, and its names.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{ArgGroup, Args};
use credentials::{Clock, Failure};
use server::{Certificate, HostName, Names, Tls};

use crate::ground::clock::SystemClock;
use crate::ground::{paths, ui};
use crate::instance::arguments::InstanceArguments;
use crate::serve::authority;

#[derive(Args)]
#[command(group(ArgGroup::new("https").args(["tls", "tls_cert"]).multiple(true)))]
pub(crate) struct HttpsArguments {
    /// Use HTTPS, with certificates of your own certificate authority, which is created at first use
    #[arg(long)]
    tls: bool,
    /// Use HTTPS with this certificate: PEM, followed by its chain
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The private key of the certificate: PEM, not encrypted
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// An additional name or address by which programs reach the server; repeatable
    #[arg(long, value_name = "NAME", requires = "https", value_parser = HostName::parse)]
    tls_name: Vec<HostName>,
}

/// The certificate and the names for HTTPS.
pub(crate) struct Https {
    pub(crate) tls: Tls,
    pub(crate) names: Names,
}

impl HttpsArguments {
    /// Whether our own authority signs the certificates.
    pub(crate) fn makes_certificates(&self) -> bool {
        self.tls && self.tls_cert.is_none()
    }
}

/// Prepares the certificate. `None` for plain HTTP.
pub(crate) async fn prepare(
    arguments: &HttpsArguments,
    instance: &InstanceArguments,
) -> Result<Option<Https>, Failure> {
    let HttpsArguments { tls, tls_cert, tls_key, tls_name } = arguments;
    let names = Names::with(tls_name.iter().cloned());
    let tls = match (tls_cert, tls_key) {
        (Some(certificate), Some(key)) => {
            let now = SystemClock.now();
            Tls::with_certificate(Certificate::read(certificate, key, tls_name, now)?)?
        }
        _ if *tls => {
            let authority = authority::open(instance, &names).await?;
            Tls::with_authority(authority, &names, Arc::new(SystemClock))
                .map_err(|error| authority::explain(&error, tls_name))?
        }
        _ => return Ok(None),
    };
    Ok(Some(Https { tls, names }))
}

/// The origin of URLs for SDKs on this host.
pub(crate) fn origin(https: Option<&Https>, address: SocketAddr) -> String {
    let Some(https) = https else { return format!("http://{address}") };
    match https.tls.name() {
        None => format!("https://{address}"),
        Some(HostName::Ip(ip)) => format!("https://{}", SocketAddr::new(*ip, address.port())),
        Some(HostName::Dns(name)) => format!("https://{name}:{}", address.port()),
    }
}

/// Shows which certificate programs must trust.
pub(crate) fn announce_authority() {
    ui::note(&format!(
        "Programs must trust {}. See how: aws-sso ecs trust",
        paths::authority_certificate().display()
    ));
}
