//! A model of the credential chain of each SDK: which link wins in an environment, why, and whether the SDK asks the
//! server. Pure. It is based on observation of the SDKs.

mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::full_uri::FullUri;
use super::variables::Variables;
use crate::programs::aws_profile::AwsProfile;
use crate::programs::exports::{FULL_URI, METADATA_DISABLED, RELATIVE_URI};
use table::{EmptyRelativeUri, GoesOn, Order, SDKS, Sdk};

/// The inputs of the SDKs' credential chains.
pub(crate) struct Environment<'a> {
    pub(crate) variables: &'a Variables,
    /// The profiles that some SDK would use.
    pub(crate) profiles: &'a BTreeMap<String, AwsProfile>,
}

/// What one SDK would do.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Verdict {
    pub(crate) sdk: &'static str,
    /// The version that was observed.
    pub(crate) seen_in: &'static str,
    pub(crate) takes: Takes,
    pub(crate) asks_server: AsksServer,
    pub(crate) why: String,
    /// What must change for the SDK to ask the server.
    #[serde(skip)]
    pub(crate) cause: Cause,
}

/// The source of an SDK's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Takes {
    #[serde(rename = "the server")]
    Server,
    #[serde(rename = "keys in the environment")]
    Keys,
    #[serde(rename = "a web identity")]
    WebIdentity,
    #[serde(rename = "a profile")]
    Profile,
    #[serde(rename = "another container's server")]
    OtherServer,
    #[serde(rename = "the role of the machine")]
    Machine,
    #[serde(rename = "nothing")]
    Nothing,
    #[serde(rename = "nothing: it fails")]
    Fails,
}

/// Whether the SDK asks [`FULL_URI`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum AsksServer {
    #[serde(rename = "yes")]
    Yes,
    #[serde(rename = "no")]
    No,
    #[serde(rename = "if that fails")]
    IfThatFails,
}

/// The reason why an SDK takes its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A variable. The output of `ecs env` solves it.
    Variables,
    /// The default profile, in these files.
    Default(Vec<PathBuf>),
    /// Nothing comes before the server.
    None,
}

/// The same words as in JSON.
impl fmt::Display for Takes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A link of the chain that provides something.
struct Link {
    takes: Takes,
    why: String,
    cause: Cause,
    /// Whether the SDK tries the next link when this one fails.
    goes_on: bool,
}

/// What each SDK would do.
pub(crate) fn verdicts(environment: &Environment<'_>) -> Vec<Verdict> {
    SDKS.iter().map(|sdk| verdict(sdk, environment)).collect()
}

/// The names of profiles that some SDK would use.
pub(crate) fn profile_names(variables: &Variables) -> Vec<String> {
    let names = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"].map(|name| variables.text(name));
    names.into_iter().flatten().chain([DEFAULT]).map(str::to_owned).collect()
}

/// The SDKs that fail with a line break after the token in its file or variable.
pub(crate) fn refusing_line_breaks(in_file: bool) -> String {
    let refuses = |sdk: &&Sdk| match in_file {
        true => sdk.refuses_file_break,
        false => sdk.refuses_variable_break,
    };
    names(SDKS.iter().filter(refuses))
}

/// The SDKs that prefer the token in the variable to that in the file.
pub(crate) fn preferring_token_variable() -> String {
    names(SDKS.iter().filter(|sdk| sdk.prefers_token_variable))
}

/// The SDKs that refuse every host name over plain HTTP.
pub(crate) fn refusing_names() -> String {
    names(SDKS.iter().filter(|sdk| !sdk.resolves_names))
}

fn names<'a>(sdks: impl Iterator<Item = &'a Sdk>) -> String {
    sdks.map(|sdk| sdk.name).collect::<Vec<_>>().join(", ")
}

fn verdict(sdk: &Sdk, environment: &Environment<'_>) -> Verdict {
    let verdict = |link: Link, asks_server| Verdict {
        sdk: sdk.name,
        seen_in: sdk.version,
        takes: link.takes,
        asks_server,
        why: link.why,
        cause: link.cause,
    };
    if let Some(link) = missing_profile(sdk, environment) {
        return verdict(link, AsksServer::No);
    }
    let keys = keys(sdk, environment.variables);
    let web_identity = web_identity(sdk, environment.variables);
    let profile = profile(sdk, environment);
    let links = match sdk.web_identity {
        Order::BeforeProfile => [keys, web_identity, profile],
        Order::AfterProfile => [keys, profile, web_identity],
    };
    let links: Vec<Link> = links.into_iter().flatten().collect();
    let last = container(sdk, environment.variables);
    let reaches = last.takes == Takes::Server && links.iter().all(|link| link.goes_on);
    match (links.into_iter().next(), reaches) {
        (Some(first), true) => verdict(first, AsksServer::IfThatFails),
        (Some(first), false) => verdict(first, AsksServer::No),
        (None, true) => verdict(last, AsksServer::Yes),
        (None, false) => verdict(last, AsksServer::No),
    }
}

/// The variable that names the SDK's profile, and the name.
fn profile_name<'a>(sdk: &Sdk, variables: &'a Variables) -> Option<(&'static str, &'a str)> {
    sdk.profile_variables.iter().find_map(|variable| {
        let name = match sdk.takes_empty_name {
            true => variables.present(variable),
            false => variables.text(variable),
        };
        Some((*variable, name?))
    })
}

/// The failure of an SDK that needs the named profile, when that does not exist.
fn missing_profile(sdk: &Sdk, environment: &Environment<'_>) -> Option<Link> {
    let (variable, name) = profile_name(sdk, environment.variables)?;
    let exists = environment.profiles.get(name).is_some_and(|profile| profile.exists);
    if !sdk.needs_profile || exists {
        return None;
    }
    let why = match name {
        "" => format!("{variable} is set to nothing, which is no profile"),
        name => format!("{variable} names the profile `{name}`, which is in no file"),
    };
    Some(Link { takes: Takes::Fails, why, cause: Cause::Variables, goes_on: false })
}

fn keys(sdk: &Sdk, variables: &Variables) -> Option<Link> {
    if sdk.skips_keys_for_profile && profile_name(sdk, variables).is_some() {
        return None;
    }
    let (takes, why) = match (variables.has(ACCESS_KEY_ID), variables.has(SECRET_ACCESS_KEY)) {
        (true, true) => (Takes::Keys, format!("{ACCESS_KEY_ID} and {SECRET_ACCESS_KEY} are set")),
        (true, false) if sdk.fails_on_half_keys => {
            (Takes::Fails, format!("{ACCESS_KEY_ID} is set without {SECRET_ACCESS_KEY}"))
        }
        _ => return None,
    };
    Some(Link { takes, why, cause: Cause::Variables, goes_on: false })
}

fn web_identity(sdk: &Sdk, variables: &Variables) -> Option<Link> {
    let (takes, why) = match (variables.has(WEB_IDENTITY), variables.has(ROLE_ARN)) {
        (true, true) => (Takes::WebIdentity, format!("{WEB_IDENTITY} and {ROLE_ARN} are set")),
        (true, false) if sdk.fails_on_half_web_identity => {
            (Takes::Fails, format!("{WEB_IDENTITY} is set without {ROLE_ARN}"))
        }
        _ => return None,
    };
    let goes_on = sdk.goes_on == GoesOn::Always;
    Some(Link { takes, why, cause: Cause::Variables, goes_on })
}

fn profile(sdk: &Sdk, environment: &Environment<'_>) -> Option<Link> {
    let named = profile_name(sdk, environment.variables);
    let name = named.map_or(DEFAULT, |(_, name)| name);
    let profile = environment.profiles.get(name)?;
    let mut wins = profile.wins.iter().filter(|win| !sdk.overlooks.contains(&win.key));
    let first = wins.next()?;
    let why = format!("[{name}] of {} has {}", first.file.display(), first.key);
    let cause = match named {
        Some(_) => Cause::Variables,
        None => Cause::Default(profile.wins.iter().map(|win| win.file.clone()).collect()),
    };
    let goes_on = first.key != STATIC_KEY
        && match sdk.goes_on {
            GoesOn::Always => true,
            GoesOn::AfterProcess => first.key == PROCESS,
            GoesOn::Never => false,
        };
    Some(Link { takes: Takes::Profile, why, cause, goes_on })
}

/// The end of every chain: container credentials, then the role of the machine.
fn container(sdk: &Sdk, variables: &Variables) -> Link {
    let by_variable =
        |takes, why: String| Link { takes, why, cause: Cause::Variables, goes_on: false };
    match (variables.present(RELATIVE_URI), sdk.empty_relative_uri) {
        (Some(""), EmptyRelativeUri::IsNone) | (None, _) => {}
        (Some(""), EmptyRelativeUri::Fails) => {
            return by_variable(Takes::Fails, format!("{RELATIVE_URI} is set to nothing"));
        }
        (Some(_), _) => {
            let why = format!("{RELATIVE_URI} is set, so 169.254.170.2 is asked");
            return by_variable(Takes::OtherServer, why);
        }
    }
    let none =
        |takes, why: &str| Link { takes, why: why.to_owned(), cause: Cause::None, goes_on: false };
    match variables.text(FULL_URI) {
        Some(uri) if !is_taken(sdk, uri) => {
            by_variable(Takes::Fails, format!("it refuses the host that {FULL_URI} names"))
        }
        Some(_) => none(Takes::Server, "nothing comes before it"),
        None if is_true(variables.text(METADATA_DISABLED)) => {
            none(Takes::Nothing, "nothing is set")
        }
        None => none(Takes::Machine, "nothing is set, so it is looked for"),
    }
}

fn is_taken(sdk: &Sdk, uri: &str) -> bool {
    FullUri::parse(uri)
        .is_some_and(|uri| uri.is_taken_by_most() || uri.has_name() && sdk.resolves_names)
}

fn is_true(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

const DEFAULT: &str = "default";
const ACCESS_KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET_ACCESS_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const WEB_IDENTITY: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const ROLE_ARN: &str = "AWS_ROLE_ARN";
/// SDKs use keys without a check, so a profile with keys always wins.
const STATIC_KEY: &str = "aws_access_key_id";
const PROCESS: &str = "credential_process";

#[cfg(test)]
mod tests;
