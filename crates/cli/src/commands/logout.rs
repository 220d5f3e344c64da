//! `aws-sso logout`

use clap::Args;

use crate::ground::ui;
use crate::instance::access::{self, explain};
use crate::instance::arguments::InstanceArguments;
use crate::instance::settings::Settings;
use credentials::Failure;

/// Sign out of IAM Identity Center
///
/// It deletes the stored sign-in and ends the session at AWS. Credentials that are loaded into a server stay valid until
/// they expire (see `aws-sso ecs unload`).
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso logout")]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.instance).await?;
    let instance = settings.chosen()?;
    let name = &instance.instance.name;
    let center = access::open(&settings, instance)?;
    match center.sign_out().await {
        Ok(true) => ui::note(&format!("You are signed out of `{name}`.")),
        Ok(false) => ui::note(&format!("You were not signed in to `{name}` with aws-sso.")),
        Err(error) => return Err(explain(error, &settings, instance)),
    }
    if let Ok(Some(signed_in)) = center.signed_in().await
        && signed_in.from_aws_cli
    {
        ui::note("The AWS CLI is still signed in. To sign it out: aws sso logout");
    }
    Ok(())
}
