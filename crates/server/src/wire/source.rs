//! A source as JSON: in uploads, and in the list of slots that outlives the server.

use credentials::{
    AccountId, Chain, InstanceName, Invalid, Link, ProfileName, RoleArn, RoleName, Source,
};
use serde::{Deserialize, Serialize};

/// STS API Reference, AssumeRole, ExternalId; the other texts of a link are shorter.
const LONGEST_TEXT: usize = 1224;

/// `{"Profile":"dev"}`, or `{"Instance":"corp","AccountId":"…","RoleName":"…","Links":[{"RoleArn":"…"}]}`.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct WrittenSource {
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    links: Vec<WrittenLink>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct WrittenLink {
    role_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_name: Option<String>,
}

impl WrittenSource {
    pub(crate) fn of(source: &Source) -> Self {
        match source {
            Source::Profile(name) => {
                Self { profile: Some(name.as_str().to_owned()), ..Self::default() }
            }
            Source::Role { instance, chain } => Self {
                profile: None,
                instance: Some(instance.as_str().to_owned()),
                account_id: Some(chain.account_id.as_str().to_owned()),
                role_name: Some(chain.role_name.as_str().to_owned()),
                links: chain.links.iter().map(WrittenLink::of).collect(),
            },
        }
    }

    /// # Errors
    /// Which field is wrong, and what it must be.
    pub(crate) fn parse(self) -> Result<Source, (&'static str, Invalid)> {
        let named = |field| move |invalid| (field, invalid);
        let missing = |field| (field, Invalid("a text"));
        if let Some(profile) = self.profile {
            let name = ProfileName::parse(&profile).map_err(named("Source.Profile"))?;
            return Ok(Source::Profile(name));
        }
        let instance = self.instance.ok_or(missing("Source.Instance"))?;
        let account_id = self.account_id.ok_or(missing("Source.AccountId"))?;
        let role_name = self.role_name.ok_or(missing("Source.RoleName"))?;
        if self.links.len() > Chain::LONGEST {
            return Err(("Source.Links", Invalid("10 links or fewer")));
        }
        let links = self.links.into_iter().map(WrittenLink::parse).collect::<Result<_, _>>()?;
        Ok(Source::Role {
            instance: InstanceName::parse(&instance).map_err(named("Source.Instance"))?,
            chain: Chain {
                account_id: AccountId::parse(&account_id).map_err(named("Source.AccountId"))?,
                role_name: RoleName::parse(&role_name).map_err(named("Source.RoleName"))?,
                links,
            },
        })
    }
}

impl WrittenLink {
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

/// A text that AWS looks at more closely than we do.
fn plain(
    field: &'static str,
    text: Option<String>,
) -> Result<Option<String>, (&'static str, Invalid)> {
    match text {
        Some(text) if text.len() > LONGEST_TEXT || text.chars().any(char::is_control) => {
            Err((field, Invalid("1224 bytes of text or fewer, without control characters")))
        }
        text => Ok(text),
    }
}
