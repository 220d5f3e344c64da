//! Signs a person in: shows which URL to open and which code to compare. All output goes to stderr.

use credentials::{Clock, Expiration, Failure, Instance};
use providers::identity_center::{DeviceCode, IdentityCenter, Pending, Pkce, SignedIn, Workflow};
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;

use crate::ground::clock::SystemClock;
use crate::ground::{env, ui};
use crate::instance::access::explain;
use crate::instance::own_browser;
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::url_action::{self, Address, Container};
use config::{AuthWorkflow, UrlAction};

/// Options of a sign-in, from flags.
#[derive(Clone, Copy, Default)]
pub(crate) struct SignInOptions {
    /// Sign in even if somebody is signed in.
    pub(crate) force: bool,
    /// The workflow, instead of the configured one.
    pub(crate) workflow: Option<Workflow>,
    /// What to do with the URL, instead of the configured action.
    pub(crate) url_action: Option<UrlAction>,
}

/// The result of a successful sign-in.
pub(crate) enum Outcome {
    /// A person approved it just now.
    SignedIn,
    /// There was a sign-in before, or another process signed in at the same time.
    AlreadySignedIn(SignedIn),
}

/// Signs in to an instance, unless somebody is signed in. If another process is signing in, waits for it.
pub(crate) async fn sign_in(
    settings: &Settings,
    instance: &ConfiguredInstance,
    center: &IdentityCenter,
    options: SignInOptions,
) -> Result<Outcome, Failure> {
    let explained = |error| explain(error, settings, instance);
    let name = &instance.instance.name;
    if !options.force
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
    let (workflow, why) = workflow(settings, instance, options);
    match right.start(workflow, options.force, own_browser::check()).await.map_err(explained)? {
        Pending::Pkce(pending) => {
            show_browser(settings, instance, &pending, options);
            pending.finish().await.map_err(explained)?;
        }
        Pending::DeviceCode(pending) => {
            show_code(settings, instance, &pending, options, why);
            pending.finish().await.map_err(explained)?;
        }
    }
    Ok(Outcome::SignedIn)
}

/// The workflow, and the reason for it if the person did not choose it.
fn workflow(
    settings: &Settings,
    instance: &ConfiguredInstance,
    options: SignInOptions,
) -> (Workflow, Option<&'static str>) {
    if let Some(wanted) = options.workflow {
        return (wanted, None);
    }
    let chosen = chosen_action(settings, instance, options);
    match settings.config.auth_workflow {
        Some(AuthWorkflow::Pkce) => (Workflow::Pkce, None),
        Some(AuthWorkflow::DeviceCode) => (Workflow::DeviceCode, None),
        // A configured action may reach a browser that we cannot see.
        None if chosen.is_some_and(|action| action != UrlAction::Open) => (Workflow::Pkce, None),
        None => match env::without_local_browser() {
            Some(why) => (Workflow::DeviceCode, Some(why)),
            None => (Workflow::Pkce, None),
        },
    }
}

/// The URL action from flags or the config file.
fn chosen_action(
    settings: &Settings,
    instance: &ConfiguredInstance,
    options: SignInOptions,
) -> Option<UrlAction> {
    options.url_action.or(instance.auth_url_action).or(settings.config.url_action)
}

/// The URL action when a code is shown. With `--device-code`, no browser opens unless an action is configured.
fn action_with_code(
    settings: &Settings,
    instance: &ConfiguredInstance,
    options: SignInOptions,
) -> Option<UrlAction> {
    let may_open = options.workflow.is_none() && env::without_local_browser().is_none();
    chosen_action(settings, instance, options).or(may_open.then_some(UrlAction::Open))
}

fn show_browser(
    settings: &Settings,
    instance: &ConfiguredInstance,
    pending: &Pkce,
    options: SignInOptions,
) {
    let Instance { name, start_url, .. } = &instance.instance;
    let action = chosen_action(settings, instance, options).unwrap_or(UrlAction::Open);
    ui::note(&format!("Signing in to `{name}` ({start_url}) in your browser."));
    let address = Address { url: pending.url(), argument: pending.local_url() };
    act(settings, instance, action, &address);
    ui::note(&format!(
        "If no browser opens, open this URL on this machine (on another: aws-sso login --device-code{}):\n\n  {}\n",
        settings.flag_for(&instance.instance),
        ui::printable(pending.url())
    ));
    ui::note("Waiting for your approval in the browser…");
}

fn show_code(
    settings: &Settings,
    instance: &ConfiguredInstance,
    pending: &DeviceCode,
    options: SignInOptions,
    why: Option<&str>,
) {
    let Instance { name, start_url, .. } = &instance.instance;
    let because = why.map(|why| format!(" because {why}")).unwrap_or_default();
    ui::note(&format!("Signing in to `{name}` ({start_url}) with a code{because}."));
    ui::note(&format!(
        "Open this URL in a browser on any device:\n\n  {}\n",
        ui::printable(pending.url_with_code())
    ));
    if let Some(code) = qr_code(pending.url_with_code()) {
        ui::note(&code);
    }
    ui::note("Check that the page shows this code:\n");
    ui::note(&boxed(&ui::printable(pending.user_code())));
    ui::note(
        "\nApprove only a sign-in that you started yourself just now, and only if the codes are equal. Do not \
         approve a code or a link that somebody sent you: it gives them your roles.",
    );
    if let Some(action) = action_with_code(settings, instance, options) {
        let argument = match env::without_local_browser() {
            None => pending.local_url(),
            // The program opens a browser elsewhere. The person types the code there.
            Some(_) => pending.url(),
        };
        let address = Address { url: pending.url_with_code(), argument };
        act(settings, instance, action, &address);
    }
    ui::note("Waiting for your approval in the browser…");
}

/// Performs the URL action. A failure is only a warning, because the URL is shown too.
fn act(
    settings: &Settings,
    instance: &ConfiguredInstance,
    action: UrlAction,
    address: &Address<'_>,
) {
    let container = Container::of_sign_in(instance.instance.name.as_str());
    if let Err(error) = url_action::act(action, address, &container, &settings.config) {
        ui::note(&format!("warning: {}.", ui::printable(&error.message)));
    }
}

/// The URL as a QR code for a phone's camera. None without a terminal.
fn qr_code(url: &str) -> Option<String> {
    if !ui::has_terminal() {
        return None;
    }
    let code = QrCode::new(url.as_bytes()).ok()?;
    // Light on dark, like most terminals. Cameras read both.
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build())
}

/// The code in a box.
fn boxed(code: &str) -> String {
    let spaced: Vec<String> = code.chars().map(String::from).collect();
    let spaced = spaced.join(" ");
    let line = "─".repeat(spaced.chars().count() + 6);
    format!("  ╭{line}╮\n  │   {spaced}   │\n  ╰{line}╯")
}

/// The time until a sign-in expires, as text for a person.
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
    fn the_box_is_as_wide_as_the_code() {
        assert_eq!(boxed("AB-C"), "  ╭─────────────╮\n  │   A B - C   │\n  ╰─────────────╯");
    }
}
