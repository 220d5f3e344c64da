//! The authorization code grant: what a browser is asked to approve, and the codes that come of it (RFC 7636).

use std::collections::HashMap;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::random;

/// As AWS's documentation of CreateToken has it.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// What a client asks for, by way of the browser.
#[derive(Clone)]
pub(super) struct AuthorizationRequest {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    /// The S256 of the verifier that the client will show.
    pub(super) code_challenge: String,
}

struct Code {
    request: AuthorizationRequest,
    user: String,
    expires: Timestamp,
}

#[derive(Default)]
pub(super) struct Codes {
    /// On a page that nobody has answered yet, by a name that is in that page.
    asked: HashMap<String, AuthorizationRequest>,
    codes: HashMap<String, Code>,
}

/// What a client shows for tokens.
pub(super) struct Claim<'a> {
    pub(super) code: &'a str,
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) code_verifier: &'a str,
}

impl Codes {
    /// Keeps a request until it is approved or denied, and gives its name.
    pub(super) fn ask(&mut self, request: AuthorizationRequest) -> String {
        let name = random::id(24);
        self.asked.insert(name.clone(), request);
        name
    }

    pub(super) fn take_asked(&mut self, name: &str) -> Option<AuthorizationRequest> {
        self.asked.remove(name)
    }

    /// A code for a request that this user approved.
    pub(super) fn approve(
        &mut self,
        request: AuthorizationRequest,
        user: String,
        now: Timestamp,
    ) -> String {
        let code = random::id(120);
        self.codes.insert(code.clone(), Code { request, user, expires: now + LIFE });
        code
    }

    /// The user who approved. A code is good for one attempt, and that one must be right in all.
    pub(super) fn redeem(
        &mut self,
        claim: &Claim<'_>,
        now: Timestamp,
    ) -> Result<String, &'static str> {
        let Some(code) = self.codes.remove(claim.code) else { return Err("Unknown code") };
        let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(claim.code_verifier));
        if code.expires <= now {
            Err("The code has expired")
        } else if code.request.client_id != claim.client_id {
            Err("The code is another client's")
        } else if code.request.redirect_uri != claim.redirect_uri {
            Err("The redirect URI is another one")
        } else if code.request.code_challenge != challenge {
            Err("The code verifier does not fit the challenge")
        } else {
            Ok(code.user)
        }
    }
}
