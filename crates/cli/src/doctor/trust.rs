//! Whether programs trust the server's certificate, and whether what they are told to trust is there.

use std::path::Path;

use super::finding::Finding;
use super::situation::Situation;
use crate::client::address::{Scheme, ServerAddress};
use crate::ground::paths;
use crate::programs::trust::{self, Authority, Program, TrustVariables};

/// What is to be said, by what the server speaks.
pub(super) async fn look(situation: &Situation, server: &ServerAddress) -> Vec<Finding> {
    let mut findings: Vec<_> =
        FILES.into_iter().filter_map(|variable| missing(situation, variable)).collect();
    if server.scheme != Some(Scheme::Https) {
        findings.extend(needless(situation));
        return findings;
    }
    match Authority::read(paths::authority_certificate()) {
        Ok(Some(authority)) => {
            let python = trust::roots_of_python().await;
            let programs = trust::programs(&authority, &TrustVariables::now(), python.as_deref());
            findings.extend(trusting(&programs, &situation.export_from(server)));
        }
        Ok(None) => findings.push(Finding::ok(
            "there is no certificate authority of ours: programs trust whom they trust already",
        )),
        Err(error) => findings.push(Finding::problem(error.message, "nobody can trust it")),
    }
    findings
}

/// A file that is named and isn't there stands for no roots at all.
fn missing(situation: &Situation, variable: &'static str) -> Option<Finding> {
    let path = situation.variables.text(variable).filter(|path| !Path::new(path).is_file())?;
    let finding = format!("{variable} names {path}, which is no file");
    let why = "programs that read it trust nobody, AWS included";
    Some(Finding::problem(finding, why).mend(format!("unset {variable}")))
}

/// Ours, where the server speaks plain HTTP.
fn needless(situation: &Situation) -> Option<Finding> {
    let ours = [paths::authority_bundle(), paths::authority_certificate()];
    let is_ours = |variable: &&str| {
        let path = situation.variables.text(variable).map(Path::new);
        path.is_some_and(|path| ours.iter().any(|ours| ours == path) && path.is_file())
    };
    let names: Vec<_> = FILES.into_iter().filter(is_ours).collect();
    if names.is_empty() {
        return None;
    }
    let names = names.join(" ");
    let finding =
        format!("{names}: our certificate authority is trusted, and the server speaks plain HTTP");
    let why = "the roots in its bundle are as old as it is, and may miss new ones";
    Some(Finding::warning(finding, why).mend(format!("unset {names}")))
}

/// One line for all that do, and one for those that don't by each reason.
fn trusting(programs: &[Program], export: &str) -> Vec<Finding> {
    let names = |trusts: Option<bool>, is_python: bool| {
        let chosen = programs.iter().filter(|program| {
            program.trusts == trusts && program.reads.contains("cacert.pem of") == is_python
        });
        chosen.map(|program| program.program).collect::<Vec<_>>().join(", ")
    };
    let mut findings = Vec::new();
    let trusting = [names(Some(true), false), names(Some(true), true)]
        .map(|names| (!names.is_empty()).then(|| Finding::ok(format!("trusted by {names}"))));
    findings.extend(trusting.into_iter().flatten());
    let (others, python) = (names(Some(false), false), names(Some(false), true));
    if !others.is_empty() {
        let finding = format!("the server's certificate is not trusted by {others}");
        findings.push(Finding::problem(finding, "they refuse the server").mend(export));
    }
    if !python.is_empty() {
        let finding = format!("the server's certificate is not trusted by {python}");
        let why = "no variable makes them: they read cacert.pem alone, so let them use plain HTTP";
        findings.push(Finding::warning(finding, why).mend("aws-sso ecs run --port PORT"));
    }
    findings
}

const FILES: [&str; 3] = ["SSL_CERT_FILE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];
