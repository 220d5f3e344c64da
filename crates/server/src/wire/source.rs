//! A source as JSON, in uploads and in the slot list.

use credentials::{
    AccountId, AwsConfigFiles, Chain, InstanceId, InstanceName, Invalid, Link, ProfileName,
    ProfileSource, RoleArn, RoleName, SettingsDigest, Source, StartUrl,
};
use serde::{Deserialize, Serialize};

/// The maximum length of an ExternalId (STS API Reference, AssumeRole). The other texts of a link are shorter.
const MAX_TEXT: usize = 1224;

/// `{"Instance":"corp","StartUrl":"https://…","AccountId":"…","RoleName":"…","Links":[{"RoleArn":"…"}]}`, or
/// `{"Profile":"dev","ConfigFile":"/…","CredentialsFile":"/…","Digest":"…"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SourceObject {
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config_file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials_file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<LinkObject>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct LinkObject {
    role_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_name: Option<String>,
}

/// A missing or wrong field, and what it must be.
type Wrong = (&'static str, Invalid);

impl SourceObject {
    /// The JSON form of a source.
    pub fn of(source: &Source) -> Self {
        match source {
            Source::Profile(ProfileSource { files, name, digest }) => Self {
                profile: Some(name.as_str().to_owned()),
                config_file: Some(files.config().to_owned()),
                credentials_file: Some(files.credentials().to_owned()),
                digest: Some(digest.to_string()),
                ..Self::default()
            },
            Source::Role { instance, chain } => Self {
                instance: Some(instance.name.as_str().to_owned()),
                start_url: Some(instance.start_url.as_str().to_owned()),
                account_id: Some(chain.account_id.as_str().to_owned()),
                role_name: Some(chain.role_name.as_str().to_owned()),
                links: chain.links.iter().map(LinkObject::of).collect(),
                ..Self::default()
            },
        }
    }

    /// The source that it describes.
    ///
    /// # Errors
    /// The name of the wrong field, and what it must be.
    pub fn parse(self) -> Result<Source, (&'static str, Invalid)> {
        match self.profile.is_some() {
            true => self.parse_profile().map(Source::Profile),
            false => self.parse_role(),
        }
    }

    fn parse_profile(self) -> Result<ProfileSource, Wrong> {
        let config = self.config_file.unwrap_or_default();
        let credentials = self.credentials_file.unwrap_or_default();
        Ok(ProfileSource {
            files: AwsConfigFiles::new(config.as_ref(), credentials.as_ref())
                .map_err(|invalid| ("Source.ConfigFile", invalid))?,
            name: required("Source.Profile", self.profile, ProfileName::parse)?,
            digest: required("Source.Digest", self.digest, SettingsDigest::parse)?,
        })
    }

    fn parse_role(self) -> Result<Source, Wrong> {
        let instance = InstanceId {
            name: required("Source.Instance", self.instance, InstanceName::parse)?,
            start_url: required("Source.StartUrl", self.start_url, StartUrl::parse)?,
        };
        if self.links.len() > Chain::LONGEST {
            return Err(("Source.Links", Invalid("10 links or fewer")));
        }
        let chain = Chain {
            account_id: required("Source.AccountId", self.account_id, AccountId::parse)?,
            role_name: required("Source.RoleName", self.role_name, RoleName::parse)?,
            links: self.links.into_iter().map(LinkObject::parse).collect::<Result<_, _>>()?,
        };
        Ok(Source::Role { instance, chain })
    }
}

fn required<T>(
    field: &'static str,
    text: Option<String>,
    parse: impl FnOnce(&str) -> Result<T, Invalid>,
) -> Result<T, Wrong> {
    parse(&text.ok_or((field, Invalid("a text")))?).map_err(|invalid| (field, invalid))
}

impl LinkObject {
    fn of(link: &Link) -> Self {
        Self {
            role_arn: link.role_arn.to_string(),
            external_id: link.external_id.clone(),
            source_identity: link.source_identity.clone(),
            session_name: link.session_name.clone(),
        }
    }

    fn parse(self) -> Result<Link, (&'static str, Invalid)> {
        let role_arn = RoleArn::parse(&self.role_arn);
        Ok(Link {
            role_arn: role_arn.map_err(|invalid| ("Source.Links.RoleArn", invalid))?,
            external_id: plain("Source.Links.ExternalId", self.external_id)?,
            source_identity: plain("Source.Links.SourceIdentity", self.source_identity)?,
            session_name: plain("Source.Links.SessionName", self.session_name)?,
        })
    }
}

/// Checks a text that AWS checks further.
fn plain(
    field: &'static str,
    text: Option<String>,
) -> Result<Option<String>, (&'static str, Invalid)> {
    match text {
        Some(text) if text.len() > MAX_TEXT || text.chars().any(char::is_control) => {
            Err((field, Invalid("1224 bytes of text or fewer, without control characters")))
        }
        text => Ok(text),
    }
}
