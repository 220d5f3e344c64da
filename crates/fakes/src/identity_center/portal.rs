//! The service `sso`, the AWS access portal: a user's accounts and roles, and their credentials.

use serde_json::{Value, json};

use super::answer::{Answer, PortalError};
use super::random::{access_key_id, canary};
use super::state::{ApiRequest, Issued, State};

type Outcome = Result<Answer, Answer>;

/// Maximum number of items on a page, as in AWS.
const MAX_PAGE_SIZE: usize = 100;

pub(super) fn list_accounts(state: &State, request: &ApiRequest) -> Outcome {
    user(state, request)?;
    let page = state.directory.page(request.query.get("next_token"), page_size(request)?);
    let (accounts, next_token) = page.ok_or_else(bad_token)?;
    let account_list: Vec<Value> = accounts
        .into_iter()
        .map(|(id, account)| {
            json!({"accountId": id, "accountName": account.name, "emailAddress": account.email})
        })
        .collect();
    Ok(paged("accountList", account_list, next_token))
}

pub(super) fn list_account_roles(state: &State, request: &ApiRequest) -> Outcome {
    user(state, request)?;
    let account_id = account_id(request)?;
    let account = state
        .directory
        .account(account_id)
        .ok_or_else(|| PortalError::ResourceNotFound.because("Account not found"))?;
    let page = account.page(request.query.get("next_token"), page_size(request)?);
    let (roles, next_token) = page.ok_or_else(bad_token)?;
    let role_list: Vec<Value> =
        roles.into_iter().map(|role| json!({"roleName": role, "accountId": account_id})).collect();
    Ok(paged("roleList", role_list, next_token))
}

pub(super) fn role_credentials(state: &mut State, request: &ApiRequest) -> Outcome {
    let user = user(state, request)?.to_owned();
    let account_id = account_id(request)?;
    let role_name = request.query.get("role_name");
    let role_name =
        role_name.ok_or_else(|| PortalError::InvalidRequest.because("role_name is missing"))?;
    let account = state.directory.account(account_id);
    if !account.is_some_and(|account| account.roles.contains(role_name)) {
        return Err(PortalError::Forbidden.because("No access"));
    }
    let access_key_id = access_key_id(state.issued.len() as u64 + 1);
    let (account_id, role_name) = (account_id.to_owned(), role_name.to_owned());
    state.issued.insert(access_key_id.clone(), Issued { user, account_id, role_name });
    let expiration = state.now() + state.options.credentials_life;
    let role_credentials = json!({
        "accessKeyId": access_key_id,
        "secretAccessKey": canary("secret", 40),
        "sessionToken": canary("session-token", 1000),
        "expiration": expiration.as_millisecond(),
    });
    Ok(Answer::json(200, &json!({"roleCredentials": role_credentials})))
}

pub(super) fn logout(state: &mut State, request: &ApiRequest) -> Outcome {
    let now = state.now();
    let token = request.bearer_token.as_deref().unwrap_or_default();
    if state.sessions.log_out(token, now) { Ok(Answer::empty()) } else { Err(unauthorized()) }
}

/// The user of a call.
fn user<'a>(state: &'a State, request: &ApiRequest) -> Result<&'a str, Answer> {
    let token = request.bearer_token.as_deref().unwrap_or_default();
    state.sessions.user(token, state.now()).ok_or_else(unauthorized)
}

fn unauthorized() -> Answer {
    PortalError::Unauthorized.because("Session token not found or invalid")
}

fn bad_token() -> Answer {
    PortalError::InvalidRequest.because("next_token is not valid")
}

fn account_id(request: &ApiRequest) -> Result<&str, Answer> {
    let is_id = |id: &&str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    let not_one = || PortalError::InvalidRequest.because("account_id must have 12 digits");
    request.query.get("account_id").filter(is_id).ok_or_else(not_one)
}

fn page_size(request: &ApiRequest) -> Result<usize, Answer> {
    let Some(text) = request.query.get("max_result") else { return Ok(MAX_PAGE_SIZE) };
    match text.parse() {
        Ok(size @ 1..) => Ok(MAX_PAGE_SIZE.min(size)),
        _ => Err(PortalError::InvalidRequest.because("max_result must be 1 to 100")),
    }
}

fn paged(name: &str, list: Vec<Value>, next_token: Option<String>) -> Answer {
    let mut body = json!({ name: list });
    if let Some(token) = next_token {
        body.as_object_mut().unwrap().insert("nextToken".to_owned(), token.into());
    }
    Answer::json(200, &body)
}
