//! `fake-aws`: a fake IAM Identity Center, to try aws-sso without an AWS account. Runs until it is killed.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it talks to a person or a script")]

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use fakes::FakeIdentityCenter;
use fakes::identity_center::Options;

/// A fake AWS IAM Identity Center on 127.0.0.1. Prints the variables to export.
#[derive(Parser)]
#[command(name = "fake-aws")]
struct Arguments {
    /// Number of accounts
    #[arg(long, value_name = "N", default_value_t = 3)]
    accounts: usize,
    /// Number of roles in each account
    #[arg(long, value_name = "N", default_value_t = 2)]
    roles: usize,
    /// An account with its name and roles: 111122223333:Payments:Admin,ReadOnly. May be given several times. Replaces
    /// --accounts and --roles
    #[arg(long = "account", value_name = "ID:NAME:ROLES", value_parser = Account::parse,
          conflicts_with_all = ["accounts", "roles"])]
    named: Vec<Account>,
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Maximum number of calls to the portal per second [default: no limit]
    #[arg(long, value_name = "N")]
    quota: Option<f64>,
    /// Duration of each call
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    latency: u64,
    /// Approve each sign-in at once, without a page
    #[arg(long)]
    auto_approve: bool,
    /// Lifetime of access tokens
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    access_token_life: u64,
    /// Lifetime of role credentials
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    credentials_life: u64,
    /// Name of the user who signs in
    #[arg(long, value_name = "NAME", default_value = "alice")]
    user: String,
    /// Region of the instance
    #[arg(long, default_value = "eu-central-1")]
    region: String,
    /// Start URL of the instance
    #[arg(long, value_name = "URL", default_value = "https://corp.awsapps.com/start")]
    start_url: String,
}

#[derive(Clone)]
struct Account {
    id: String,
    name: String,
    roles: Vec<String>,
}

impl Account {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = text.splitn(3, ':').map(str::to_owned);
        let (Some(id), Some(name), Some(roles)) = (parts.next(), parts.next(), parts.next()) else {
            return Err("ID:NAME:ROLE,ROLE");
        };
        Ok(Self { id, name, roles: roles.split(',').map(str::to_owned).collect() })
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    let port = arguments.port;
    let named = std::mem::take(&mut arguments.named);
    if !named.is_empty() {
        arguments.accounts = 0;
    }
    let fake = match FakeIdentityCenter::try_start(arguments.into()) {
        Ok(fake) => fake,
        Err(error) => {
            eprintln!("fake-aws: cannot listen on 127.0.0.1:{port}: {error}");
            return ExitCode::FAILURE;
        }
    };
    for Account { id, name, roles } in &named {
        fake.add_account(id, name, &roles.iter().map(String::as_str).collect::<Vec<_>>());
    }
    println!("export AWS_ENDPOINT_URL_SSO={}", fake.url());
    println!("export AWS_ENDPOINT_URL_SSO_OIDC={}", fake.url());
    println!("export FAKE_AWS_START_URL={}", fake.start_url());
    println!("export FAKE_AWS_REGION={}", fake.region());
    eprintln!(
        "The fake IAM Identity Center is running. Run the export lines in your shell. Press Ctrl-C to stop it."
    );
    loop {
        std::thread::park();
    }
}

impl From<Arguments> for Options {
    fn from(arguments: Arguments) -> Self {
        Self {
            port: arguments.port,
            accounts: arguments.accounts,
            roles: arguments.roles,
            quota: arguments.quota,
            latency: Duration::from_millis(arguments.latency),
            auto_approve: arguments.auto_approve,
            access_token_life: Duration::from_secs(arguments.access_token_life),
            credentials_life: Duration::from_secs(arguments.credentials_life),
            user: arguments.user,
            region: arguments.region,
            start_url: arguments.start_url,
            ..Self::default()
        }
    }
}
