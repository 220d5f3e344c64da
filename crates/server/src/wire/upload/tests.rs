//! Tests of uploads: valid ones are parsed, wrong ones are refused by field.

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
fn a_load_may_replace_anything_unless_it_says_otherwise() {
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
    let text = "corp 000000111111/Base > arn:aws:iam::222222222222:role/Ops";
    assert_eq!(profile.source.as_ref().unwrap().to_string(), text);
    let again =
        read(std::str::from_utf8(&write_upload(&profile, Replace::Anything)).unwrap()).unwrap();
    assert_eq!(again.source, profile.source);
    let alone = read_any(&format!(r#"{{"ProfileName":"dev","Source":{PROFILE}}}"#)).unwrap();
    let Upload::Source(name, source) = alone else { panic!("there are no credentials in it") };
    assert_eq!((name.as_str(), source.to_string().as_str()), ("dev", "profile ops"));
}

#[test]
fn a_wrong_field_of_a_source_is_named_without_its_value() {
    let many =
        format!("[{}]", [r#"{"RoleArn":"arn:aws:iam::222222222222:role/CANARY"}"#; 11].join(","));
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
fn a_written_upload_can_be_parsed_again() {
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

/// A part of a complete upload, its replacement, and the start of the message.
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
fn a_wrong_field_is_named_without_its_value() {
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
fn invalid_utf8_and_deep_nesting_are_refused() {
    let now = Timestamp::from_second(NOW).unwrap();
    let deep = format!("{{\"x\":{}", "[".repeat(60_000));
    for body in [b"{\"ProfileName\":\"\xff\"}".as_slice(), deep.as_bytes()] {
        assert!(matches!(read_upload(body, now), Err(BadUpload::Malformed(_))));
    }
}
