//! Finds which role a command uses: the one that flags name, or the one that a person chooses on the terminal.

use crate::client::Client;
use crate::ground::ui::{self, Screen};
use crate::instance::arguments::{RoleArguments, Wanted};
use crate::instance::choose::{Choice, choose};
use crate::instance::settings::Settings;
use credentials::{Failure, Problem, shell_word};

/// The role that `command` uses, such as `aws-sso ecs load --slotted`. If a person chooses a role of an instance,
/// `settings` select this instance, as `--sso` does. `client` asks the server which slots it has.
pub(crate) async fn which_role(
    arguments: RoleArguments,
    settings: &mut Settings,
    client: Option<&Client>,
    command: &str,
) -> Result<Wanted, Failure> {
    match arguments.wanted() {
        Some(wanted) => Ok(wanted),
        None => chosen_role(settings, client, command).await,
    }
}

/// The role that a person chooses on the terminal.
pub(crate) async fn chosen_role(
    settings: &mut Settings,
    client: Option<&Client>,
    command: &str,
) -> Result<Wanted, Failure> {
    if !Screen::is_possible() {
        let hint = format!(
            "Name a role: {command} --profile NAME, or --account ID --role NAME, or --arn ARN"
        );
        return Err(Failure::new(Problem::Usage, "no role is named").with_hint(hint));
    }
    if settings.aws_config.profiles().is_empty() {
        settings.require_instances()?;
    }
    let Choice { profile, instance } = choose(settings, client).await?;
    let configured = instance.as_ref().and_then(|name| settings.named(name));
    let flag =
        configured.map_or_else(String::new, |instance| settings.flag_for(&instance.instance));
    // With `=`, so that a name that begins with a dash is not read as a flag.
    let name = match profile.as_str().starts_with('-') {
        true => shell_word(&format!("--profile={profile}")).into_owned(),
        false => format!("--profile {}", shell_word(profile.as_str())),
    };
    ui::note(&format!(
        "To choose it without the selector: {}",
        ui::printable(&format!("{command} {name}{flag}"))
    ));
    if let Some(instance) = instance.filter(|_| !flag.is_empty()) {
        settings.choose(instance);
    }
    Ok(Wanted::Profile(profile))
}
