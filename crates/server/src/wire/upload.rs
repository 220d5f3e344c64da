//! `PUT /` and `PUT /slot/NAME`: the body from the reference client and from ours.
//!
//! The refusal of a wrong body names the field and what it must be, never its value. The messages of the JSON library
//! quote the value, so they are not used.

use credentials::{
    AccessKeyId, AccountId, Credentials, Expiration, Invalid, Principal, Profile, ProfileName,
    RoleArn, RoleName, Secret, Source, Timestamp,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::value::{Object, Value, take};
use super::{SourceObject, secret_json};

/// What a load may replace in its slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replace {
    /// Anything.
    #[default]
    Anything,
    /// Only a load from an equal source.
    SameSource,
}

/// The content of an upload.
pub(crate) enum Upload {
    /// Credentials, perhaps with their source.
    Credentials(Profile),
    /// A profile name and a source, without credentials.
    Source(ProfileName, Source),
}

/// Why a body is not a valid upload.
#[derive(Debug)]
pub(crate) enum BadUpload {
    /// It is not a JSON object. The text says what it must be.
    Malformed(&'static str),
    /// A field is missing or wrong.
    Field(&'static str, Invalid),
}

impl Upload {
    /// The name of the profile, which is also the name of a named slot.
    pub(crate) fn name(&self) -> &ProfileName {
        match self {
            Self::Credentials(profile) => &profile.name,
            Self::Source(name, _) => name,
        }
    }

    /// Whether it names a source, from which the server gets credentials itself.
    pub(crate) fn has_source(&self) -> bool {
        match self {
            Self::Credentials(profile) => profile.source.is_some(),
            Self::Source(_, _) => true,
        }
    }
}

/// Writes the upload that loads `profile` into a slot.
pub fn write_upload(profile: &Profile, replace: Replace) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Upload<'a> {
        profile_name: &'a str,
        creds: Creds<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<SourceObject>,
        /// `false`: only a load from an equal source.
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
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        expiration_assumed: bool,
    }
    let Profile { name, principal, credentials, source } = profile;
    secret_json(&Upload {
        profile_name: name.as_str(),
        creds: Creds {
            // A number, because the reference server accepts nothing else.
            account_id: principal.account_id.as_ref().and_then(|id| id.as_str().parse().ok()),
            role_name: principal.role_name.as_ref().map(|name| name.as_str()),
            role_arn: principal.role_arn().map(|arn| arn.to_string()),
            access_key_id: credentials.access_key_id.as_str(),
            secret_access_key: credentials.secret_access_key.expose(),
            session_token: credentials.session_token.expose(),
            expiration: credentials.expiration.epoch_milliseconds(),
            expiration_assumed: credentials.expiration.is_assumed(),
        },
        source: source.as_ref().map(SourceObject::of),
        replace: replace == Replace::Anything,
    })
}

/// Parses an upload.
///
/// # Errors
/// [`BadUpload::Malformed`] if it is not a JSON object, [`BadUpload::Field`] if a value in it is wrong.
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
        Value::Text(_) | Value::Integer(_) | Value::Object(_) | Value::Other => {
            return Err(BadUpload::Field("Replace", Invalid("true or false")));
        }
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
    let is_assumed = matches!(take(&mut creds, "expirationAssumed"), Value::Boolean(true));
    let access_key_id = take(&mut creds, "accessKeyId");
    let credentials = Credentials {
        access_key_id: required("Creds.accessKeyId", &access_key_id, AccessKeyId::parse)?,
        secret_access_key: secret("Creds.secretAccessKey", take(&mut creds, "secretAccessKey"))?,
        session_token: secret("Creds.sessionToken", take(&mut creds, "sessionToken"))?,
        expiration: expiration
            .integer()
            .and_then(|number| Expiration::from_epoch_milliseconds(number).ok())
            .filter(|expiration| !expiration.has_passed(now))
            .map(|expiration| if is_assumed { expiration.assumed() } else { expiration })
            .ok_or(BadUpload::Field(
                "Creds.expiration",
                Invalid("a number: epoch milliseconds, in the future and before 2101"),
            ))?,
    };
    Ok((principal, credentials))
}

/// The principal, from `roleArn`, from `accountId` and `roleName`, or from both if they agree.
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
mod tests;
