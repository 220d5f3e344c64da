//! The service `sso-oidc`: registration of clients, and tokens by one of three grants.

use hyper::body::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::answer::{Answer, OidcError};
use super::clients::{ACCOUNT_ACCESS, Client, GrantType};
use super::codes::Claim;
use super::form::with_query;
use super::random::canary;
use super::sessions::SessionId;
use super::state::State;

type Outcome = Result<Answer, Answer>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegisterClient {
    client_name: Option<String>,
    client_type: Option<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    #[serde(default)]
    grant_types: Vec<String>,
    issuer_url: Option<String>,
}

pub(super) fn register_client(state: &mut State, body: &Bytes) -> Outcome {
    let input: RegisterClient = parse(body)?;
    let name = required(input.client_name.as_deref(), "clientName")?.to_owned();
    if required(input.client_type.as_deref(), "clientType")? != "public" {
        return Err(OidcError::InvalidClientMetadata.because("clientType must be public"));
    }
    if input.scopes.iter().any(|scope| scope != ACCOUNT_ACCESS) {
        return Err(OidcError::InvalidScope.because("Unknown scope"));
    }
    let grant_types = grant_types(&input.grant_types)?;
    let takes_codes = grant_types.contains(&GrantType::AuthorizationCode);
    if takes_codes {
        check_redirection(state, &input)?;
    }
    let now = state.now();
    let expires = now + state.options.registration_life;
    let secret = canary("client-secret", 1400);
    let mut answer = json!({
        "clientSecret": secret,
        "clientIdIssuedAt": now.as_second(),
        "clientSecretExpiresAt": expires.as_second(),
    });
    let RegisterClient { scopes, redirect_uris, .. } = input;
    let client = Client { name, secret, grant_types, scopes, redirect_uris, expires };
    let mut add = |name: &str, value: String| {
        answer.as_object_mut().unwrap().insert(name.to_owned(), value.into())
    };
    add("clientId", state.clients.register(client));
    if takes_codes && state.options.names_endpoints {
        add("authorizationEndpoint", format!("{}/authorize", state.url));
        add("tokenEndpoint", format!("{}/token", state.url));
    }
    Ok(Answer::json(200, &answer))
}

fn grant_types(names: &[String]) -> Result<Vec<GrantType>, Answer> {
    if names.is_empty() {
        // The default from the time before the authorization code grant.
        return Ok(vec![GrantType::DeviceCode, GrantType::RefreshToken]);
    }
    let grant_types: Vec<GrantType> =
        names.iter().map(|name| GrantType::parse(name)).collect::<Result<_, _>>()?;
    let all = [GrantType::AuthorizationCode, GrantType::DeviceCode, GrantType::RefreshToken];
    if all.iter().all(|grant_type| grant_types.contains(grant_type)) {
        // Some of AWS's instances refuse this: https://github.com/synfinatic/aws-sso-cli/issues/1359
        return Err(OidcError::InvalidRequest.because("These grant types cannot be combined"));
    }
    Ok(grant_types)
}

fn check_redirection(state: &State, input: &RegisterClient) -> Result<(), Answer> {
    if input.redirect_uris.is_empty() {
        return Err(OidcError::InvalidRequest.because("redirectUris is missing"));
    }
    if !input.redirect_uris.iter().all(|uri| uri.starts_with("http://127.0.0.1")) {
        return Err(OidcError::InvalidRedirectUri.because("A redirect URI must be on 127.0.0.1"));
    }
    check_instance(state, input.issuer_url.as_deref(), "issuerUrl")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartDeviceAuthorization {
    client_id: Option<String>,
    client_secret: Option<String>,
    start_url: Option<String>,
}

pub(super) fn start_device_authorization(state: &mut State, body: &Bytes) -> Outcome {
    let input: StartDeviceAuthorization = parse(body)?;
    let client_id = required(input.client_id.as_deref(), "clientId")?;
    let secret = required(input.client_secret.as_deref(), "clientSecret")?;
    let now = state.now();
    let client = state.clients.authenticate(client_id, secret, now)?;
    check_grant(&client, GrantType::DeviceCode)?;
    check_instance(state, input.start_url.as_deref(), "startUrl")?;
    let options = &state.options;
    let expires = now + options.device_code_life;
    let (device_code, user_code) = state.devices.start(client_id, expires, options.device_interval);
    if options.auto_approve {
        state.devices.approve(&user_code, options.user.clone(), now);
    }
    let page = format!("{}/device", state.url);
    Ok(Answer::json(
        200,
        &json!({
            "deviceCode": device_code,
            "userCode": user_code,
            "verificationUri": page,
            "verificationUriComplete": with_query(&page, &[("user_code", &user_code)]),
            "expiresIn": options.device_code_life.as_secs(),
            "interval": options.device_interval.as_secs(),
        }),
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateToken {
    client_id: Option<String>,
    client_secret: Option<String>,
    grant_type: Option<String>,
    device_code: Option<String>,
    code: Option<String>,
    code_verifier: Option<String>,
    redirect_uri: Option<String>,
    refresh_token: Option<String>,
}

pub(super) fn create_token(state: &mut State, body: &Bytes) -> Outcome {
    let input: CreateToken = parse(body)?;
    let client_id = required(input.client_id.as_deref(), "clientId")?;
    let secret = required(input.client_secret.as_deref(), "clientSecret")?;
    let grant_type = GrantType::parse(required(input.grant_type.as_deref(), "grantType")?)?;
    let now = state.now();
    let client = state.clients.authenticate(client_id, secret, now)?;
    check_grant(&client, grant_type)?;
    let session = match grant_type {
        GrantType::RefreshToken => refresh(state, client_id, &input, now)?,
        GrantType::DeviceCode => {
            let device_code = required(input.device_code.as_deref(), "deviceCode")?;
            let user = state.devices.redeem(device_code, client_id, now)?;
            sign_in(state, client_id, &client, user, now)
        }
        GrantType::AuthorizationCode => {
            let user = redeem_code(state, client_id, &input, now)?;
            sign_in(state, client_id, &client, user, now)
        }
    };
    let tokens = state.sessions.tokens(session, now, state.options.access_token_life);
    let mut answer = json!({
        "accessToken": tokens.access_token,
        "tokenType": "Bearer",
        "expiresIn": tokens.expires_in,
    });
    if let Some(token) = tokens.refresh_token {
        answer.as_object_mut().unwrap().insert("refreshToken".to_owned(), token.into());
    }
    Ok(Answer::json(200, &answer))
}

fn refresh(
    state: &mut State,
    client_id: &str,
    input: &CreateToken,
    now: Timestamp,
) -> Result<SessionId, Answer> {
    let token = required(input.refresh_token.as_deref(), "refreshToken")?;
    let session = state.sessions.refresh(token, client_id, now, state.options.refresh_grace);
    session.ok_or_else(|| OidcError::InvalidGrant.because("Invalid refresh token"))
}

/// The user who approved, if the code and the values with it are valid.
fn redeem_code(
    state: &mut State,
    client_id: &str,
    input: &CreateToken,
    now: Timestamp,
) -> Result<String, Answer> {
    let claim = Claim {
        code: required(input.code.as_deref(), "code")?,
        client_id,
        redirect_uri: required(input.redirect_uri.as_deref(), "redirectUri")?,
        code_verifier: required(input.code_verifier.as_deref(), "codeVerifier")?,
    };
    state.codes.redeem(&claim, now).map_err(|why| OidcError::InvalidGrant.because(why))
}

/// Starts a session of the user who approved.
fn sign_in(
    state: &mut State,
    client_id: &str,
    client: &Client,
    user: String,
    now: Timestamp,
) -> SessionId {
    let ends = now + state.options.session_life;
    state.sessions.start(user, client_id, client.is_refreshable(), ends)
}

fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, Answer> {
    let unreadable = |_| OidcError::InvalidRequest.because("The body is not valid");
    serde_json::from_slice(body).map_err(unreadable)
}

fn required<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, Answer> {
    let missing = || OidcError::InvalidRequest.because(&format!("{name} is missing"));
    value.filter(|value| !value.is_empty()).ok_or_else(missing)
}

fn check_grant(client: &Client, grant_type: GrantType) -> Result<(), Answer> {
    if client.may_use(grant_type) {
        return Ok(());
    }
    Err(OidcError::UnauthorizedClient.because("The client is not registered for this grant type"))
}

/// Checks that a URL is the start URL of the instance. `/start`, `/start/` and `/start#/` are the same.
fn check_instance(state: &State, url: Option<&str>, name: &str) -> Result<(), Answer> {
    let bare =
        |url: &str| url.split('#').next().unwrap_or_default().trim_end_matches('/').to_owned();
    if bare(required(url, name)?) == bare(&state.options.start_url) {
        return Ok(());
    }
    Err(OidcError::InvalidRequest.because(&format!("{name} is not the start URL of an instance")))
}
