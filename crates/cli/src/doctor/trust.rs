//! Checks that programs trust the server's certificate, and that the files in trust variables exist.

use std::path::Path;

use super::finding::Finding;
use super::situation::Situation;
use crate::client::address::{Scheme, ServerAddress};
use crate::ground::paths;
use crate::programs::trust::{self, Authority, Program, TrustVariables};

/// The findings about trust, for the scheme of the server.
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
            findings.extend(trusting(&programs, server, &situation.export_from(server)));
        }
        Ok(None) => findings.push(Finding::ok(
            "aws-sso has no certificate authority: programs use their usual roots",
        )),
        Err(error) => findings.push(Finding::problem(error.message, "no program can trust it")),
    }
    findings
}

/// The finding for a variable with a missing file. Programs then have no roots at all.
fn missing(situation: &Situation, variable: &'static str) -> Option<Finding> {
    let path = situation.variables.text(variable).filter(|path| !Path::new(path).is_file())?;
    let finding = format!("{variable} names {path}, which is no file");
    let why = "programs that read it trust nobody, AWS included";
    Some(Finding::problem(finding, why).with_solution(format!("unset {variable}")))
}

/// The finding for trust in our authority while the server speaks plain HTTP.
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
    Some(Finding::warning(finding, why).with_solution(format!("unset {names}")))
}

/// One finding for the programs that trust it, and one for each reason why others do not.
fn trusting(programs: &[Program], server: &ServerAddress, export: &str) -> Vec<Finding> {
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
        findings.push(Finding::problem(finding, "they refuse the server").with_solution(export));
    }
    if !python.is_empty() {
        let finding = format!("the server's certificate is not trusted by {python}");
        let why =
            "they read only cacert.pem and no variable, so they need a server with plain HTTP";
        findings.push(
            Finding::warning(finding, why)
                .with_solution(format!("aws-sso ecs run --port {}", server.other_port())),
        );
    }
    findings
}

const FILES: [&str; 3] = ["SSL_CERT_FILE", "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"];
