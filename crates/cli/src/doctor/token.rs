//! Checks the authorization token that SDKs would send, in the way each SDK reads it. Never shows it.

use std::io::ErrorKind;
use std::path::Path;

use credentials::{Clock, SlotName};
use files::{Fault, FileError};
use server::{AuthorizationToken, Denied, Grant, Scope, TokenStore};
use zeroize::Zeroizing;

use super::finding::Finding;
use super::sdks;
use super::situation::Situation;
use crate::client::Client;
use crate::ground::clock::SystemClock;
use crate::ground::paths;
use crate::programs::exports::{TOKEN, TOKEN_FILE};

/// The findings about both variables.
pub(super) async fn look(situation: &Situation) -> Vec<Finding> {
    let (variable, path) =
        (situation.variables.present(TOKEN), situation.variables.present(TOKEN_FILE));
    let mut findings = Vec::new();
    let mut file = None;
    match path {
        Some("") => findings.push(
            Finding::problem(
                format!("{TOKEN_FILE} is set to nothing"),
                "several SDKs fail, because there is no such file",
            )
            .with_solution(format!("unset {TOKEN_FILE}")),
        ),
        Some(path) => match read(path) {
            Ok(text) => {
                findings.extend(form(&text, true, &situation.make_token(path)));
                findings.extend(exposure(situation, path));
                file = Some(text);
            }
            Err(error) => findings.push(unreadable(situation, path, &error)),
        },
        None => {}
    }
    if let Some(text) = variable {
        findings.extend(form(text, false, &situation.export()));
    }
    if let (Some(text), Some(file)) = (variable.filter(|text| !text.is_empty()), &file)
        && text != file.trim()
    {
        let who = sdks::preferring_token_variable();
        let why = format!("{who} and OpenDAL send the first, the others the second");
        let finding = format!("{TOKEN} and the file of {TOKEN_FILE} hold different tokens");
        findings.push(Finding::warning(finding, why).with_solution(situation.export()));
    }
    let token = file.as_ref().map(|text| text.trim()).or(variable);
    match token.filter(|token| !token.is_empty()) {
        Some(token) => findings.extend(meaning(situation, token, path).await),
        None if findings.is_empty() => {
            findings.push(Finding::ok("no token is sent; programs of yours on this host need none"))
        }
        None => {}
    }
    findings
}

/// Reads the file as SDKs do: through links, and with any permissions.
fn read(path: &str) -> Result<Zeroizing<String>, FileError> {
    let bytes = files::read(Path::new(path), MAX_BYTES)?;
    String::from_utf8(bytes).map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        FileError::unreadable(Path::new(path), ErrorKind::InvalidData.into())
    })
}

fn unreadable(situation: &Situation, path: &str, error: &FileError) -> Finding {
    let what = match error.is_missing() {
        true => "is not there".to_owned(),
        false => error.fault.to_string(),
    };
    Finding::problem(
        format!("the file {path} of {TOKEN_FILE} {what}"),
        "SDKs fail, or wait for ever (Common Runtime), whatever else is set",
    )
    .with_solution(situation.make_token(path))
}

/// The finding for a form that makes SDKs fail.
fn form(text: &str, in_file: bool, solution: &str) -> Option<Finding> {
    let what = match in_file {
        true => format!("the file of {TOKEN_FILE}"),
        false => TOKEN.to_owned(),
    };
    if text.is_empty() {
        let why = "SDKs send no token, or an empty one, or fail";
        return Some(Finding::problem(format!("{what} is empty"), why).with_solution(solution));
    }
    let who = sdks::refusing_line_breaks(in_file);
    text.contains(['\r', '\n']).then(|| {
        let why = format!("refused by {who}");
        Finding::problem(format!("{what} has a line break in it"), why).with_solution(solution)
    })
}

/// The finding for a file that other users can read.
fn exposure(situation: &Situation, path: &str) -> Option<Finding> {
    let error = files::read_private(Path::new(path), MAX_BYTES).err()?;
    let why = match error.fault {
        Fault::OpenToOthers | Fault::OtherOwner => "everyone who reads it can use the token",
        Fault::Link => "aws-sso does not follow links, which can change",
        Fault::Unreadable(_)
        | Fault::Unwritable(_)
        | Fault::Unremovable(_)
        | Fault::NotAFile
        | Fault::NotAFolder
        | Fault::Writable
        | Fault::FolderOpenToOthers
        | Fault::FolderWritable
        | Fault::TooLarge(_)
        | Fault::Locked
        | Fault::Changed => return None,
    };
    let finding = Finding::warning(format!("the token file {error}"), why);
    Some(finding.with_solution(situation.make_token(path)))
}

/// The finding about validity and scope of the token.
async fn meaning(situation: &Situation, token: &str, path: Option<&str>) -> Option<Finding> {
    let path = path.filter(|path| !path.is_empty());
    let solution = path.map_or_else(|| format!("unset {TOKEN}"), |path| situation.make_token(path));
    let problem = |finding: &str| {
        Some(
            Finding::problem(finding, "the server answers 401, to your own programs too")
                .with_solution(solution.clone()),
        )
    };
    let Ok(parsed) = AuthorizationToken::parse(token.to_owned()) else {
        return problem("what is sent as a token is none of aws-sso");
    };
    let keys = match TokenStore::at(paths::token_store()).keys() {
        Ok(keys) => keys,
        Err(error) => return Some(Finding::of(error.into(), "no token can be checked")),
    };
    let now = SystemClock.now();
    match keys.map_or(Err(Denied::Unknown), |keys| keys.check(token, now)) {
        Ok(grant) => Some(scope(situation, &grant, now, path)),
        Err(Denied::Expired(serial)) => problem(&format!("the token {serial} has expired")),
        Err(Denied::Revoked(serial)) => problem(&format!("the token {serial} was revoked")),
        // It may come from another machine, with its server behind a forwarded port.
        Err(Denied::Unknown) => match taken_by_server(situation, parsed).await {
            true => Some(Finding::ok("the server takes the token, which was not made here")),
            false => problem("the token is none that was made here"),
        },
    }
}

async fn taken_by_server(situation: &Situation, token: AuthorizationToken) -> bool {
    Client::with_token(situation.server.clone(), token).named_profiles().await.is_ok()
}

fn scope(
    situation: &Situation,
    grant: &Grant,
    now: credentials::Timestamp,
    path: Option<&str>,
) -> Finding {
    let (serial, left) = (grant.serial, grant.expiration.remaining(now));
    let slot = &situation.slot;
    let solution = |finding: Finding| match path {
        Some(path) => finding.with_solution(situation.make_token(path)),
        None => finding.with_solution(format!("unset {TOKEN}")),
    };
    match &grant.scope {
        Scope::Admin => solution(Finding::warning(
            format!("the token {serial} may load and unload too"),
            "programs need one that reads a slot, and whoever gets this one can replace their credentials",
        )),
        Scope::HandIn(_) | Scope::HandInAll => solution(Finding::problem(
            format!("the token {serial} only hands in credentials"),
            "the server refuses it for reading",
        )),
        Scope::Read(slots) if !slots.contains(slot) => {
            let names: Vec<_> = slots.iter().map(SlotName::to_string).collect();
            let finding = format!("the token {serial} is for {}", names.join(", "));
            solution(Finding::problem(finding, format!("the server refuses it for {slot}")))
        }
        Scope::Read(_) | Scope::ReadAll => {
            Finding::ok(format!("the token {serial} is for {slot}, for {left}"))
        }
    }
}

const MAX_BYTES: u64 = AuthorizationToken::MAX_LENGTH as u64;
