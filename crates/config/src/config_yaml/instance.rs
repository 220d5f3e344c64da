//! `SSOConfig`: instances of IAM Identity Center, their accounts and roles.

use credentials::{
    AccountId, InstanceName, Partition, ProfileName, RegionName, RoleArn, RoleName, StartUrl,
};

use super::choice::UrlAction;
use super::field_error::FieldError;
use super::fields::{Fields, items};
use super::value;
use super::yaml::Node;

/// An instance of IAM Identity Center, with the person's settings for its accounts and roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceSection {
    /// Its name, start URL and region.
    pub instance: credentials::Instance,
    /// `DefaultRegion`: the AWS region of its roles. The region of an account or a role wins.
    pub default_region: Option<RegionName>,
    /// `AuthUrlAction`: what to do with the URL of a sign-in. `UrlAction` of the file by default.
    pub auth_url_action: Option<UrlAction>,
    /// `Accounts`, in the order of the file.
    pub accounts: Vec<Account>,
}

/// The person's settings for an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The key of the account: its id.
    pub id: AccountId,
    /// `Name`: the person's name for it.
    pub name: Option<String>,
    /// `DefaultRegion`: the AWS region of its roles. The region of a role wins.
    pub default_region: Option<RegionName>,
    /// `Tags`: pairs of key and value, for all its roles.
    pub tags: Vec<(String, String)>,
    /// `Roles`, in the order of the file.
    pub roles: Vec<Role>,
}

/// The person's settings for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// The key of the role: its name.
    pub name: RoleName,
    /// `Profile`: its profile name. It wins over `ProfileFormat`.
    pub profile: Option<ProfileName>,
    /// `DefaultRegion`: its AWS region.
    pub default_region: Option<RegionName>,
    /// `Tags`: pairs of key and value.
    pub tags: Vec<(String, String)>,
    /// `Via`: the role from which this one is assumed. Without it, IAM Identity Center gives the role.
    pub via: Option<RoleArn>,
    /// `SourceIdentity`, as in the AWS STS API reference, `AssumeRole`.
    pub source_identity: Option<String>,
    /// `ExternalId`, as in the AWS STS API reference, `AssumeRole`.
    pub external_id: Option<String>,
}

impl InstanceSection {
    /// Reads all instances of `SSOConfig`.
    pub(super) fn all(node: &Node, notes: &mut Vec<String>) -> Result<Vec<Self>, FieldError> {
        // Instances have files by their names, so names that differ only in case are the same.
        let identity = |name: &InstanceName| name.as_str().to_lowercase();
        items(node, InstanceName::parse, identity, |name, node| Self::of(name, node, notes))
    }

    fn of(name: InstanceName, node: &Node, notes: &mut Vec<String>) -> Result<Self, FieldError> {
        let mut fields = Fields::of(node)?;
        let region = fields.take_required("SSORegion", |node| node.parsed(RegionName::parse))?;
        let partition = Partition::of_region(region.as_str());
        let accounts = fields.take("Accounts", |node| {
            items(node, value::account_id, AccountId::to_string, |id, node| {
                Account::of(id, node, &partition, notes)
            })
        })?;
        let start_url = fields.take_required("StartUrl", |node| node.parsed(StartUrl::parse))?;
        let instance = Self {
            instance: credentials::Instance { name, start_url, region },
            default_region: fields.take("DefaultRegion", |node| node.parsed(RegionName::parse))?,
            auth_url_action: fields.take("AuthUrlAction", |node| node.parsed(str::parse))?,
            accounts: accounts.unwrap_or_default(),
        };
        fields.done(notes);
        Ok(instance)
    }
}

impl Account {
    fn of(
        id: AccountId,
        node: &Node,
        partition: &Partition,
        notes: &mut Vec<String>,
    ) -> Result<Self, FieldError> {
        let mut fields = Fields::of(node)?;
        let roles = fields.take("Roles", |node| {
            // In IAM, names of roles that differ only in case are the same.
            let identity = |name: &RoleName| name.as_str().to_lowercase();
            items(node, RoleName::parse, identity, |name, node| {
                Role::of(name, node, partition, notes)
            })
        })?;
        let account = Self {
            id,
            name: fields.take("Name", Node::text)?,
            default_region: fields.take("DefaultRegion", |node| node.parsed(RegionName::parse))?,
            tags: fields.take("Tags", tags)?.unwrap_or_default(),
            roles: roles.unwrap_or_default(),
        };
        fields.done(notes);
        Ok(account)
    }
}

impl Role {
    fn of(
        name: RoleName,
        node: &Node,
        partition: &Partition,
        notes: &mut Vec<String>,
    ) -> Result<Self, FieldError> {
        let mut fields = Fields::of(node)?;
        let via = |text: &str| value::role_arn(text, partition);
        let role = Self {
            name,
            profile: fields.take("Profile", |node| node.parsed(ProfileName::parse))?,
            default_region: fields.take("DefaultRegion", |node| node.parsed(RegionName::parse))?,
            tags: fields.take("Tags", tags)?.unwrap_or_default(),
            via: fields.take("Via", |node| node.parsed(via))?,
            source_identity: fields.take("SourceIdentity", Node::text)?,
            external_id: fields.take("ExternalId", Node::text)?,
        };
        fields.done(notes);
        Ok(role)
    }
}

fn tags(node: &Node) -> Result<Vec<(String, String)>, FieldError> {
    let key = |key: &str| Ok(key.to_owned());
    items(node, key, String::clone, |key, node| Ok((key, node.text()?)))
}
