//! `aws-sso console`

mod page;

use std::time::Duration;

use clap::{ArgGroup, Args};
use credentials::{Clock, Failure, Problem, Profile, SignedDuration, Source};
use providers::Console;

use crate::client::arguments::ServerArguments;
use crate::ground::arguments::duration;
use crate::ground::clock::SystemClock;
use crate::ground::{env, ui};
use crate::instance::arguments::{InstanceArguments, RoleArguments, UrlArguments};
use crate::instance::current_role::obtain_named_or_current;
use crate::instance::obtain::chained::ChainArguments;
use crate::instance::roles::{Role, Roles};
use crate::instance::settings::Settings;
use crate::instance::url_action::{Address, Container};
use crate::instance::{access, history, url_action};
use config::UrlAction;
use page::PageArguments;

/// Open the AWS console as a role
///
/// The console opens in your browser, or as --url-action or UrlAction in config.yaml says. Anyone who opens the URL within 15 minutes is
/// signed in, so the URL is a secret: it is printed only with --print or --url-action print.
/// If you name no role, it is the role of the shell: that of AWS_SSO_PROFILE or AWS_PROFILE, or of the slot that the shell uses.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso console --profile prod:Admin")]
#[command(group(ArgGroup::new("source")))]
pub(crate) struct Arguments {
    #[command(flatten)]
    role: RoleArguments,
    #[command(flatten)]
    chain: ChainArguments,
    /// Print the URL instead of opening it (the URL is a secret)
    #[arg(long, conflicts_with = "url_action")]
    print: bool,
    #[command(flatten)]
    url: UrlArguments,
    #[command(flatten)]
    page: PageArguments,
    /// The length of the console session: 15m to 12h, if the role allows it [default: ConsoleDuration in config.yaml, else until the credentials expire]
    #[arg(short, long, value_name = "DURATION", value_parser = session)]
    duration: Option<Duration>,
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten, next_help_heading = "For the role of a slot")]
    server: ServerArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { role, chain, print, url, page, duration, instance, server } = arguments;
    let mut settings = Settings::read(&instance)?;
    let action = action(print, url.url_action, &settings)?;
    let named = (role, chain);
    let profile =
        obtain_named_or_current(named, &mut settings, &server, None, "aws-sso console").await?;
    history::note(&profile);
    if duration.is_some() {
        check_chain(&profile)?;
    }
    let of_config = || settings.config.console_duration.filter(|_| check_chain(&profile).is_ok());
    let duration = duration.or_else(of_config);
    let (partition, destination) = page.destination(&settings, &profile)?;
    let endpoint = env::sign_in_endpoint()?;
    let console = Console {
        partition: &partition,
        credentials: &profile.credentials,
        issuer: issuer(&settings, &profile),
        destination: &destination,
        duration,
        endpoint: endpoint.as_ref(),
    };
    let url = access::aws().console_url(&console).await;
    let url = url.map_err(|error| explain(error, duration))?;
    match action {
        UrlAction::Print | UrlAction::PrintUrl => {
            ui::data(url.expose());
            Ok(())
        }
        action @ (UrlAction::Clip
        | UrlAction::Exec
        | UrlAction::Open
        | UrlAction::GrantedContainers
        | UrlAction::OpenUrlInContainer
        | UrlAction::AnsiOsc52) => open(action, url.expose(), &profile, &settings),
    }
}

/// The URL action. Fails if none is configured and no local browser is available.
fn action(
    print: bool,
    chosen: Option<UrlAction>,
    settings: &Settings,
) -> Result<UrlAction, Failure> {
    let action = chosen.or(settings.config.url_action);
    match (print, action, env::without_local_browser()) {
        (true, ..) => Ok(UrlAction::Print),
        (_, Some(action), _) => Ok(action),
        (_, None, None) => Ok(UrlAction::Open),
        (_, None, Some(why)) => {
            let text = format!("no browser can be opened on this machine, because {why}");
            Err(Failure::failed(text).with_hint(PRINT))
        }
    }
}

fn open(
    action: UrlAction,
    url: &str,
    profile: &Profile,
    settings: &Settings,
) -> Result<(), Failure> {
    let Profile { name, credentials, .. } = profile;
    let address = Address { url, argument: url };
    let tags = tags(settings, profile)?;
    let container = Container::of_role(name.as_str(), &tags);
    url_action::act(action, &address, &container, &settings.config)
        .map_err(|error| error.with_hint(PRINT))?;
    let left = credentials.expiration.remaining(SystemClock.now());
    ui::note(&format!("Opening the AWS console as `{name}`. The credentials expire in {left}."));
    Ok(())
}

/// The tags of the role and of its account in config.yaml. A role that is not listed there has none.
fn tags(settings: &Settings, profile: &Profile) -> Result<Vec<(String, String)>, Failure> {
    let instance = profile.source.as_ref().and_then(Source::instance);
    let Some(instance) = instance.and_then(|id| settings.with_id(id)) else {
        return Ok(Vec::new());
    };
    let catalogue = access::catalogue_file(instance).read();
    let roles = Roles::of(settings, instance, &catalogue)?;
    Ok(roles.named(&profile.name).map(Role::tags).unwrap_or_default())
}

/// Fails for chained roles with a duration. AWS accepts a duration only for a role of the portal.
fn check_chain(profile: &Profile) -> Result<(), Failure> {
    match &profile.source {
        Some(Source::Role { chain, .. }) if !chain.links.is_empty() => {
            let text = format!(
                "`{}` is a chained role, so the session ends when its credentials expire",
                profile.name
            );
            Err(Failure::new(Problem::Usage, text).with_hint("Leave out --duration."))
        }
        _ => Ok(()),
    }
}

/// The URL for the next sign-in, after the session has ended.
fn issuer<'a>(settings: &'a Settings, profile: &Profile) -> &'a str {
    let instance = profile.source.as_ref().and_then(Source::instance);
    let instance = instance.and_then(|id| settings.with_id(id));
    instance.map_or("aws-sso", |instance| instance.instance.start_url.as_str())
}

fn explain(error: Failure, duration: Option<Duration>) -> Failure {
    let is_refused = error.problem == Problem::Denied;
    match duration.filter(|_| is_refused) {
        Some(_) => {
            error.with_hint(
                "The role may allow only shorter sessions. Leave out --duration, and ConsoleDuration in config.yaml.",
            )
        }
        None => error,
    }
}

fn session(text: &str) -> Result<Duration, &'static str> {
    const MUST_BE: &str = "it must be a time of 15 minutes to 12 hours, such as 90m or 8h";
    // aws-sso-cli takes a number of minutes.
    let minutes = text.parse::<u32>().ok().map(|minutes| SignedDuration::from_mins(minutes.into()));
    let length = minutes
        .or_else(|| duration(text))
        .and_then(|length| Duration::try_from(length).ok())
        .ok_or(MUST_BE)?;
    let fits = (MIN_SESSION..=MAX_SESSION).contains(&length);
    if fits { Ok(length) } else { Err(MUST_BE) }
}

const PRINT: &str = "Print the URL and open it in your browser: aws-sso console --print";
/// Shortest session that AWS allows (IAM User Guide, SessionDuration).
const MIN_SESSION: Duration = Duration::from_secs(15 * 60);
const MAX_SESSION: Duration = Duration::from_secs(12 * 60 * 60);

#[cfg(test)]
mod tests {
    use credentials::{Chain, Link};

    use super::*;

    fn profile(links: Vec<Link>) -> Profile {
        let profile = fakes::profile("dev", "2026-11-22T21:16:31Z");
        let arn = fakes::arn();
        let chain = Chain { account_id: arn.account_id, role_name: arn.role_name, links };
        let instance = fakes::instance("corp");
        Profile { source: Some(Source::Role { instance, chain }), ..profile }
    }

    #[test]
    fn a_chained_role_cannot_have_a_duration() {
        let role_arn = fakes::arn();
        let link = Link { role_arn, external_id: None, source_identity: None, session_name: None };
        let error = check_chain(&profile(vec![link])).unwrap_err();
        assert_eq!(error.problem, Problem::Usage);
        assert!(error.message.contains("is a chained role"), "{}", error.message);
        assert!(check_chain(&profile(Vec::new())).is_ok());
    }

    #[test]
    fn durations_of_15_minutes_to_12_hours_are_accepted() {
        for (text, seconds) in
            [("15m", 900), ("90m", 5400), ("1h 30m", 5400), ("12h", 43_200), ("60", 3600)]
        {
            assert_eq!(session(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "14m", "12h 1s", "-1h", "3600", "1 month", "never"] {
            assert!(session(text).is_err(), "{text}");
        }
    }
}
