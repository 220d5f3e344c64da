//! `aws-sso doctor`

use std::path::PathBuf;

use clap::Args;
use credentials::{Failure, ProfileName};
use serde::Serialize;

use crate::client::arguments::AddressArguments;
use crate::doctor::{self, Finding, Level, Report, Situation, Variables, Verdict, Wanted};
use crate::ground::arguments::{Output, OutputArguments};
use crate::ground::env;
use crate::ground::ui::{self, Colour};
use crate::ground::values::Values;
use crate::instance::arguments::InstanceArguments;

/// Find out why programs get no credentials, or the wrong ones
///
/// It shows what each AWS SDK would do in this shell, and checks the server, the slot, the token, certificates, proxies,
/// sign-ins, the clock and files. Each problem comes with the command that solves it. Nothing is changed and no secret is
/// shown. The exit code is 1 if there is a problem.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso doctor")]
pub(crate) struct Arguments {
    /// The slot to check [default: the slot in AWS_CONTAINER_CREDENTIALS_FULL_URI]
    #[arg(short, long, value_name = "SLOT", value_parser = ProfileName::parse, add = Values::Slots)]
    profile: Option<ProfileName>,
    #[command(flatten)]
    address: AddressArguments,
    /// Send the authorization token in this file to the server (see `aws-sso ecs token create`)
    #[arg(long, value_name = "PATH", env = "AWS_SSO_ECS_TOKEN_FILE", hide_env_values = true)]
    token_file: Option<PathBuf>,
    #[command(flatten)]
    instance: InstanceArguments,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    findings: Vec<ShownFinding<'a>>,
    sdks: &'a [Verdict],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownFinding<'a> {
    check: &'a str,
    level: Level,
    finding: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<&'a str>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { profile: slot, address, token_file, instance, output } = arguments;
    let server = address.named()?;
    let situation =
        Situation::new(Variables::read(env::present_lossy), Wanted { slot, server, token_file });
    let examined = doctor::examine(&situation, &instance);
    let report = ui::note_if_slow("Waiting for a server or for AWS…", examined).await;
    match output.output {
        Output::Json => ui::json(&shown(&report)),
        Output::Text => print(&report),
    }
    match count(&report, Level::Problem) {
        0 => Ok(()),
        _ => Err(Failure::already_shown()),
    }
}

fn shown(report: &Report) -> Shown<'_> {
    let findings = report.sections.iter().flat_map(|section| {
        section.findings.iter().map(|Finding { level, finding, why, solution }| ShownFinding {
            check: section.title,
            level: *level,
            finding,
            why: why.as_deref(),
            mend: solution.as_deref(),
        })
    });
    Shown { findings: findings.collect(), sdks: &report.sdks }
}

fn print(report: &Report) {
    for section in &report.sections {
        ui::data(section.title);
        for Finding { level, finding, why, solution } in &section.findings {
            let (word, colour) = match level {
                Level::Ok => ("ok", Colour::Green),
                Level::Warning => ("warning", Colour::Yellow),
                Level::Problem => ("problem", Colour::Red),
            };
            let why = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
            ui::marked(word, colour, &format!("{finding}{why}"));
            if let Some(solution) = solution {
                ui::marked("", colour, solution);
            }
        }
    }
    ui::data(&count_in_words(count(report, Level::Problem), count(report, Level::Warning)));
}

fn count(report: &Report, level: Level) -> usize {
    let findings = report.sections.iter().flat_map(|section| &section.findings);
    findings.filter(|finding| finding.level == level).count()
}

fn count_in_words(problems: usize, warnings: usize) -> String {
    let words = |count: usize, word: &str| match count {
        0 => format!("no {word}s"),
        1 => format!("1 {word}"),
        _ => format!("{count} {word}s"),
    };
    format!("{}, {}.", words(problems, "problem"), words(warnings, "warning"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_a_sentence() {
        for (problems, warnings, said) in [
            (0, 0, "no problems, no warnings."),
            (1, 2, "1 problem, 2 warnings."),
            (12, 1, "12 problems, 1 warning."),
        ] {
            assert_eq!(count_in_words(problems, warnings), said);
        }
    }
}
