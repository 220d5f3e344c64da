//! Credentials through the default provider chain of the AWS SDK for Rust: one line for each line of stdin.
#![expect(clippy::print_stdout, reason = "it tells its caller on stdout")]

use aws_config::BehaviorVersion;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for _ in std::io::stdin().lines() {
        let http_client =
            Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let config = aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http_client)
            .load()
            .await;
        let Some(provider) = config.credentials_provider() else {
            println!("error: no provider");
            continue;
        };
        match provider.provide_credentials().await {
            Ok(credentials) => println!(
                "{} {} {}",
                credentials.access_key_id(),
                credentials.account_id().map_or("-", |id| id.as_str()),
                credentials.session_token().map_or(0, str::len),
            ),
            Err(error) => println!("error: {error:?}"),
        }
    }
}
