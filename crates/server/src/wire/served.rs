//! `GET /` and `GET /slot/NAME`: credentials for SDKs and for our own client.

use bytes::Bytes;
use credentials::{
    AccessKeyId, AccountId, Credentials, Expiration, Fetched, Principal, RoleArn, Secret,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::secret_json;

/// Writes credentials. The bytes are wiped after the last answer that contains them.
///
/// `None`: they would be larger than some SDK accepts.
pub(crate) fn credentials(principal: &Principal, credentials: &Credentials) -> Option<Bytes> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Body<'a> {
        access_key_id: &'a str,
        secret_access_key: &'a str,
        token: &'a str,
        expiration: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        role_arn: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        account_id: Option<&'a str>,
    }
    let body = Body {
        access_key_id: credentials.access_key_id.as_str(),
        secret_access_key: credentials.secret_access_key.expose(),
        token: credentials.session_token.expose(),
        expiration: credentials.expiration.to_string(),
        role_arn: principal.role_arn().map(|arn| arn.to_string()),
        account_id: principal.account_id.as_ref().map(|id| id.as_str()),
    };
    let json = secret_json(&body);
    (json.len() <= MAX_ANSWER).then(|| Bytes::from_owner(json))
}

/// Parses credentials. `None`: it is something else, or larger than any answer of a server.
pub fn read_credentials(json: &[u8]) -> Option<Fetched> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Body {
        access_key_id: String,
        secret_access_key: Zeroizing<String>,
        token: Zeroizing<String>,
        expiration: String,
        role_arn: Option<String>,
        account_id: Option<String>,
    }
    if json.len() > MAX_ANSWER {
        return None;
    }
    let body: Body = serde_json::from_slice(json).ok()?;
    let secret = |mut text: Zeroizing<String>| Secret::parse(std::mem::take(&mut *text)).ok();
    let arn = body.role_arn.map(|arn| RoleArn::parse(&arn)).transpose().ok()?;
    let account_id = body.account_id.map(|id| AccountId::parse(&id)).transpose().ok()?;
    let principal = match arn {
        Some(arn) => Principal::from(arn),
        None => Principal { account_id, ..Principal::default() },
    };
    let credentials = Credentials {
        access_key_id: AccessKeyId::parse(&body.access_key_id).ok()?,
        secret_access_key: secret(body.secret_access_key)?,
        session_token: secret(body.token)?,
        expiration: Expiration::parse(&body.expiration).ok()?,
    };
    Some(Fetched { principal, credentials })
}

/// One byte less than the lowest limit of an SDK: aws-c-auth, 10,000 bytes.
const MAX_ANSWER: usize = 9_999;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn served_credentials_can_be_parsed_again() {
        let profile = fakes::profile("dev", "2026-11-22T21:16:31Z");
        let unknown = Principal { account_id: AccountId::parse("1").ok(), ..Principal::default() };
        for principal in [profile.principal, unknown, Principal::default()] {
            let json = credentials(&principal, &profile.credentials).unwrap();
            let read = read_credentials(&json).unwrap();
            assert_eq!(read.principal, principal);
            assert_eq!(read.credentials.access_key_id, profile.credentials.access_key_id);
            assert_eq!(read.credentials.expiration, profile.credentials.expiration);
            let tokens =
                [&read.credentials, &profile.credentials].map(|c| c.session_token.expose());
            assert_eq!(tokens[0], tokens[1]);
        }
    }

    #[test]
    fn answers_of_other_programs_are_refused() {
        let profile = fakes::profile("dev", "2026-11-22T21:16:31Z");
        let json = credentials(&profile.principal, &profile.credentials).unwrap();
        let json = std::str::from_utf8(&json).unwrap();
        for (replaced, by) in [
            ("ASIAFAKE", "ASIA FAKE"),
            ("2026-11-22", "tomorrow"),
            ("\"Token\"", "\"token\""),
            ("arn:aws:iam", "arn:gcp:iam"),
            ("{", "["),
        ] {
            assert!(read_credentials(json.replace(replaced, by).as_bytes()).is_none(), "{by}");
        }
        let padded = format!("{json}{}", " ".repeat(MAX_ANSWER));
        assert!(read_credentials(padded.as_bytes()).is_none());
    }
}
