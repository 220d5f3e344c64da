//! Credentials that a person or a program passes in: from the environment, or the output of a `credential_process`.

use credentials::{AccessKeyId, AccountId, Expiration, Failure, Invalid, Secret};
use serde::Deserialize;
use zeroize::Zeroizing;

/// Credentials as they were passed in: session token and expiration may be missing.
#[derive(Debug)]
pub struct PartialCredentials {
    /// The access key id.
    pub access_key_id: AccessKeyId,
    /// The secret access key.
    pub secret_access_key: Secret,
    /// The session token. Long-term access keys have none.
    pub session_token: Option<Secret>,
    /// The expiration, if the source gives one.
    pub expiration: Option<Expiration>,
    /// The account, if the source gives one.
    pub account_id: Option<AccountId>,
}

/// The output of a `credential_process` (AWS SDKs and Tools Reference Guide, "Process credential provider").
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessOutput {
    /// An answer of AWS STS has none.
    version: Option<u64>,
    access_key_id: String,
    secret_access_key: Zeroizing<String>,
    session_token: Option<Zeroizing<String>>,
    expiration: Option<String>,
    account_id: Option<String>,
}

impl PartialCredentials {
    /// The largest output of a `credential_process` that is accepted.
    pub const MAX_OUTPUT_BYTES: usize = 64 * 1024;

    /// Parses the output of a `credential_process`.
    ///
    /// # Errors
    /// A key is missing or wrong. The message names the key, never its value.
    pub fn from_process_output(json: &[u8]) -> Result<Self, Failure> {
        let output: Option<ProcessOutput> = serde_json::from_slice(json).ok();
        let output = output.filter(|output| output.version.is_some()).ok_or_else(|| {
            Failure::failed(
                "the output is not that of a credential_process: a JSON object with Version 1, AccessKeyId, SecretAccessKey, and \
                 optionally SessionToken, Expiration and AccountId",
            )
        })?;
        if output.version != Some(1) {
            return Err(Failure::failed("Version must be 1"));
        }
        Self::parse(output)
    }

    /// Parses what a person pipes in: the output of a `credential_process`, or an answer of AWS STS,
    /// `{"Credentials":{…}}`, which the AWS CLI prints for `assume-role` and `get-session-token`.
    ///
    /// # Errors
    /// As [`Self::from_process_output`].
    pub fn from_input(json: &[u8]) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            credentials: ProcessOutput,
        }
        match serde_json::from_slice::<Answer>(json) {
            Ok(answer) => Self::parse(answer.credentials),
            Err(_) => Self::from_process_output(json),
        }
    }

    fn parse(output: ProcessOutput) -> Result<Self, Failure> {
        let wrong =
            |key: &'static str| move |invalid: Invalid| Failure::failed(format!("{key} {invalid}"));
        let secret = |mut text: Zeroizing<String>| Secret::parse(std::mem::take(&mut *text));
        let session_token = output.session_token.filter(|token| !token.is_empty());
        let (expiration, account_id) = (output.expiration, output.account_id);
        Ok(Self {
            access_key_id: AccessKeyId::parse(&output.access_key_id)
                .map_err(wrong("AccessKeyId"))?,
            secret_access_key: secret(output.secret_access_key)
                .map_err(wrong("SecretAccessKey"))?,
            session_token: session_token.map(secret).transpose().map_err(wrong("SessionToken"))?,
            expiration: expiration
                .map(|text| Expiration::parse(&text))
                .transpose()
                .map_err(wrong("Expiration"))?,
            account_id: account_id
                .map(|text| AccountId::parse(&text))
                .transpose()
                .map_err(wrong("AccountId"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"Version":1,"AccessKeyId":"ASIA1","SecretAccessKey":"CANARY-s",
        "SessionToken":"CANARY-t","Expiration":"2026-11-22T22:16:31+01:00","AccountId":"12"}"#;

    #[test]
    fn the_output_of_a_credential_process_is_parsed() {
        let given = PartialCredentials::from_process_output(WHOLE.as_bytes()).unwrap();
        assert_eq!(given.expiration.unwrap().to_string(), "2026-11-22T21:16:31Z");
        assert_eq!(given.session_token.unwrap().expose(), "CANARY-t");
        assert_eq!(given.account_id.unwrap().as_str(), "000000000012");
    }

    #[test]
    fn an_answer_of_sts_is_input_but_no_output_of_a_credential_process() {
        let sts = WHOLE.replace("\"Version\":1,", "");
        let sts = format!(r#"{{"Credentials":{sts},"AssumedRoleUser":{{"Arn":"arn:…"}}}}"#);
        let given = PartialCredentials::from_input(sts.as_bytes()).unwrap();
        assert_eq!(given.access_key_id.as_str(), "ASIA1");
        assert_eq!(given.expiration.unwrap().to_string(), "2026-11-22T21:16:31Z");
        assert!(PartialCredentials::from_input(WHOLE.as_bytes()).is_ok());
        let bare = WHOLE.replace("\"Version\":1,", "");
        for refused in [sts, bare] {
            let refused = PartialCredentials::from_process_output(refused.as_bytes()).unwrap_err();
            assert!(refused.message.starts_with("the output is not that of"), "{refused}");
        }
    }

    #[test]
    fn an_empty_session_token_is_none() {
        let given =
            PartialCredentials::from_process_output(WHOLE.replace("CANARY-t", "").as_bytes())
                .unwrap();
        assert!(given.session_token.is_none());
    }

    #[test]
    fn errors_in_the_output_name_the_key_and_not_the_value() {
        for (replaced, by, told) in [
            ("\"Version\":1", "\"Version\":2", "Version must be 1"),
            ("ASIA1", "AS IA", "AccessKeyId must be"),
            ("CANARY-s", "CANARY s", "SecretAccessKey must be"),
            ("2026-11-22T22:16:31+01:00", "tomorrow CANARY", "Expiration must be an RFC 3339"),
            ("\"12\"", "\"CANARY\"", "AccountId must be"),
            ("\"CANARY-s\"", "[\"CANARY\"]", "the output is not that of a credential_process"),
            ("{", "", "the output is not that of a credential_process"),
        ] {
            let text =
                PartialCredentials::from_process_output(WHOLE.replace(replaced, by).as_bytes())
                    .unwrap_err()
                    .to_string();
            assert!(text.starts_with(told), "{by}: {text}");
            assert!(!text.contains("CANARY"), "{text}");
        }
    }
}
