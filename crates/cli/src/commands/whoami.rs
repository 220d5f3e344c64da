//! `aws-sso whoami`

use std::borrow::Cow;
use std::time::Duration;

use clap::Args;
use credentials::{Chain, Failure, Instance, Problem};
use providers::identity_center::IdentityCenter;
use serde::Serialize;
use tokio::time::timeout;

use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::{env, ui};
use crate::instance::access::{self, explain};
use crate::instance::arguments::InstanceArguments;
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::sign_in::until;

/// Limit of the wait for the user's name, because the rest is known already.
const USER_NAME_TIMEOUT: Duration = Duration::from_secs(3);

/// Show who is signed in to IAM Identity Center, and until when
///
/// It shows all instances, or one with --sso. It asks AWS for the user's name once per sign-in. The role of the shell
/// (AWS_SSO_PROFILE or AWS_PROFILE) is named too.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso whoami")]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Identity {
    instance: String,
    start_url: String,
    region: String,
    signed_in: bool,
    user_name: Option<String>,
    /// Expiration of the access token.
    expiration: Option<i64>,
    refreshes: bool,
    #[serde(skip)]
    until: String,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.instance)?;
    settings.require_instances()?;
    let mut identities = Vec::new();
    for instance in settings.candidates()? {
        identities.push(identity(&settings, instance).await?);
    }
    if arguments.output.output == Output::Json {
        ui::json(&identities);
    } else {
        let row = |identity: &Identity| {
            let unknown = if identity.signed_in { "(not known)" } else { "-" };
            let user = identity.user_name.clone().map_or(Cow::Borrowed(unknown), Cow::Owned);
            let Identity { instance, until, start_url, .. } = identity;
            vec![instance.clone().into(), user, until.clone().into(), start_url.clone().into()]
        };
        ui::table(&["Instance", "User", "Signed in", "StartUrl"], identities.iter().map(row));
    }
    if let Some((variable, name)) = env::current_profile() {
        let note = format!("The role of this shell is `{name}` ({variable}).");
        ui::note(&ui::printable(&note));
    }
    if identities.iter().any(|identity| identity.signed_in) {
        return Ok(());
    }
    let candidates = settings.candidates()?;
    let flag = candidates.first().map(|instance| settings.flag_for(&instance.instance));
    let error = Failure::new(Problem::SignInNeeded, "nobody is signed in");
    Err(error.with_hint(format!("Sign in: aws-sso login{}", flag.unwrap_or_default())))
}

async fn identity(settings: &Settings, instance: &ConfiguredInstance) -> Result<Identity, Failure> {
    let center = access::open(settings, instance)?;
    let signed_in = center.signed_in().await.map_err(|error| explain(error, settings, instance))?;
    let mut user_name = signed_in.as_ref().and_then(|signed_in| signed_in.user_name.clone());
    if user_name.is_none() && signed_in.is_some() {
        user_name = ask_aws(&center, instance).await;
    }
    let Instance { name, start_url, region } = &instance.instance;
    Ok(Identity {
        instance: name.to_string(),
        start_url: start_url.to_string(),
        region: region.to_string(),
        signed_in: signed_in.is_some(),
        user_name,
        expiration: signed_in.as_ref().map(|signed_in| signed_in.expires_at.as_second()),
        refreshes: signed_in.as_ref().is_some_and(|signed_in| signed_in.is_renewed),
        until: signed_in.as_ref().map_or_else(|| "no".to_owned(), until),
    })
}

/// Asks AWS for the user's name, which needs a role. None without a role or an answer.
async fn ask_aws(center: &IdentityCenter, instance: &ConfiguredInstance) -> Option<String> {
    let catalogue = access::catalogue_file(instance).read();
    let account = catalogue.accounts.iter().find(|account| !account.roles.is_empty())?;
    let role_name = account.roles.first()?.clone();
    let chain = Chain { account_id: account.id.clone(), role_name, links: Vec::new() };
    let asked = timeout(USER_NAME_TIMEOUT, center.learn_user_name(&chain)).await.ok()?;
    asked.inspect_err(|error| tracing::debug!(%error, "the user's name is not known")).ok()
}
