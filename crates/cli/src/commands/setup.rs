//! `aws-sso setup`

mod profiles;

use std::fmt::Write as _;
use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use credentials::{Failure, InstanceName, Invalid, Problem, RegionName, StartUrl};

use crate::ground::{env, paths, ui};
use config::ConfigFile;

/// Write a config file with your AWS access portal
///
/// You are asked for what you do not pass as an option. An existing config file is not changed; you are shown what to add
/// to it. If your AWS config has an sso-session, you need no config file.
#[derive(Args)]
#[command(
    after_help = "Example:\n  aws-sso setup --start-url https://example.awsapps.com/start --region eu-central-1"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Your AWS access portal, such as `https://example.awsapps.com/start`
    #[arg(long, value_name = "URL", value_parser = StartUrl::parse)]
    start_url: Option<StartUrl>,
    /// The region of IAM Identity Center, such as eu-central-1
    #[arg(long, value_name = "REGION", value_parser = RegionName::parse)]
    region: Option<RegionName>,
    /// A name for the instance, if you have more than one
    #[arg(long, value_name = "NAME", value_parser = InstanceName::parse)]
    name: Option<InstanceName>,
    /// The config file to write [default: ~/.aws-sso/config.yaml if that folder exists, else ~/.config/aws-sso/config.yaml]
    #[arg(long, value_name = "FILE", env = "AWS_SSO_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    Profiles(profiles::Arguments),
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { start_url, region, name, .. } = &arguments;
    let has_answer = start_url.is_some() || region.is_some() || name.is_some();
    match arguments.command {
        Some(_) if has_answer => {
            let text = "--start-url, --region and --name cannot be used with another command";
            Err(Failure::new(Problem::Usage, text))
        }
        Some(Command::Profiles(arguments)) => profiles::run(arguments).await,
        None => set_up(arguments),
    }
}

fn set_up(arguments: Arguments) -> Result<(), Failure> {
    let path = arguments.config.unwrap_or_else(paths::config_file);
    let present = ConfigFile::read(&path, &env::home())?;
    // With flags, questions that have a default are not asked.
    let is_asked = arguments.start_url.is_none() && stdin().is_terminal();
    let start_url = answer(
        arguments.start_url,
        "--start-url",
        "The URL of your AWS access portal (https://example.awsapps.com/start): ",
        None,
        StartUrl::parse,
    )?;
    let region = answer(
        arguments.region,
        "--region",
        "The region of the portal (eu-central-1, us-east-1, …): ",
        None,
        RegionName::parse,
    )?;
    let name = match (arguments.name, is_asked) {
        (None, false) => InstanceName::parse("Default").map_err(Failure::failed)?,
        (name, _) => answer(
            name,
            "--name",
            "A name for the instance [Default]: ",
            Some("Default"),
            InstanceName::parse,
        )?,
    };
    if let Some(present) = present {
        return explain(&present, &path, &name, &start_url, &region);
    }
    // Do not overwrite a file that another process created meanwhile.
    files::create(&path, file(&name, &start_url, &region).as_bytes())?;
    let shown = path.display();
    let flag =
        if path == paths::config_file() { String::new() } else { format!(" --config {shown}") };
    ui::note(&format!("Wrote {shown}. Now sign in: aws-sso login{flag}"));
    Ok(())
}

/// The flag's value, or the person's answer. Asks again until the answer is valid.
fn answer<T>(
    given: Option<T>,
    flag: &str,
    question: &str,
    default: Option<&str>,
    parse: fn(&str) -> Result<T, Invalid>,
) -> Result<T, Failure> {
    if let Some(given) = given {
        return Ok(given);
    }
    if !stdin().is_terminal() {
        return Err(Failure::failed(format!("{flag} is missing")).with_hint(
            "Run: aws-sso setup --start-url https://example.awsapps.com/start --region eu-central-1",
        ));
    }
    loop {
        let line = ui::ask(question)?;
        let text = match (line.as_str(), default) {
            ("", Some(default)) => default,
            (line, _) => line,
        };
        match parse(text) {
            Ok(value) => return Ok(value),
            Err(invalid) => ui::note(&format!("It {invalid}.")),
        }
    }
}

/// Shows what to add to an existing config file, which is never changed.
fn explain(
    present: &ConfigFile,
    path: &Path,
    name: &InstanceName,
    start_url: &StartUrl,
    region: &RegionName,
) -> Result<(), Failure> {
    let shown = path.display();
    if let Some(broken) = present.broken_instances.iter().find(|broken| broken.name == *name) {
        return Err(Failure::failed(broken.error.in_file(shown))
            .with_hint("Choose another name with --name, or change the file."));
    }
    let known = present.instances.iter().find(|known| known.instance.name == *name);
    match known.map(|known| &known.instance) {
        Some(known) if known.start_url == *start_url && known.region == *region => {
            ui::note(&format!("{shown} has `{name}` already. Sign in: aws-sso login"));
            Ok(())
        }
        Some(_) => Err(Failure::failed(format!("{shown} has another `{name}`"))
            .with_hint("Choose another name with --name, or change the file.")),
        None => {
            ui::note(&format!("Add this to {shown}, below `SSOConfig:`:\n"));
            ui::data(entry(name, start_url, region).trim_end());
            Ok(())
        }
    }
}

fn entry(name: &InstanceName, start_url: &StartUrl, region: &RegionName) -> String {
    let mut text = String::new();
    // Every JSON string is a valid YAML string.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    writeln!(text, "  {}:", quoted(name.as_str())).ok();
    writeln!(text, "    SSORegion: {region}").ok();
    writeln!(text, "    StartUrl: {}", quoted(start_url.as_str())).ok();
    text
}

fn file(name: &InstanceName, start_url: &StartUrl, region: &RegionName) -> String {
    format!(
        "# The settings of aws-sso. Everything except SSOConfig is optional.\n\
         \n\
         # Where you sign in. Each instance of IAM Identity Center has a name of yours.\n\
         SSOConfig:\n\
         {}\
         {COMMENTS}",
        entry(name, start_url, region)
    )
}

const COMMENTS: &str = r#"    # Optional settings of accounts and roles:
    # Accounts:
    #   123456789012:
    #     Name: Production
    #     Tags:
    #       Team: Payments
    #     Roles:
    #       Administrator:
    #         Profile: prod-admin        # its name, instead of what ProfileFormat gives
    #         DefaultRegion: eu-west-1
    #       Deployer:                    # a role that is assumed by way of another
    #         Via: arn:aws:iam::123456789012:role/Administrator

# The one that is meant when neither --sso nor AWS_SSO says so.
# DefaultSSO: Default

# How roles are called: a Go template of AccountName, AccountAlias, AccountIdPad, RoleName, Tags, ...
# ProfileFormat: '{{ FirstItem .AccountName (.AccountAlias | nospace) }}:{{ .RoleName }}'

# Whether commands may open your browser when a sign-in is missing.
# AutoLogin: false

# How to sign in: pkce (a browser on this machine) or device_code (a browser on any device).
# AuthWorkflow: pkce

# What to do with the sign-in URL: open, print, printurl, clip, exec, ansi-osc52, ...
# UrlAction: open
# UrlExecCommand: ["firefox", "--new-tab", "%s"]

# Hours after which the next sign-in updates the list of accounts and roles.
# CacheRefresh: 168

# Where the sign-in is stored: secret-service, keychain, wincred, keyctl, or file (with a passphrase).
# SecureStore: secret-service
"#;
