//! Signing in, in front of a person: what to open, what to compare, and how it went. All of it on stderr.

use credentials::{Clock, Expiration, Failure, Instance};
use providers::identity_center::{DeviceCode, IdentityCenter, Pending, Pkce, SignedIn, Workflow};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::ground::clock::SystemClock;
use crate::ground::{env, ui};
use crate::instance::access::explain;
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::url_action;
use config::{AuthWorkflow, UrlAction};

/// What a person wants of a sign-in.
#[derive(Clone, Copy, Default)]
pub(crate) struct Wishes {
    /// Sign in even if the present sign-in is good.
    pub(crate) force: bool,
    /// How, whatever is configured.
    pub(crate) workflow: Option<Workflow>,
    /// What to do with the URL, whatever is configured.
    pub(crate) url_action: Option<UrlAction>,
}

/// How it came that somebody is signed in now.
pub(crate) enum Outcome {
    /// A person has just approved.
    SignedIn,
    /// They were already, or another process was faster.
    AlreadySignedIn(SignedIn),
}

/// Signs in to an instance, unless somebody is signed in. While another process does, it is waited for and shared.
pub(crate) async fn sign_in(
    settings: &Settings,
    instance: &ConfiguredInstance,
    center: &IdentityCenter,
    wishes: Wishes,
) -> Result<Outcome, Failure> {
    let explained = |error| explain(error, settings, instance);
    let name = &instance.instance.name;
    if !wishes.force
        && let Some(signed_in) = center.still_signed_in().await.map_err(explained)?
    {
        return Ok(Outcome::AlreadySignedIn(signed_in));
    }
    let right = match center.try_sign_in().map_err(explained)? {
        Some(right) => right,
        None => {
            ui::note(&format!("Another aws-sso is signing in to `{name}`. Waiting for it…"));
            let right = center.sign_in_after_others().await.map_err(explained)?;
            if let Some(signed_in) = center.signed_in().await.map_err(explained)? {
                return Ok(Outcome::AlreadySignedIn(signed_in));
            }
            right
        }
    };
    let (workflow, why) = workflow(settings, instance, wishes);
    match right.start(workflow, wishes.force).await.map_err(explained)? {
        Pending::Pkce(pending) => {
            show_browser(settings, instance, &pending, wishes);
            pending.finish().await.map_err(explained)?;
        }
        Pending::DeviceCode(pending) => {
            show_code(settings, instance, &pending, wishes, why);
            pending.finish().await.map_err(explained)?;
        }
    }
    Ok(Outcome::SignedIn)
}

/// How to sign in, and why, if the person might wonder.
fn workflow(
    settings: &Settings,
    instance: &ConfiguredInstance,
    wishes: Wishes,
) -> (Workflow, Option<&'static str>) {
    if let Some(wanted) = wishes.workflow {
        return (wanted, None);
    }
    let chosen = chosen_action(settings, instance, wishes);
    match settings.config.auth_workflow {
        Some(AuthWorkflow::Pkce) => (Workflow::Pkce, None),
        Some(AuthWorkflow::DeviceCode) => (Workflow::DeviceCode, None),
        // An action of the person's own may well reach a browser where we see none.
        None if chosen.is_some_and(|action| action != UrlAction::Open) => (Workflow::Pkce, None),
        None => match env::without_local_browser() {
            Some(why) => (Workflow::DeviceCode, Some(why)),
            None => (Workflow::Pkce, None),
        },
    }
}

/// The action that the person has chosen, if they have.
fn chosen_action(
    settings: &Settings,
    instance: &ConfiguredInstance,
    wishes: Wishes,
) -> Option<UrlAction> {
    wishes.url_action.or(instance.auth_url_action).or(settings.config.url_action)
}

/// What is done beside showing a code. Nobody who asks for a code wants a browser here, unless they say so.
fn action_with_code(
    settings: &Settings,
    instance: &ConfiguredInstance,
    wishes: Wishes,
) -> Option<UrlAction> {
    let may_open = wishes.workflow.is_none() && env::without_local_browser().is_none();
    chosen_action(settings, instance, wishes).or(may_open.then_some(UrlAction::Open))
}

fn show_browser(
    settings: &Settings,
    instance: &ConfiguredInstance,
    pending: &Pkce,
    wishes: Wishes,
) {
    let Instance { name, start_url, .. } = &instance.instance;
    let action = chosen_action(settings, instance, wishes).unwrap_or(UrlAction::Open);
    ui::note(&format!("Signing in to `{name}` ({start_url}) in your browser."));
    act(settings, instance, action, pending.url());
    ui::note(&format!(
        "If nothing opens, open this on this machine (elsewhere: aws-sso login --device-code{}):\n\n  {}\n",
        settings.flag_for(&instance.instance),
        ui::printable(pending.url())
    ));
    ui::note("Waiting until you have approved there…");
}

fn show_code(
    settings: &Settings,
    instance: &ConfiguredInstance,
    pending: &DeviceCode,
    wishes: Wishes,
    why: Option<&str>,
) {
    let Instance { name, start_url, .. } = &instance.instance;
    let because = why.map(|why| format!(", since {why}")).unwrap_or_default();
    ui::note(&format!("Signing in to `{name}` ({start_url}) with a code{because}."));
    ui::note(&format!(
        "Open this in a browser on any device:\n\n  {}\n",
        ui::printable(pending.url_with_code())
    ));
    if let Some(code) = qr_code(pending.url_with_code()) {
        ui::note(&code);
    }
    ui::note("and check that it shows this very code:\n");
    ui::note(&boxed(&ui::printable(pending.user_code())));
    ui::note(
        "\nApprove only what you have started yourself, just now, with the very same code. Somebody who sends \
         you a code or a link of theirs is after your roles.",
    );
    if let Some(action) = action_with_code(settings, instance, wishes) {
        act(settings, instance, action, pending.url_with_code());
    }
    ui::note("Waiting until you have approved there…");
}

/// Does what is to be done with the URL. That it can't be done stops nobody: the URL is shown too.
fn act(settings: &Settings, instance: &ConfiguredInstance, action: UrlAction, url: &str) {
    let name = instance.instance.name.as_str();
    if let Err(error) = url_action::act(action, url, name, &settings.config) {
        ui::note(&format!("warning: {}.", ui::printable(&error.message)));
    }
}

/// The URL for a phone's camera, where there is a terminal to show it.
fn qr_code(url: &str) -> Option<String> {
    if !ui::has_terminal() {
        return None;
    }
    let code = QrCode::new(url.as_bytes()).ok()?;
    // Light on dark: as most terminals are, and what cameras take either way.
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

/// A code that is seen at a glance.
fn boxed(code: &str) -> String {
    let spaced: Vec<String> = code.chars().map(String::from).collect();
    let spaced = spaced.join(" ");
    let line = "─".repeat(spaced.chars().count() + 6);
    format!("  ╭{line}╮\n  │   {spaced}   │\n  ╰{line}╯")
}

/// How long a sign-in lasts, for a person.
pub(crate) fn until(signed_in: &SignedIn) -> String {
    let left = Expiration::new(signed_in.expires_at);
    let left = left.map(|at| at.remaining(SystemClock.now()).to_string()).unwrap_or_default();
    match signed_in {
        SignedIn { is_renewed: true, .. } => "for as long as the SSO session lasts".to_owned(),
        SignedIn { from_aws_cli: true, .. } => format!("through the AWS CLI, for {left}"),
        _ => format!("for {left}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_stands_in_a_box_of_its_width() {
        assert_eq!(boxed("AB-C"), "  ╭─────────────╮\n  │   A B - C   │\n  ╰─────────────╯");
    }
}
