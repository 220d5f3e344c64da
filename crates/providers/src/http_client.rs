//! The HTTPS client under all AWS clients: rustls with ring, the environment's proxies, the system's roots.

use credentials::Failure;
use std::path::Path;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_types::sdk_config::SharedHttpClient;

/// A client that trusts the system's roots and those in `ca_bundle`.
pub(crate) fn http_client(ca_bundle: Option<&Path>) -> Result<SharedHttpClient, Failure> {
    let tls = tls(ca_bundle)?;
    Ok(Builder::new()
        .build_with_connector_fn(move |settings, _| connector_with(&tls, settings.cloned())))
}

/// The same for what no SDK asks.
pub(crate) fn connector(
    ca_bundle: Option<&Path>,
    settings: HttpConnectorSettings,
) -> Result<Connector, Failure> {
    Ok(connector_with(&tls(ca_bundle)?, Some(settings)))
}

fn tls(ca_bundle: Option<&Path>) -> Result<TlsContext, Failure> {
    let mut roots = TrustStore::empty().with_native_roots(true);
    if let Some(path) = ca_bundle {
        let pem = files::read(path, MAX_BUNDLE_BYTES)
            .map_err(|error| Failure::failed(format!("AWS_CA_BUNDLE {error}")))?;
        roots = roots.with_pem_certificate(pem);
    }
    TlsContext::builder()
        .with_trust_store(roots)
        .build()
        .map_err(|error| Failure::failed(format!("TLS cannot be set up: {error}")))
}

fn connector_with(tls: &TlsContext, settings: Option<HttpConnectorSettings>) -> Connector {
    let mut connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls.clone())
        .proxy_config(ProxyConfig::from_env());
    connector.set_connector_settings(settings);
    connector.build()
}

/// The bundle of a distribution has 250 KB.
const MAX_BUNDLE_BYTES: u64 = 64 * 1024 * 1024;
