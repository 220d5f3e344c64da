//! The HTTPS client under all AWS clients: rustls with ring, the environment's proxies, the system's roots. No answer is longer
//! than [`MAX_ANSWER_BYTES`], whoever sends it.

use std::path::Path;
use std::time::Duration;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::sdk_config::SharedHttpClient;
use credentials::Failure;
use http_body_util::Limited;
use tokio::time::Instant;

use crate::unreachable::Unreachable;

/// The time limit of a call, retries included.
pub(crate) const CALL_TIMEOUT: Duration = Duration::from_secs(45);
/// The time limit of a connection, TLS handshake included.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The time limit from a request to the start of its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// A longer answer is an error: the SDK reads a whole answer into memory. A page of a hundred accounts has 20 KB.
pub(crate) const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// The time limits of all SDK clients. A single try has none of its own: what the connector times out names its host.
pub(crate) fn time_limits() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(ANSWER_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build()
}

/// A client that trusts the system's roots and those in `ca_bundle`.
pub(crate) fn http_client(ca_bundle: Option<&Path>) -> Result<SharedHttpClient, Failure> {
    let tls = tls(ca_bundle)?;
    let client = Builder::new()
        .build_with_connector_fn(move |settings, _| connector_with(&tls, settings.cloned()));
    Ok(SharedHttpClient::new(BorderClient(client)))
}

/// A connector for requests that no SDK client makes.
pub(crate) fn connector(
    ca_bundle: Option<&Path>,
    settings: HttpConnectorSettings,
) -> Result<impl HttpConnector, Failure> {
    Ok(BorderConnector(SharedHttpConnector::new(connector_with(&tls(ca_bundle)?, Some(settings)))))
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
        .map_err(|error| Failure::failed("TLS cannot be set up").caused_by(error))
}

fn connector_with(tls: &TlsContext, settings: Option<HttpConnectorSettings>) -> Connector {
    let mut connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls.clone())
        .proxy_config(ProxyConfig::from_env());
    connector.set_connector_settings(settings);
    connector.build_with_resolver(Resolver)
}

/// A client whose errors name the host that was asked, and whose answers are limited in length.
#[derive(Debug)]
struct BorderClient(SharedHttpClient);

impl HttpClient for BorderClient {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(BorderConnector(self.0.http_connector(settings, components)))
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.0.connector_metadata()
    }
}

/// A connector whose errors name the host that was asked, and whose answers are limited in length.
#[derive(Debug)]
pub(crate) struct BorderConnector(pub(crate) SharedHttpConnector);

impl HttpConnector for BorderConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri = request.uri().to_owned();
        let start = Instant::now();
        let answer = self.0.call(request);
        HttpConnectorFuture::new(async move {
            let answer = answer.await;
            let answer =
                answer.map_err(|error| Unreachable::name_in(error, &uri, start.elapsed()))?;
            Ok(limited(answer))
        })
    }
}

fn limited(answer: HttpResponse) -> HttpResponse {
    answer.map(|body| SdkBody::from_body_1_x(Limited::new(body, MAX_ANSWER_BYTES)))
}

/// The system's resolver. It is here, and not the HTTP client's own, because its errors can be recognised.
#[derive(Clone, Debug)]
pub(crate) struct Resolver;

impl ResolveDns for Resolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            let addresses =
                tokio::net::lookup_host((name, 0)).await.map_err(ResolveDnsError::new)?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }
}

/// The bundle of a distribution has 250 KB.
const MAX_BUNDLE_BYTES: u64 = 64 * 1024 * 1024;
