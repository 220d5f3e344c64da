//! A load generator for TLS, with a new connection for each request: `handshakes PORT SECONDS CONNECTIONS [resume]`.
//!
//! It accepts every certificate without a check, so that it needs less time than the server. Prints the number of answers, the
//! seconds, and the 50th and 99th percentile of the times in microseconds.
#![expect(clippy::print_stdout, reason = "its caller reads the figures from stdout")]

use std::env::args;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientConfig, Resumption};
use rustls::crypto::ring;
use rustls::{DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let arguments: Vec<String> = args().skip(1).collect();
    let [port, seconds, connections, rest @ ..] = arguments.as_slice() else {
        return Err("usage: handshakes PORT SECONDS CONNECTIONS [resume]".into());
    };
    let port: u16 = port.parse()?;
    let connector = connector(rest.first().is_some_and(|word| word == "resume"))?;
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds.parse()?);
    let mut tasks = JoinSet::new();
    for _ in 0..connections.parse::<usize>()? {
        tasks.spawn(ask_until(end, connector.clone(), port));
    }
    let mut times = Vec::new();
    while let Some(of_one) = tasks.join_next().await {
        times.extend(of_one??);
    }
    let seconds = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).map_or(0, Duration::as_micros);
    println!("{} answers, {seconds:.3} seconds, p50 {} us, p99 {} us", times.len(), at(50), at(99));
    Ok(())
}

async fn ask_until(end: Instant, connector: TlsConnector, port: u16) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    while Instant::now() < end {
        let began = Instant::now();
        ask(&connector, port).await?;
        times.push(began.elapsed());
    }
    Ok(times)
}

async fn ask(connector: &TlsConnector, port: u16) -> Outcome<()> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let mut stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
    let request = format!("GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(4096);
    stream.read_to_end(&mut answer).await?;
    match answer.starts_with(b"HTTP/1.1 200") {
        true => Ok(()),
        false => Err("the answer was not 200".into()),
    }
}

fn connector(resumes: bool) -> Outcome<TlsConnector> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AcceptAll))
        .with_no_client_auth();
    if !resumes {
        config.resumption = Resumption::disabled();
    }
    Ok(Arc::new(config).into())
}

/// Accepts every certificate.
#[derive(Debug)]
struct AcceptAll;

impl ServerCertVerifier for AcceptAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
