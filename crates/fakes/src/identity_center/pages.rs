//! The pages for the browser, on which a person approves or denies a client.

use hyper::Method;

use super::answer::Answer;
use super::clients::GrantType;
use super::codes::AuthorizationRequest;
use super::form::{Form, with_query};
use super::state::{ApiRequest, State};

type Outcome = Result<Answer, Answer>;

/// `GET /authorize` asks the person, and `POST /authorize` brings the decision (RFC 6749, section 4.1).
pub(super) fn authorize(state: &mut State, request: &ApiRequest) -> Outcome {
    if request.method == Method::POST {
        return decide(state, &posted(request));
    }
    let asked = authorization_request(state, &request.query)?;
    if state.options.auto_approve {
        return Ok(approve(state, asked));
    }
    let client_id = asked.client_id.clone();
    let name = state.codes.add_pending(asked);
    let title = format!("Allow {} to access your data?", client_name(state, &client_id));
    Ok(page(&title, "", &question("/authorize", "request", &name, &state.options.user)))
}

/// Parses and checks a request. An unknown client or redirect URI gets an error page. Other errors go to the client, by a
/// redirect.
fn authorization_request(state: &State, query: &Form) -> Result<AuthorizationRequest, Answer> {
    let client_id = query.get("client_id").unwrap_or_default();
    let redirect_uri = query.get("redirect_uri").unwrap_or_default();
    let Some(client) = state.clients.client(client_id, state.now()) else {
        return Err(failure("This client is unknown, or its registration has expired"));
    };
    if !client.may_redirect_to(redirect_uri) {
        return Err(failure("The client has not registered this redirect URI"));
    }
    let asked = AuthorizationRequest {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        state: query.get("state").map(str::to_owned),
        code_challenge: query.get("code_challenge").unwrap_or_default().to_owned(),
    };
    let error = |error, description| Err(refuse(&asked, error, description));
    // AWS's clients send `scopes`. RFC 6749 has `scope`.
    let scopes = query.get("scopes").or_else(|| query.get("scope")).unwrap_or_default();
    let mut scopes = scopes.split([' ', ',']).filter(|scope| !scope.is_empty());
    if !client.may_use(GrantType::AuthorizationCode) {
        return error("unauthorized_client", "Not registered for the authorization code grant");
    }
    if query.get("response_type") != Some("code") {
        return error("unsupported_response_type", "response_type must be code");
    }
    if query.get("code_challenge_method") != Some("S256") || asked.code_challenge.len() != 43 {
        return error("invalid_request", "An S256 code_challenge is required");
    }
    if scopes.any(|scope| !client.scopes.iter().any(|registered| registered == scope)) {
        return error("invalid_scope", "Not registered for this scope");
    }
    Ok(asked)
}

fn decide(state: &mut State, form: &Form) -> Outcome {
    let name = form.get("request").unwrap_or_default();
    let Some(asked) = state.codes.take_pending(name) else {
        return Err(failure("There is no request for this decision, or it was decided before"));
    };
    match form.get("decision") {
        Some("approve") => Ok(approve(state, asked)),
        _ => Ok(refuse(&asked, "access_denied", "The user denied it")),
    }
}

fn approve(state: &mut State, asked: AuthorizationRequest) -> Answer {
    let (redirect_uri, client_state) = (asked.redirect_uri.clone(), asked.state.clone());
    let now = state.now();
    let code = state.codes.approve(asked, state.options.user.clone(), now);
    redirect(&redirect_uri, client_state.as_deref(), &[("code", &code)])
}

fn refuse(asked: &AuthorizationRequest, error: &str, description: &str) -> Answer {
    let values = [("error", error), ("error_description", description)];
    redirect(&asked.redirect_uri, asked.state.as_deref(), &values)
}

fn redirect(uri: &str, client_state: Option<&str>, values: &[(&str, &str)]) -> Answer {
    let mut values = values.to_vec();
    values.extend(client_state.map(|state| ("state", state)));
    Answer::redirect(with_query(uri, &values))
}

/// `GET /device` shows the user code, and `POST /device` brings the decision.
pub(super) fn verify_device(state: &mut State, request: &ApiRequest) -> Outcome {
    let form = posted(request);
    let form = if request.method == Method::POST { &form } else { &request.query };
    let Some(user_code) = form.get("user_code") else {
        return Ok(page("Enter the code that your device shows", "", CODE_FORM));
    };
    let user_code = user_code.trim().to_ascii_uppercase();
    let (now, user) = (state.now(), state.options.user.clone());
    let Some(client_id) = state.devices.client_id(&user_code, now).map(str::to_owned) else {
        return Err(failure("This code is unknown, has expired, or was decided before"));
    };
    match form.get("decision").filter(|_| request.method == Method::POST) {
        None => {
            let title = format!("Does {} show this code?", client_name(state, &client_id));
            let code = format!("<p><output id=\"user-code\">{}</output></p>", escape(&user_code));
            Ok(page(&title, &code, &question("/device", "user_code", &user_code, &user)))
        }
        Some("approve") => {
            state.devices.approve(&user_code, user, now);
            Ok(page("Request approved", "<p>You can close this window.</p>", ""))
        }
        Some(_) => {
            state.devices.deny(&user_code, now);
            Ok(page("Request denied", "<p>You can close this window.</p>", ""))
        }
    }
}

fn posted(request: &ApiRequest) -> Form {
    Form::parse(&String::from_utf8_lossy(&request.body))
}

fn client_name(state: &State, id: &str) -> String {
    state.clients.client(id, state.now()).map(|client| client.name.clone()).unwrap_or_default()
}

/// A form with the buttons to approve and to deny. It sends this value with the decision.
fn question(action: &str, name: &str, value: &str, user: &str) -> String {
    format!(
        r#"<p>You are signed in as <strong>{}</strong>.</p>
<form method="post" action="{action}">
<input type="hidden" name="{name}" value="{}">
<button id="approve" name="decision" value="approve">Allow access</button>
<button id="deny" name="decision" value="deny">Deny access</button>
</form>"#,
        escape(user),
        escape(value),
    )
}

fn failure(why: &str) -> Answer {
    Answer::html(400, &document("This is not possible", &format!("<p>{}</p>", escape(why)), ""))
}

fn page(title: &str, text: &str, form: &str) -> Answer {
    Answer::html(200, &document(title, text, form))
}

fn document(title: &str, text: &str, form: &str) -> String {
    let title = escape(title);
    format!(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{STYLE}</style>
<main>
<p>Fake AWS</p>
<h1>{title}</h1>
{text}
{form}
</main>
</html>
"#
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const STYLE: &str = "\
:root { color-scheme: light dark; font: 1.1rem/1.5 system-ui, sans-serif }
main { max-width: 30rem; margin: 10vh auto; padding: 0 1rem }
h1 { font-size: 1.5rem }
output { font: 2rem monospace; letter-spacing: .1em }
button, input { font: inherit; padding: .5em 1em; margin: .25em .5em .25em 0 }";

const CODE_FORM: &str = r#"<form method="get" action="/device">
<label>Code <input name="user_code" autocomplete="off" autofocus required></label>
<button id="next">Next</button>
</form>"#;
