//! `PUT /` and `PUT /slot/NAME`: the body that the reference client sends, and ours.
//!
//! Wrong bodies are told which field is wrong and what it must be, never what it was: the JSON library's own
//! messages quote the value, so they are not used.

use credentials::{
    AccessKeyId, AccountId, Credentials, Expiration, Invalid, Principal, Profile, ProfileName,
    RoleArn, RoleName, Secret, Source, Timestamp,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::value::{Object, Value, take};
use super::{SourceObject, secret_json};

/// What a load may take the place of in its slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replace {
    /// Whatever is there.
    #[default]
    Anything,
    /// Only what was loaded from an equal source.
    SameSource,
}

/// What is put into a slot.
pub(crate) enum Upload {
    /// Credentials, and perhaps how they are got again.
    Credentials(Profile),
    /// A name, and how to get credentials.
    Source(ProfileName, Source),
}

/// Why a body is not an upload.
#[derive(Debug)]
pub(crate) enum BadUpload {
    /// It is not an object of JSON; this says what it must be.
    Malformed(&'static str),
    /// A field is missing or wrong.
    Field(&'static str, Invalid),
}

impl Upload {
    /// The name of the profile, which is a named slot's too.
    pub(crate) fn name(&self) -> &ProfileName {
        match self {
            Self::Credentials(profile) => &profile.name,
            Self::Source(name, _) => name,
        }
    }
}

/// The upload that loads `profile` into a slot.
pub fn write_upload(profile: &Profile, replace: Replace) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Upload<'a> {
        profile_name: &'a str,
        creds: Creds<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<SourceObject>,
        /// `false`: only what was loaded from an equal source.
        #[serde(skip_serializing_if = "Clone::clone")]
        replace: bool,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Creds<'a> {
        #[serde(skip_serializing_if = "Option::is_none")]
        account_id: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        role_name: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        role_arn: Option<String>,
        access_key_id: &'a str,
        secret_access_key: &'a str,
        session_token: &'a str,
        expiration: i64,
    }
    let Profile { name, principal, credentials, source } = profile;
    secret_json(&Upload {
        profile_name: name.as_str(),
        creds: Creds {
            // A number, because the reference server takes nothing else.
            account_id: principal.account_id.as_ref().and_then(|id| id.as_str().parse().ok()),
            role_name: principal.role_name.as_ref().map(|name| name.as_str()),
            role_arn: principal.role_arn().map(|arn| arn.to_string()),
            access_key_id: credentials.access_key_id.as_str(),
            secret_access_key: credentials.secret_access_key.expose(),
            session_token: credentials.session_token.expose(),
            expiration: credentials.expiration.epoch_milliseconds(),
        },
        source: source.as_ref().map(SourceObject::of),
        replace: replace == Replace::Anything,
    })
}

/// Reads an upload.
///
/// # Errors
/// [`BadUpload::Malformed`] when it isn't a JSON object, [`BadUpload::Field`] when a value in it is wrong.
pub(crate) fn read_upload(json: &[u8], now: Timestamp) -> Result<(Upload, Replace), BadUpload> {
    let body: Value = serde_json::from_slice(json)
        .map_err(|_| BadUpload::Malformed("the body must be one JSON value in UTF-8"))?;
    let mut body = body.object().ok_or(BadUpload::Malformed("the body must be an object"))?;
    let name = required("ProfileName", &take(&mut body, "ProfileName"), ProfileName::parse)?;
    let has_source = !matches!(take(&mut body, "Source"), Value::Null);
    let source = if has_source { Some(read_source(json)?) } else { None };
    let replace = match take(&mut body, "Replace") {
        Value::Null | Value::Boolean(true) => Replace::Anything,
        Value::Boolean(false) => Replace::SameSource,
        _ => return Err(BadUpload::Field("Replace", Invalid("true or false"))),
    };
    let upload = match (take(&mut body, "Creds"), source) {
        (Value::Null, Some(source)) => Upload::Source(name, source),
        (Value::Object(creds), source) => {
            let (principal, credentials) = read_creds(creds, now)?;
            Upload::Credentials(Profile { name, principal, credentials, source })
        }
        _ => return Err(BadUpload::Field("Creds", Invalid("an object"))),
    };
    Ok((upload, replace))
}

fn read_source(json: &[u8]) -> Result<Source, BadUpload> {
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "Source")]
        source: SourceObject,
    }
    const SHAPE: Invalid =
        Invalid("an object with Profile, or with Instance, StartUrl, AccountId and RoleName");
    let body: Body = serde_json::from_slice(json).map_err(|_| BadUpload::Field("Source", SHAPE))?;
    body.source.parse().map_err(|(field, invalid)| BadUpload::Field(field, invalid))
}

fn read_creds(mut creds: Object, now: Timestamp) -> Result<(Principal, Credentials), BadUpload> {
    let principal = read_principal(&mut creds)?;
    let expiration = take(&mut creds, "expiration");
    let access_key_id = take(&mut creds, "accessKeyId");
    let credentials = Credentials {
        access_key_id: required("Creds.accessKeyId", &access_key_id, AccessKeyId::parse)?,
        secret_access_key: secret("Creds.secretAccessKey", take(&mut creds, "secretAccessKey"))?,
        session_token: secret("Creds.sessionToken", take(&mut creds, "sessionToken"))?,
        expiration: expiration
            .integer()
            .and_then(|number| Expiration::from_epoch_milliseconds(number).ok())
            .filter(|expiration| !expiration.has_passed(now))
            .ok_or(BadUpload::Field(
                "Creds.expiration",
                Invalid("a number: epoch milliseconds, in the future and before 2101"),
            ))?,
    };
    Ok((principal, credentials))
}

/// Whom the credentials are for: by `roleArn`, by `accountId` and `roleName`, or by both if they agree.
fn read_principal(creds: &mut Object) -> Result<Principal, BadUpload> {
    let account_id = match take(creds, "accountId") {
        Value::Null => None,
        Value::Integer(number) => Some(u64::try_from(number).ok().map(AccountId::from_number)),
        Value::Text(text) => Some(Some(AccountId::parse(&text))),
        Value::Boolean(_) | Value::Object(_) | Value::Other => Some(None),
    };
    let account_id = account_id
        .map(|parsed| parsed.and_then(Result::ok))
        .map(|known| known.ok_or(BadUpload::Field("Creds.accountId", AccountId::MUST_BE)))
        .transpose()?;
    let role_name = optional("Creds.roleName", &take(creds, "roleName"), RoleName::parse)?;
    let Some(arn) = optional("Creds.roleArn", &take(creds, "roleArn"), RoleArn::parse)? else {
        return Ok(Principal { account_id, role_name, ..Principal::default() });
    };
    let agrees = account_id.is_none_or(|id| id == arn.account_id)
        && role_name.is_none_or(|name| name == arn.role_name);
    if !agrees {
        let must = Invalid("the ARN of the role that accountId and roleName name");
        return Err(BadUpload::Field("Creds.roleArn", must));
    }
    Ok(arn.into())
}

fn required<T>(
    field: &'static str,
    value: &Value,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Result<T, BadUpload> {
    let text = value.text().ok_or(BadUpload::Field(field, Invalid("a text")))?;
    parse(text).map_err(|invalid| BadUpload::Field(field, invalid))
}

fn optional<T>(
    field: &'static str,
    value: &Value,
    parse: impl Fn(&str) -> Result<T, Invalid>,
) -> Result<Option<T>, BadUpload> {
    if matches!(value, Value::Null) {
        return Ok(None);
    }
    required(field, value, parse).map(Some)
}

fn secret(field: &'static str, value: Value) -> Result<Secret, BadUpload> {
    let Value::Text(mut text) = value else {
        return Err(BadUpload::Field(field, Invalid("a text")));
    };
    Secret::parse(std::mem::take(&mut *text)).map_err(|invalid| BadUpload::Field(field, invalid))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_795_378_000;

    fn upload(creds: &str) -> String {
        format!(r#"{{"ProfileName":"dev","Creds":{{{creds}}},"Other":[1,{{"x":null}}]}}"#)
    }

    fn whole(replaced: &str, by: &str) -> String {
        let creds = r#""accountId":111111,"roleName":"Admin","accessKeyId":"ASIA1","#.to_owned()
            + r#""secretAccessKey":"CANARY-secret","sessionToken":"CANARY-token","#
            + r#""expiration":1795382191000"#;
        assert!(creds.contains(replaced));
        upload(&creds.replace(replaced, by))
    }

    fn read_any(body: &str) -> Result<Upload, BadUpload> {
        read_upload(body.as_bytes(), Timestamp::from_second(NOW).unwrap()).map(|(upload, _)| upload)
    }

    fn read(body: &str) -> Result<Profile, BadUpload> {
        match read_any(body)? {
            Upload::Credentials(profile) => Ok(profile),
            Upload::Source(..) => panic!("there are no credentials in it"),
        }
    }

    const CHAIN: &str = r#"{"Instance":"corp","StartUrl":"https://corp.awsapps.com/start","AccountId":"000000111111","RoleName":"Base","Links":
        [{"RoleArn":"arn:aws:iam::222222222222:role/Ops","ExternalId":"x"}]}"#;
    const LINKS: &str = r#"[{"RoleArn":"arn:aws:iam::222222222222:role/Ops","ExternalId":"x"}]"#;

    const PROFILE: &str = r#"{"Profile":"ops","ConfigFile":"/config","CredentialsFile":"/credentials",
        "Digest":"0000000000000000000000000000000000000000000000000000000000000000"}"#;

    #[test]
    fn a_load_may_take_the_place_of_anything_unless_it_says_otherwise() {
        let now = Timestamp::from_second(NOW).unwrap();
        let profile = read(&whole("", "")).unwrap();
        for replace in [Replace::Anything, Replace::SameSource] {
            assert_eq!(read_upload(&write_upload(&profile, replace), now).unwrap().1, replace);
        }
        assert_eq!(read_upload(whole("", "").as_bytes(), now).unwrap().1, Replace::Anything);
        let odd = whole("", "").replace("\"Other\":", "\"Replace\":1,\"Other\":");
        assert!(matches!(read_any(&odd), Err(BadUpload::Field("Replace", _))));
    }

    #[test]
    fn a_source_may_come_with_credentials_or_without() {
        let both = whole("", "").replace("\"Other\":", &format!("\"Source\":{CHAIN},\"Other\":"));
        let profile = read(&both).unwrap();
        let said = "corp 000000111111/Base > arn:aws:iam::222222222222:role/Ops";
        assert_eq!(profile.source.as_ref().unwrap().to_string(), said);
        let again =
            read(std::str::from_utf8(&write_upload(&profile, Replace::Anything)).unwrap()).unwrap();
        assert_eq!(again.source, profile.source);
        let alone = read_any(&format!(r#"{{"ProfileName":"dev","Source":{PROFILE}}}"#)).unwrap();
        let Upload::Source(name, source) = alone else { panic!("there are no credentials in it") };
        assert_eq!((name.as_str(), source.to_string().as_str()), ("dev", "profile ops"));
    }

    #[test]
    fn a_wrong_source_is_told_by_its_field_and_without_its_value() {
        let many = format!(
            "[{}]",
            [r#"{"RoleArn":"arn:aws:iam::222222222222:role/CANARY"}"#; 11].join(",")
        );
        for (replaced, by, field) in [
            (CHAIN, "7", "Source"),
            (CHAIN, "{}", "Source.Instance"),
            (CHAIN, r#"{"Profile":"x"}"#, "Source.ConfigFile"),
            (CHAIN, &PROFILE.replace("ops", ""), "Source.Profile"),
            (CHAIN, &PROFILE.replace("000", "CANARY"), "Source.Digest"),
            (CHAIN, &PROFILE.replace("\"/c", "\"c"), "Source.ConfigFile"),
            ("https://corp", "http://CANARY", "Source.StartUrl"),
            (CHAIN, r#"{"Profile":["CANARY"]}"#, "Source"),
            ("\"corp\"", r#""CANARY\n""#, "Source.Instance"),
            ("\"000000111111\"", "\"CANARY\"", "Source.AccountId"),
            ("\"Base\"", "\"CANARY!\"", "Source.RoleName"),
            ("222222222222", "CANARY", "Source.Links.RoleArn"),
            ("\"x\"", r#""\u001b""#, "Source.Links.ExternalId"),
            (LINKS, &many, "Source.Links"),
        ] {
            assert!(CHAIN.contains(replaced), "{replaced}");
            let body =
                format!("{{\"ProfileName\":\"dev\",\"Source\":{}}}", CHAIN.replace(replaced, by));
            let Err(BadUpload::Field(named, invalid)) = read_any(&body) else { panic!("{body}") };
            assert_eq!(named, field, "{body}");
            assert!(!invalid.to_string().contains("CANARY"));
        }
    }

    #[test]
    fn the_reference_clients_upload_is_read() {
        let profile = read(&whole("", "")).unwrap();
        assert_eq!(profile.name.as_str(), "dev");
        let arn = profile.principal.role_arn().unwrap().to_string();
        assert_eq!(arn, "arn:aws:iam::000000111111:role/Admin");
        assert_eq!(profile.credentials.expiration.to_string(), "2026-11-22T21:16:31Z");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let profile = read(&whole(
            r#""accountId":111111,"roleName":"Admin""#,
            r#""roleArn":"arn:aws-cn:iam::012345670123:role/Ops""#,
        ))
        .unwrap();
        let again =
            read(std::str::from_utf8(&write_upload(&profile, Replace::Anything)).unwrap()).unwrap();
        assert_eq!(again.principal, profile.principal);
        assert_eq!(again.credentials.session_token.expose(), "CANARY-token");
    }

    #[test]
    fn account_and_role_may_be_absent_null_or_text() {
        let both = r#""accountId":111111,"roleName":"Admin","#;
        assert_eq!(read(&whole(both, "")).unwrap().principal, Principal::default());
        let nulls = r#""accountId":null,"roleName":null,"#;
        assert_eq!(read(&whole(both, nulls)).unwrap().principal, Principal::default());
        let text = read(&whole("111111", r#""012345670123""#)).unwrap();
        assert_eq!(text.principal.account_id.unwrap().as_str(), "012345670123");
    }

    /// What stands in a whole upload, what is put in its place, and what is said of it.
    const WRONG: [(&str, &str, &str); 16] = [
        ("111111", "1234567890123", "Creds.accountId must be a number"),
        ("111111", "-1", "Creds.accountId must be a number"),
        ("111111", "1.5", "Creds.accountId must be a number"),
        ("111111", "99999999999999999999", "Creds.accountId must be a number"),
        ("111111", r#""12x""#, "Creds.accountId must be a number"),
        ("111111", "true", "Creds.accountId must be a number"),
        (r#""Admin""#, "[1]", "Creds.roleName must be a text"),
        (r#""Admin""#, r#""""#, "Creds.roleName must be 1 to 64"),
        (r#""ASIA1""#, "7", "Creds.accessKeyId must be a text"),
        (r#""CANARY-secret""#, r#"{"a":"CANARY"}"#, "Creds.secretAccessKey must be a text"),
        (r#""CANARY-secret""#, r#""CANARY two""#, "Creds.secretAccessKey must be text"),
        (r#""CANARY-token""#, "null", "Creds.sessionToken must be a text"),
        (r#""CANARY-token""#, r#""""#, "Creds.sessionToken must be text"),
        ("1795382191000", r#""1795382191000""#, "Creds.expiration must be a number"),
        ("1795382191000", "1795378000000", "Creds.expiration must be a number"),
        ("1795382191000", "9223372036854775807", "Creds.expiration must be a number"),
    ];

    #[test]
    fn a_wrong_field_is_named_with_what_it_must_be_and_without_its_value() {
        for (replaced, by, named) in WRONG {
            let refusal = read(&whole(replaced, by)).unwrap_err();
            let BadUpload::Field(field, invalid) = refusal else { panic!("{refusal:?}") };
            let text = format!("{field} {invalid}");
            assert!(text.starts_with(named), "{by}: {text}");
            assert!(!text.contains("CANARY"), "{text}");
        }
    }

    #[test]
    fn an_arn_that_names_another_role_is_refused() {
        let arn = r#""roleName":"Admin","roleArn":"arn:aws:iam::000000111111:role/Ops""#;
        let refusal = read(&whole(r#""roleName":"Admin""#, arn)).unwrap_err();
        assert!(matches!(refusal, BadUpload::Field("Creds.roleArn", _)), "{refusal:?}");
    }

    #[test]
    fn other_shapes_are_refused() {
        for body in ["", "nonsense", "[]", "null", "7", "{}{}", r#"{"ProfileName":"#, "{\"\u{0}"] {
            assert!(matches!(read_any(body), Err(BadUpload::Malformed(_))), "{body:?}");
        }
        for (body, field) in [
            ("{}", "ProfileName"),
            (r#"{"ProfileName":7}"#, "ProfileName"),
            (r#"{"ProfileName":"a\nb"}"#, "ProfileName"),
            (r#"{"ProfileName":"dev"}"#, "Creds"),
            (r#"{"ProfileName":"dev","Creds":null}"#, "Creds"),
            (r#"{"ProfileName":"dev","Creds":["x"]}"#, "Creds"),
        ] {
            let Err(refusal) = read_any(body) else { panic!("{body}") };
            assert!(matches!(refusal, BadUpload::Field(name, _) if name == field), "{refusal:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_and_deep_nesting_are_refused() {
        let now = Timestamp::from_second(NOW).unwrap();
        let deep = format!("{{\"x\":{}", "[".repeat(60_000));
        for body in [b"{\"ProfileName\":\"\xff\"}".as_slice(), deep.as_bytes()] {
            assert!(matches!(read_upload(body, now), Err(BadUpload::Malformed(_))));
        }
    }
}
