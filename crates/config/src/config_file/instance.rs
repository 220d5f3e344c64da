//! What `SSOConfig` says of instances, and of the accounts and roles in them.

use credentials::{
    AccountId, InstanceName, Partition, ProfileName, RegionName, RoleArn, RoleName, StartUrl,
};

use super::choice::UrlAction;
use super::fields::{Fields, items};
use super::problem::Problem;
use super::value;
use super::yaml::Node;

/// An instance of IAM Identity Center, with what a person adds to its accounts and roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceSection {
    pub instance: credentials::Instance,
    pub default_region: Option<RegionName>,
    /// For signing in; else the action of the whole file.
    pub auth_url_action: Option<UrlAction>,
    pub accounts: Vec<Account>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub id: AccountId,
    pub name: Option<String>,
    pub default_region: Option<RegionName>,
    pub tags: Vec<(String, String)>,
    pub roles: Vec<Role>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    pub name: RoleName,
    /// Wins over the profile format.
    pub profile: Option<ProfileName>,
    pub default_region: Option<RegionName>,
    pub tags: Vec<(String, String)>,
    /// The role that is taken first, to assume this one from it.
    pub via: Option<RoleArn>,
    pub source_identity: Option<String>,
    pub external_id: Option<String>,
}

impl InstanceSection {
    /// What `SSOConfig` holds.
    pub(super) fn all(node: &Node, notes: &mut Vec<String>) -> Result<Vec<Self>, Problem> {
        // Names of instances are names of files too, so those that differ in case only are the same.
        let identity = |name: &InstanceName| name.as_str().to_lowercase();
        items(node, InstanceName::parse, identity, |name, node| Self::of(name, node, notes))
    }

    fn of(name: InstanceName, node: &Node, notes: &mut Vec<String>) -> Result<Self, Problem> {
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
    ) -> Result<Self, Problem> {
        let mut fields = Fields::of(node)?;
        let roles = fields.take("Roles", |node| {
            // IAM has no two roles whose names differ in case only.
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
    ) -> Result<Self, Problem> {
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

fn tags(node: &Node) -> Result<Vec<(String, String)>, Problem> {
    let key = |key: &str| Ok(key.to_owned());
    items(node, key, String::clone, |key, node| Ok((key, node.text()?)))
}
