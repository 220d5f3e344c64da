//! The checks of `aws-sso doctor`, each with the command that solves a problem. They change nothing, never ask a
//! person, and wait a few seconds at most. Each group of checks has a file. Nothing here prints.

mod address;
mod aws;
mod configuration;
mod finding;
mod full_uri;
mod permissions;
mod proxies;
mod sdks;
mod server;
mod sign_ins;
mod situation;
mod token;
mod trust;
mod variables;

use std::collections::BTreeMap;

use config::aws_config::AwsConfig;

use crate::instance::arguments::InstanceArguments;
use crate::instance::settings::{self, Settings};
use crate::programs::aws_profile::AwsProfile;
use crate::programs::exports::{FULL_URI, METADATA_DISABLED};
use sdks::{AsksServer, Cause, Environment};

pub(crate) use finding::{Finding, Level};
pub(crate) use sdks::{Takes, Verdict};
pub(crate) use situation::{Situation, Wanted};
pub(crate) use variables::Variables;

/// A group of checks, with what they found.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) findings: Vec<Finding>,
}

/// The results of all checks.
pub(crate) struct Report {
    pub(crate) sections: Vec<Section>,
    pub(crate) sdks: Vec<Verdict>,
}

/// Runs all checks at the same time.
pub(crate) async fn examine(situation: &Situation, instances: &InstanceArguments) -> Report {
    let settings = Settings::read_silently(instances).ok();
    let settings = settings.as_ref();
    let aws_config = settings::aws_config();
    let sdks = sdks(situation, &aws_config);
    let ((server, trust), token, sign_ins, aws) = tokio::join!(
        async {
            let (server, address) = server::look(situation).await;
            (server, trust::look(situation, &address).await)
        },
        token::look(situation),
        sign_ins::look(settings),
        aws::look(settings),
    );
    let section = |title, findings| Section { title, findings };
    let sections = vec![
        section("AWS SDKs", explain(situation, &sdks)),
        section("Address", address::look(situation)),
        section("Server", server),
        section("Token", token),
        section("Trust", trust),
        section("Proxies", proxies::look(situation)),
        section("Sign-ins", sign_ins),
        section("AWS", aws),
        section("Configuration", configuration::look(instances, &aws_config)),
        section("Files", permissions::look()),
    ];
    Report { sections: sections.into_iter().filter(|s| !s.findings.is_empty()).collect(), sdks }
}

fn sdks(situation: &Situation, aws_config: &AwsConfig) -> Vec<Verdict> {
    // The checks of the configuration report an unreadable file.
    let profiles: BTreeMap<_, _> = sdks::profile_names(&situation.variables)
        .into_iter()
        .map(|name| (name.clone(), AwsProfile::of(aws_config, &name)))
        .collect();
    sdks::verdicts(&Environment { variables: &situation.variables, profiles: &profiles })
}

/// One finding for all SDKs that do the same.
fn explain(situation: &Situation, sdks: &[Verdict]) -> Vec<Finding> {
    let is_wanted = situation.variables.has(FULL_URI);
    let mut groups: Vec<(&Verdict, Vec<&str>)> = Vec::new();
    for verdict in sdks {
        let key = |v: &Verdict| (v.takes, v.asks_server, v.why.clone());
        match groups.iter_mut().find(|(first, _)| key(first) == key(verdict)) {
            Some((_, names)) => names.push(verdict.sdk),
            None => groups.push((verdict, vec![verdict.sdk])),
        }
    }
    let mut findings: Vec<_> = groups
        .into_iter()
        .map(|(verdict, names)| {
            let names = match names.len() == sdks.len() {
                true => "every SDK".to_owned(),
                false => names.join(", "),
            };
            finding(situation, verdict, &names, is_wanted)
        })
        .collect();
    if is_wanted && !situation.variables.has(METADATA_DISABLED) {
        let why = "the SDK for Java and OpenDAL take the role of the machine, if it has one, when the server refuses them";
        let unset = Finding::warning(format!("{METADATA_DISABLED} is not set"), why);
        findings.push(unset.with_solution(situation.export()));
    }
    findings
}

/// The finding for these SDKs. `is_wanted`: they should ask the server.
fn finding(situation: &Situation, verdict: &Verdict, names: &str, is_wanted: bool) -> Finding {
    let or_server = match verdict.asks_server {
        AsksServer::IfThatFails => ", else the server",
        AsksServer::Yes | AsksServer::No => "",
    };
    let level = match (is_wanted, verdict.asks_server, verdict.takes) {
        (_, AsksServer::Yes, _) | (false, ..) if verdict.takes != Takes::Fails => Level::Ok,
        (_, AsksServer::IfThatFails, _) => Level::Warning,
        _ => Level::Problem,
    };
    let finding = format!("{names}: {}{or_server}", verdict.takes);
    let finding = Finding { level, finding, why: Some(verdict.why.clone()), solution: None };
    match &verdict.cause {
        _ if level == Level::Ok => finding,
        Cause::Variables => finding.with_solution(situation.export()),
        Cause::Default(files) => finding.with_solution(configuration::rename_default(files)),
        Cause::None => finding,
    }
}

#[cfg(test)]
mod tests;
