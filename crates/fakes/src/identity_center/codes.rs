//! The authorization code grant (RFC 7636): requests that a person approves in the browser, and the codes for them.

use std::collections::HashMap;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::random;

/// Lifetime of a code, from AWS's documentation of CreateToken.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// A request of a client, which comes through the browser.
#[derive(Clone)]
pub(super) struct AuthorizationRequest {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    /// The SHA-256 digest of the verifier that the client will send.
    pub(super) code_challenge: String,
}

struct Code {
    request: AuthorizationRequest,
    user: String,
    expires: Timestamp,
}

#[derive(Default)]
pub(super) struct Codes {
    /// Requests without a decision, by the name that their page contains.
    pending: HashMap<String, AuthorizationRequest>,
    codes: HashMap<String, Code>,
}

/// The values that a client sends to get tokens.
pub(super) struct Claim<'a> {
    pub(super) code: &'a str,
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) code_verifier: &'a str,
}

impl Codes {
    /// Stores a request until it is approved or denied. Returns its name.
    pub(super) fn add_pending(&mut self, request: AuthorizationRequest) -> String {
        let name = random::id(24);
        self.pending.insert(name.clone(), request);
        name
    }

    pub(super) fn take_pending(&mut self, name: &str) -> Option<AuthorizationRequest> {
        self.pending.remove(name)
    }

    /// Makes a code for a request that this user has approved.
    pub(super) fn approve(
        &mut self,
        request: AuthorizationRequest,
        user: String,
        now: Timestamp,
    ) -> String {
        let code = random::id(120);
        self.codes.insert(code.clone(), Code { request, user, expires: now + LIFETIME });
        code
    }

    /// The user who approved the request of a code. A code is valid for one attempt, even for a failed one.
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
            Err("The code belongs to another client")
        } else if code.request.redirect_uri != claim.redirect_uri {
            Err("The redirect URI is different")
        } else if code.request.code_challenge != challenge {
            Err("The code verifier does not match the challenge")
        } else {
            Ok(code.user)
        }
    }
}
