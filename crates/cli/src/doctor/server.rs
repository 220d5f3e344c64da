//! Checks that a server answers, that it is the user's own, its scheme, and the contents of the slot.

use credentials::{Clock, Failure, Problem, SlotName};
use server::wire::{ProfileObject, State, StatusObject};

use super::finding::Finding;
use super::full_uri::FullUri;
use super::situation::Situation;
use crate::client::Client;
use crate::client::address::{Scheme, ServerAddress};
use crate::client::forwarders::Forwarders;
use crate::ground::clock::SystemClock;
use crate::ground::ui;
use crate::programs::exports::FULL_URI;

/// The findings, and the address with the scheme that the server really speaks.
pub(super) async fn look(situation: &Situation) -> (Vec<Finding>, ServerAddress) {
    let mut address = situation.server.clone();
    if situation.is_endpoint_of_exec {
        let what = "it is the endpoint of `aws-sso exec`, for the programs of this command alone";
        return (vec![Finding::ok(what)], address);
    }
    let client = match Client::new(&situation.server_arguments()) {
        Ok(client) => client,
        Err(error) => {
            let finding = Finding::of(error, "our own commands cannot ask the server");
            return (vec![finding], address);
        }
    };
    let profiles = match client.named_profiles().await {
        Ok(profiles) => profiles,
        Err(error) => return (vec![unreachable(error)], address),
    };
    let origin = client.origin_for_sdks();
    if origin.starts_with("https:") {
        address.scheme = Some(Scheme::Https);
    }
    let count = profiles.len();
    let slots = if count == 1 { "named slot" } else { "named slots" };
    let mut findings =
        vec![Finding::ok(format!("a server of yours answers at {origin}, with {count} {slots}"))];
    findings.extend(speaks_https(situation, &address));
    findings.push(match &situation.slot {
        SlotName::Default => slot(situation, client.default_profile().await.ok().as_ref()),
        SlotName::Named(name) => {
            slot(situation, profiles.iter().find(|profile| profile.profile_name == name.as_str()))
        }
    });
    // With a read token there is no status.
    findings.extend(client.status().await.ok().as_ref().and_then(forwarders));
    (findings, address)
}

fn unreachable(error: Failure) -> Finding {
    let why = match error.problem {
        Problem::Unreachable => "no program gets credentials from it",
        Problem::Denied
        | Problem::Invalid
        | Problem::SignInNeeded
        | Problem::Throttled
        | Problem::Unavailable
        | Problem::Usage
        | Problem::CommandNotFound
        | Problem::CommandNotExecutable
        | Problem::Interrupted => "our own commands cannot load it",
    };
    Finding::of(error, why)
}

/// The finding for a server with HTTPS and a URI with plain HTTP.
fn speaks_https(situation: &Situation, server: &ServerAddress) -> Option<Finding> {
    let uri = FullUri::parse(situation.variables.text(FULL_URI)?)?;
    let is_wrong =
        server.scheme == Some(Scheme::Https) && !uri.is_https() && uri.is_at(&situation.server);
    is_wrong.then(|| {
        let finding = format!("the server speaks HTTPS, and {FULL_URI} says plain HTTP");
        Finding::problem(finding, "every SDK fails").with_solution(situation.export_from(server))
    })
}

/// The finding about programs that let others read.
fn forwarders(status: &StatusObject) -> Option<Finding> {
    let Forwarders { programs, command } = Forwarders::of(status)?;
    let finding = Finding::warning(format!("{programs} has read a slot"), Forwarders::WHY);
    Some(finding.with_solution(command))
}

/// The finding about the slot that programs read.
fn slot(situation: &Situation, profile: Option<&ProfileObject>) -> Finding {
    let slot = &situation.slot;
    let Some(profile) = profile else {
        let finding = Finding::problem(format!("nothing is loaded in {slot}"), "SDKs get a 404");
        return finding.with_solution(situation.load());
    };
    let ProfileObject { profile_name, expires, state, .. } = profile;
    let notice = ui::notice(profile, SystemClock.now());
    let has = match slot {
        SlotName::Default => format!("{slot} has `{profile_name}`"),
        SlotName::Named(_) => slot.to_string(),
    };
    let why = |default: &str| notice.clone().unwrap_or_else(|| default.to_owned());
    let is_over = expires == "Expired";
    match state {
        State::Ready if notice.is_none() => Finding::ok(format!("{has}, for {expires}")),
        State::Ready => Finding::warning(format!("{has}, for {expires}"), why("")),
        _ if is_over => Finding::problem(
            format!("{has}: {state}, and nothing to serve"),
            why("SDKs get no credentials"),
        )
        .with_solution(situation.load()),
        State::Pending
        | State::SignInNeeded
        | State::Denied
        | State::Misconfigured
        | State::Unavailable
        | State::Expired
        | State::Unknown => Finding::warning(
            format!("{has}, for {expires}: {state}"),
            why("its credentials are not refreshed"),
        ),
    }
}
