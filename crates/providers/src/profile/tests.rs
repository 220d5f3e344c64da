//! Ways to credentials that need no call to AWS.

use std::sync::Arc;

use fakes::FakeClock;

use super::*;

const CONFIG: &str = "\
[profile plain]
credential_process = test ' # ' = ' ; ' ||
  echo '{\"Version\":1,\"AccessKeyId\":\"ASIA1\",\"SecretAccessKey\":\"CANARY-s\",\"SessionToken\":\"CANARY-t\"}'
aws_account_id = 123456789012
[profile saml]
aws_access_key_id = ASIA2
aws_secret_access_key = CANARY-s
aws_security_token = CANARY-old
[profile with-code]
role_arn = arn:aws:iam::123456789012:role/Ops
source_profile = saml
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile portal]
sso_start_url = https://corp.awsapps.com/start
sso_region = eu-west-1
sso_account_id = 123456789012
sso_role_name = Admin
[profile with-code-of-nobody]
role_arn = arn:aws:iam::123456789012:role/Ops
source_profile = portal
mfa_serial = arn:aws:iam::123456789012:mfa/me
[profile broken-keys]
aws_access_key_id = has blanks
aws_secret_access_key = CANARY-s
";

async fn profile(name: &str) -> Result<Fetched, Failure> {
    let aws = Aws::new(Arc::new(FakeClock::at("2026-11-22T20:16:31Z")), None);
    let contents = [CONFIG.as_bytes().to_vec(), Vec::new()];
    let config = AwsConfig::of(["config".into(), "credentials".into()], &contents);
    aws.profile(&config, &ProfileName::parse(name).unwrap(), None).await
}

#[tokio::test]
async fn a_process_on_two_lines_with_comment_signs_is_run_as_it_is() {
    let fetched = profile("plain").await.unwrap();
    assert_eq!(fetched.credentials.access_key_id.as_str(), "ASIA1");
    assert_eq!(fetched.credentials.session_token.expose(), "CANARY-t");
    assert_eq!(fetched.principal.account_id.unwrap().as_str(), "123456789012");
}

#[tokio::test]
async fn session_keys_of_older_tools_are_taken() {
    let fetched = profile("saml").await.unwrap();
    assert_eq!(fetched.credentials.session_token.expose(), "CANARY-old");
    assert!(fetched.credentials.expiration.is_assumed());
}

#[tokio::test]
async fn what_can_not_work_is_told_by_name() {
    for (name, problem, text) in [
        (
            "with-code",
            Problem::SignInNeeded,
            "the profile `with-code` needs a code of the MFA device arn:aws:iam::123456789012:mfa/me",
        ),
        (
            "with-code-of-nobody",
            Problem::Invalid,
            "the profile `with-code-of-nobody` has mfa_serial, but its source signs in to `corp`: \
             only a user of IAM has an MFA device. Remove mfa_serial",
        ),
        ("portal", Problem::Invalid, "the profile `portal` now signs in to IAM Identity Center"),
        (
            "broken-keys",
            Problem::Invalid,
            "aws_access_key_id of the profile `broken-keys` must be 1 to 128 letters and digits",
        ),
    ] {
        let failure = profile(name).await.unwrap_err();
        assert_eq!((failure.problem, failure.to_string().as_str()), (problem, text), "{name}");
        assert!(!failure.whole().contains("CANARY"));
    }
}
