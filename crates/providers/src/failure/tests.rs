use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{SharedHttpConnector, http_client_fn};
use aws_smithy_types::retry::RetryConfig;
use aws_types::region::Region;
use aws_types::sdk_config::SharedHttpClient;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;
use crate::http_client::{BorderConnector, Resolver, http_client, time_limits};

const TOKEN: &str = "CANARY-access-token";

/// The failure of a call that the SDK makes to this URL.
async fn failure_at(url: &str) -> Failure {
    failure_with(http_client(None).unwrap(), url).await
}

async fn failure_with(http_client: SharedHttpClient, url: &str) -> Failure {
    let time_limits = time_limits().to_builder().read_timeout(Duration::from_secs(2)).build();
    let config = aws_sdk_sso::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::v2026_01_12())
        .http_client(http_client)
        .timeout_config(time_limits)
        .retry_config(RetryConfig::disabled())
        .region(Region::new("eu-central-1"))
        .endpoint_url(url)
        .build();
    let call = aws_sdk_sso::Client::from_conf(config).list_accounts().access_token(TOKEN);
    let failure = of_sdk(&call.send().await.unwrap_err());
    let chain = causes(&failure).map(|cause| format!("{cause} {cause:?}")).collect::<String>();
    assert!(!chain.contains("CANARY"), "a secret in the log: {chain}");
    for inner in ["dispatch failure", "service error", "unhandled error", "os error", "{", "hyper"]
    {
        assert!(!failure.whole().contains(inner), "{}", failure.whole());
    }
    failure
}

/// A server that gives each request this answer.
fn serve(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let read = stream.read(&mut [0; 4096]).unwrap();
            assert!(read > 0);
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    address
}

#[tokio::test]
async fn an_error_of_aws_is_told_in_its_own_words_with_its_code() {
    let denied = "HTTP/1.1 403 Forbidden\r\nx-amzn-errortype: AccessDeniedException\r\n\
                  content-length: 23\r\n\r\n{\"message\":\"No access\"}";
    let failure = failure_at(&format!("http://{}", serve(denied))).await;
    assert_eq!(failure.to_string(), "AWS says: No access (AccessDeniedException)");
    assert_eq!((failure.problem, failure.hint), (Problem::Denied, None));
}

#[tokio::test]
async fn a_page_of_something_else_is_not_taken_for_an_answer_of_aws() {
    for (answer, status) in [
        ("HTTP/1.1 500 Oh\r\ncontent-length: 13\r\n\r\n<html></html>", 500),
        ("HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>", 200),
        ("HTTP/1.1 403 No\r\ncontent-length: 13\r\n\r\n<html></html>", 403),
    ] {
        let failure = failure_at(&format!("http://{}", serve(answer))).await;
        let expected = format!("got HTTP {status} instead of an answer from AWS");
        assert_eq!((failure.to_string(), failure.problem), (expected, Problem::Unavailable));
    }
}

#[tokio::test]
async fn a_host_that_gives_no_answer_is_named_with_the_reason() {
    let closed = "127.0.0.1:1".to_owned();
    let cut_off = serve("").to_string();
    let garbage = serve("no HTTP\r\n\r\n").to_string();
    for (host, reason) in [
        (closed, "HOST refuses the connection"),
        ("portal.nowhere.invalid".to_owned(), "the name HOST cannot be resolved"),
        (cut_off, "HOST closed the connection without an answer"),
        (garbage, "HOST gave no valid answer"),
    ] {
        let failure = failure_at(&format!("http://{host}")).await;
        let expected = reason.replace("HOST", &host);
        assert_eq!((failure.to_string(), failure.problem), (expected, Problem::Unavailable));
        assert_eq!(failure.hint.as_deref(), Some(CHECK_NETWORK));
        assert!(causes(&failure).count() > 2, "the log has the whole chain");
    }
}

#[tokio::test]
async fn a_host_that_never_answers_is_given_up_and_the_time_is_told() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let failure = failure_at(&format!("http://{address}")).await;
    assert_eq!(failure.to_string(), format!("{address} did not answer within 2 seconds"));
    assert_eq!(failure.problem, Problem::Unavailable);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_told_with_the_way_to_trust_it() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            assert!(acceptor.accept(stream).await.is_err(), "the client must refuse it");
        }
    });
    let failure = failure_at(&format!("https://localhost:{port}")).await;
    let expected = format!("the TLS certificate of localhost:{port} is not trusted");
    assert_eq!(failure.to_string(), expected);
    assert!(failure.hint.unwrap().contains("AWS_CA_BUNDLE"));

    let plain = serve("HTTP/1.1 400 Bad Request\r\n\r\n");
    let failure = failure_at(&format!("https://{plain}")).await;
    assert_eq!(failure.to_string(), format!("the TLS connection to {plain} failed"));
}

#[tokio::test]
async fn a_proxy_that_does_not_let_us_through_is_told_from_aws() {
    let authentication = "HTTP/1.1 407 Who?\r\ncontent-length: 0\r\n\r\n";
    let refusal = "HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n";
    for (proxy, expected) in [
        ("127.0.0.1:1".to_owned(), "the proxy for HOST cannot be reached"),
        ("proxy.invalid:3128".to_owned(), "the proxy for HOST cannot be reached"),
        (serve(authentication).to_string(), "the proxy for HOST requires a user name and password"),
        (serve(refusal).to_string(), "the proxy refuses a connection to HOST"),
    ] {
        let tls = TlsContext::builder().with_trust_store(TrustStore::empty()).build().unwrap();
        let connector = Connector::builder()
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(tls)
            .proxy_config(ProxyConfig::all(format!("http://{proxy}")).unwrap())
            .build_with_resolver(Resolver);
        let connector = SharedHttpConnector::new(connector);
        let client = http_client_fn(move |_, _| {
            SharedHttpConnector::new(BorderConnector(connector.clone()))
        });
        let host = "portal.sso.eu-central-1.amazonaws.com";
        let failure = failure_with(client, &format!("https://{host}")).await;
        assert_eq!(failure.to_string(), expected.replace("HOST", host), "{proxy}");
        assert_eq!(failure.hint.as_deref(), Some("Check HTTPS_PROXY and NO_PROXY."));
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_made_tells_no_secret_of_it() {
    let failure = failure_at("htp://x y").await;
    assert_eq!(failure.to_string(), "the request to AWS could not be made");
    assert_eq!(failure.problem, Problem::Invalid);
    assert!(failure.hint.unwrap().contains("AWS_ENDPOINT_URL"));
}

#[test]
fn a_profile_that_gives_nothing_is_told_by_name_and_without_the_sdks_wrapping() {
    let built = "ProfileFile provider could not be built: no token file";
    let cannot = "the profile `my dev` cannot be used: ";
    for (error, message) in [
        (CredentialsError::not_loaded_no_source(), "it has no credentials"),
        (CredentialsError::invalid_configuration(built), "no token file"),
        (
            CredentialsError::provider_error(CredentialsError::not_loaded("no variable")),
            "no variable",
        ),
    ] {
        let failure = of_credentials(&error, "my dev");
        assert_eq!(failure.to_string(), format!("{cannot}{message}"));
    }
}

#[test]
fn a_message_is_one_line_of_bounded_length() {
    let text = one_line(&"first\n\tsecond\u{1b}[31m\r\n".repeat(100));
    assert!(text.starts_with("first second [31m first"), "{text}");
    assert!(text.chars().count() <= 601 && text.ends_with('…'));
}
