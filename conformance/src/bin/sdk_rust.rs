//! A driver for the AWS SDK for Rust: prints credentials of its default provider chain, one line for each line of stdin.
//!
//! The line `again` uses the previous provider, `new` makes a new one.
#![expect(clippy::print_stdout, reason = "its caller reads stdout")]

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut provider = None;
    for line in std::io::stdin().lines().map_while(Result::ok) {
        if line == "version" {
            println!("{}", version());
            continue;
        }
        if provider.is_none() || line != "again" {
            provider = config().await.credentials_provider();
        }
        println!("{}", said(provider.as_ref()).await);
    }
}

async fn config() -> SdkConfig {
    let http_client = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http_client).load().await
}

async fn said(provider: Option<&SharedCredentialsProvider>) -> String {
    let Some(provider) = provider else {
        return "error: no provider".to_owned();
    };
    match provider.provide_credentials().await {
        Ok(credentials) => format!(
            "{} {} {}",
            credentials.access_key_id(),
            credentials.account_id().map_or("-", |id| id.as_str()),
            credentials.session_token().map_or(0, str::len),
        ),
        Err(error) => format!("error: {error:?}"),
    }
}

/// The version of aws-config, which contains the default chain.
fn version() -> &'static str {
    let lock = include_str!("../../../Cargo.lock");
    let after = lock.split_once("name = \"aws-config\"\nversion = \"").map(|(_, after)| after);
    after.and_then(|after| after.split('"').next()).unwrap_or("?")
}
