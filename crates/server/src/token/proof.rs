//! How a server proves that it has the root key, before a client sends it a token or credentials.
//!
//! The client sends a challenge: `GET /proof?nonce=NONCE`, or also `&token=CLAIMS` with the claims of a token, but not its
//! code. The server answers with an HMAC-SHA256 of the nonce and of the `Host` that the client asked for. Its key is made from the
//! root key; with claims it is the code of these claims, which the client has in its token. The gate accepts only the
//! server's own port in `Host`. So a program at another port cannot use the server's answer as its own.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use super::{AuthorizationToken, Keys, claims_and_code, signed_bytes};

/// What a client asks of a server of which it knows nothing yet, and how it checks the answer. Used once.
pub struct Challenge {
    nonce: [u8; NONCE_LENGTH],
    claims: Option<Vec<u8>>,
    key: hmac::Key,
}

/// The same as the server reads it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Question {
    nonce: [u8; NONCE_LENGTH],
    claims: Option<Vec<u8>>,
}

/// The answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Proof {
    proof: String,
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenge").finish_non_exhaustive()
    }
}

impl Challenge {
    /// A challenge for the server that the client means: the one that made this token; without a token, or with one of
    /// these keys, the one that has the keys. `None`: the client has nothing to recognize its server by.
    pub fn new(token: Option<&AuthorizationToken>, keys: Option<&Keys>) -> Option<Self> {
        let signed = token.and_then(|token| signed_bytes(token.expose()));
        let parts = signed.as_deref().and_then(|signed| claims_and_code(signed));
        // Who has a token of ours knows its code, but not our root key.
        let foreign =
            parts.filter(|(claims, code)| !keys.is_some_and(|keys| keys.made(claims, code)));
        let (claims, key) = match (foreign, keys) {
            (Some((claims, code)), _) => {
                (Some(claims.to_vec()), hmac::Key::new(hmac::HMAC_SHA256, code))
            }
            (None, Some(keys)) => (None, keys.proof_key(None)),
            (None, None) => return None,
        };
        let mut nonce = [0; NONCE_LENGTH];
        SystemRandom::new().fill(&mut nonce).ok()?;
        Some(Self { nonce, claims, key })
    }

    /// The path and query of the request.
    pub fn path(&self) -> String {
        let claims = self.claims.as_ref().map(|claims| BASE64URL_NOPAD.encode(claims));
        let claims = claims.map_or_else(String::new, |claims| format!("&token={claims}"));
        format!("/proof?nonce={}{claims}", BASE64URL_NOPAD.encode(&self.nonce))
    }

    /// Whether the body of the answer proves that the server is the one that the client means. `host` is the `Host` of the
    /// request.
    pub fn is_answered_by(&self, body: &[u8], host: &str) -> bool {
        let proof = serde_json::from_slice(body).ok();
        let code = proof.and_then(|Proof { proof }| BASE64URL_NOPAD.decode(proof.as_bytes()).ok());
        code.is_some_and(|code| hmac::verify(&self.key, &text(&self.nonce, host), &code).is_ok())
    }
}

impl Question {
    /// Parses the values of the query. `None`: they are no question.
    pub(crate) fn parse(nonce: &str, claims: Option<&str>) -> Option<Self> {
        let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let claims = match claims {
            Some(claims) => Some(decode(claims)?),
            None => None,
        };
        Some(Self { nonce: decode(nonce)?.try_into().ok()?, claims })
    }

    pub(super) fn answer(&self, keys: &Keys, host: &str) -> Proof {
        let code = hmac::sign(&keys.proof_key(self.claims.as_deref()), &text(&self.nonce, host));
        Proof { proof: BASE64URL_NOPAD.encode(code.as_ref()) }
    }
}

impl Keys {
    fn proof_key(&self, claims: Option<&[u8]>) -> hmac::Key {
        let code = self.code(claims.unwrap_or(PROOF_OF_ROOT_KEY));
        hmac::Key::new(hmac::HMAC_SHA256, code.as_ref())
    }
}

fn text(nonce: &[u8; NONCE_LENGTH], host: &str) -> Vec<u8> {
    [LABEL, nonce, host.as_bytes()].concat()
}

const NONCE_LENGTH: usize = 32;
/// Claims start with their version, which is never 0.
const PROOF_OF_ROOT_KEY: &[u8] = b"\0proof of the root key";
const LABEL: &[u8] = b"ecs proof 1\0";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use credentials::Expiration;
    use zeroize::Zeroizing;

    use super::*;
    use crate::path::Resource;
    use crate::token::{Grant, Scope, Serial};

    const HOST: &str = "localhost:4144";

    fn keys(root: u8) -> Keys {
        Keys::new(&Zeroizing::new([root; 32]), 0, HashSet::new())
    }

    fn token(keys: &Keys) -> AuthorizationToken {
        let grant =
            Grant { serial: Serial([7; 8]), scope: Scope::Admin, expiration: Expiration::LAST };
        keys.make(grant).unwrap()
    }

    /// The answer of a server with these keys that was asked as this host.
    fn answer(keys: &Keys, challenge: &Challenge, host: &str) -> Vec<u8> {
        let path = challenge.path();
        let (path, query) = path.split_once('?').unwrap();
        let Ok(Resource::Proof(question)) = Resource::parse(path, Some(query)) else { panic!() };
        serde_json::to_vec(&question.answer(keys, host)).unwrap()
    }

    #[test]
    fn only_a_server_with_the_root_key_or_the_tokens_key_answers_a_challenge() {
        let (ours, theirs) = (keys(1), keys(2));
        let (our_token, their_token) = (token(&ours), token(&theirs));
        for (token, known, right, wrong) in [
            (None, Some(&ours), &ours, &theirs),
            (Some(&our_token), Some(&ours), &ours, &theirs),
            (Some(&our_token), None, &ours, &theirs),
            (Some(&their_token), Some(&ours), &theirs, &ours),
        ] {
            let challenge = Challenge::new(token, known).unwrap();
            assert!(challenge.is_answered_by(&answer(right, &challenge, HOST), HOST));
            assert!(!challenge.is_answered_by(&answer(wrong, &challenge, HOST), HOST));
            let other_port = answer(right, &challenge, "localhost:4145");
            assert!(!challenge.is_answered_by(&other_port, HOST), "relayed from another port");
            let other = Challenge::new(token, known).unwrap();
            assert!(!other.is_answered_by(&answer(right, &challenge, HOST), HOST), "replayed");
            for nothing in [&b""[..], b"{}", b"{\"proof\":\"\"}"] {
                assert!(!challenge.is_answered_by(nothing, HOST));
            }
        }
        assert!(Challenge::new(None, None).is_none());
    }

    #[test]
    fn who_has_only_a_token_cannot_prove_to_be_the_server_that_made_it() {
        let ours = keys(1);
        let stolen = token(&ours);
        let signed = signed_bytes(stolen.expose()).unwrap();
        let (_, code) = claims_and_code(&signed).unwrap();
        let challenge = Challenge::new(Some(&stolen), Some(&ours)).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, code);
        let forged = hmac::sign(&key, &text(&challenge.nonce, HOST));
        let proof = Proof { proof: BASE64URL_NOPAD.encode(forged.as_ref()) };
        assert!(!challenge.is_answered_by(&serde_json::to_vec(&proof).unwrap(), HOST));
    }

    #[test]
    fn a_challenge_contains_no_code_and_its_answer_is_no_token() {
        let ours = keys(1);
        let token = token(&ours);
        let challenge = Challenge::new(Some(&token), None).unwrap();
        let code = token.expose().get(token.expose().len() - 40..).unwrap();
        assert!(!challenge.path().contains(code));
        // The claims of a stranger give a proof with a key made of their code, never the code.
        let question = Question { nonce: [0; NONCE_LENGTH], claims: challenge.claims };
        let Proof { proof } = question.answer(&ours, HOST);
        assert!(!token.expose().ends_with(&proof));
    }
}
