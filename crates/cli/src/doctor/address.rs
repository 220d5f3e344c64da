//! Checks that `AWS_CONTAINER_CREDENTIALS_FULL_URI` leads SDKs to a slot of the server. Pure.

use server::path_for_sdks;

use super::finding::Finding;
use super::full_uri::{FullUri, Host, host};
use super::sdks;
use super::situation::Situation;
use crate::programs::exports::FULL_URI;

/// The findings about the variable.
pub(super) fn look(situation: &Situation) -> Vec<Finding> {
    let Some(text) = situation.variables.text(FULL_URI) else {
        return vec![
            Finding::warning(
                format!("{FULL_URI} is not set"),
                "no program of this shell asks the server, unless its profile has a credential_process",
            )
            .with_solution(situation.export()),
        ];
    };
    // The value is not shown: it can contain a password.
    let Some(uri) = FullUri::parse(text) else {
        let finding = format!("{FULL_URI} is no URI of a server");
        return vec![Finding::problem(finding, "SDKs fail").with_solution(situation.export())];
    };
    let mut findings = vec![address(situation, &uri)];
    findings.extend(refused_by(&uri).map(|(severity, who)| {
        let finding = format!("{FULL_URI} names the host {}", uri.address.host);
        severity(finding, format!("{who} refuse it over plain HTTP"))
            .with_solution(situation.export())
    }));
    findings.push(path(situation, &uri));
    findings
}

/// Checks that the URI is of our server.
fn address(situation: &Situation, uri: &FullUri) -> Finding {
    if uri.is_at(&situation.server) {
        return Finding::ok(format!("{FULL_URI} leads to the server, {}", uri.address));
    }
    Finding::problem(
        format!("{FULL_URI} leads to {}", uri.address),
        format!("the server that you named is at {}", situation.server),
    )
    .with_solution(situation.export())
}

type Severity = fn(String, String) -> Finding;

/// The SDKs that refuse the host.
fn refused_by(uri: &FullUri) -> Option<(Severity, String)> {
    let warning: Severity = Finding::warning;
    let problem: Severity = Finding::problem;
    if uri.is_https() {
        return None;
    }
    Some(match host(&uri.address.host) {
        Host::Loopback | Host::Container => return None,
        Host::Localhost => (warning, "async-aws and the SDK for Swift".to_owned()),
        Host::OtherLoopback => {
            (warning, "the SDKs for JavaScript v2, Kotlin and others".to_owned())
        }
        Host::Ipv6Loopback => {
            (warning, "the SDKs for JavaScript v2 and Swift, and MinIO for Python".to_owned())
        }
        Host::Name => (problem, format!("{}, and others", sdks::refusing_names())),
        Host::Elsewhere => (problem, "all SDKs".to_owned()),
    })
}

fn path(situation: &Situation, uri: &FullUri) -> Finding {
    let Some(slot) = &uri.slot else {
        let finding = format!("{FULL_URI} names no slot");
        return Finding::problem(finding, "the server has no credentials at its path")
            .with_solution(situation.export());
    };
    let survives = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/?=&".contains(&byte);
    if uri.path.bytes().all(survives) {
        return Finding::ok(format!("{FULL_URI} names {slot}"));
    }
    let finding = format!("{FULL_URI} has the path {}", uri.path);
    let why =
        format!("some SDKs encode it once more, or cut it; {slot} is {}", path_for_sdks(slot));
    Finding::warning(finding, why).with_solution(situation.export())
}
