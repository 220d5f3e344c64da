//! `SSOConfig`: instances of IAM Identity Center, their accounts and roles.

use credentials::{
    AccountId, InstanceName, Partition, ProfileName, RegionName, RoleArn, RoleName, StartUrl,
};

use super::choice::UrlAction;
use super::field_error::FieldError;
use super::fields::{Fields, items, items_or_errors};
use super::findings::Findings;
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

/// An instance that cannot be used. Nothing else may take its place under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenInstance {
    /// Its name.
    pub name: InstanceName,
    /// Why it cannot be used.
    pub error: FieldError,
}

/// `SSOConfig`.
#[derive(Debug, Default)]
pub(super) struct Instances {
    pub(super) usable: Vec<InstanceSection>,
    pub(super) broken: Vec<BrokenInstance>,
}

impl Instances {
    pub(super) fn of(node: &Node, findings: &mut Findings) -> Result<Self, FieldError> {
        // Instances have files by their names, so names that differ only in case are the same.
        let identity = |name: &InstanceName| name.as_str().to_lowercase();
        let read = InstanceSection::of;
        let mut instances = Self::default();
        for (name, read) in items_or_errors(node, findings, InstanceName::parse, identity, read)? {
            match read {
                Ok(instance) => instances.usable.push(instance),
                Err(error) => {
                    findings.problems.push(error.clone());
                    let error = error.within("SSOConfig");
                    instances.broken.push(BrokenInstance { name, error });
                }
            }
        }
        Ok(instances)
    }
}

impl InstanceSection {
    fn of(name: &InstanceName, node: &Node, findings: &mut Findings) -> Result<Self, FieldError> {
        let mut fields = Fields::of(node, findings)?;
        let region = fields.take_required("SSORegion", |node| node.parsed(RegionName::parse))?;
        let partition = Partition::of_region(region.as_str());
        let accounts = fields.take_map("Accounts", |node, findings| {
            items(node, findings, value::account_id, AccountId::to_string, |id, node, findings| {
                Account::of(id, node, &partition, findings)
            })
        });
        let start_url = fields.take_required("StartUrl", |node| node.parsed(StartUrl::parse))?;
        let instance = Self {
            instance: credentials::Instance { name: name.clone(), start_url, region },
            default_region: fields.take("DefaultRegion", |node| node.parsed(RegionName::parse)),
            auth_url_action: fields.take("AuthUrlAction", |node| node.parsed(str::parse)),
            accounts: accounts.unwrap_or_default(),
        };
        fields.done(&[]);
        Ok(instance)
    }
}

impl Account {
    fn of(
        id: &AccountId,
        node: &Node,
        partition: &Partition,
        findings: &mut Findings,
    ) -> Result<Self, FieldError> {
        let mut fields = Fields::of(node, findings)?;
        let roles = fields.take_map("Roles", |node, findings| {
            // In IAM, names of roles that differ only in case are the same.
            let identity = |name: &RoleName| name.as_str().to_lowercase();
            items(node, findings, RoleName::parse, identity, |name, node, findings| {
                Role::of(name, node, partition, findings)
            })
        });
        let account = Self {
            id: id.clone(),
            name: fields.take("Name", Node::text),
            default_region: fields.take("DefaultRegion", |node| node.parsed(RegionName::parse)),
            tags: fields.take_map("Tags", tags).unwrap_or_default(),
            roles: roles.unwrap_or_default(),
        };
        fields.done(&[]);
        Ok(account)
    }
}

impl Role {
    /// Fails if a key cannot be read that decides how AWS gives the role: without it, the credentials would be others.
    fn of(
        name: &RoleName,
        node: &Node,
        partition: &Partition,
        findings: &mut Findings,
    ) -> Result<Self, FieldError> {
        let mut fields = Fields::of(node, findings)?;
        let via = |text: &str| value::role_arn(text, partition);
        let role = Self {
            name: name.clone(),
            via: fields.try_take("Via", |node| node.parsed(via))?,
            source_identity: fields.try_take("SourceIdentity", Node::text)?,
            external_id: fields.try_take("ExternalId", Node::text)?,
            profile: fields.take("Profile", |node| node.parsed(ProfileName::parse)),
            default_region: fields.take("DefaultRegion", |node| node.parsed(RegionName::parse)),
            tags: fields.take_map("Tags", tags).unwrap_or_default(),
        };
        fields.done(&[]);
        Ok(role)
    }
}

fn tags(node: &Node, findings: &mut Findings) -> Result<Vec<(String, String)>, FieldError> {
    let key = |key: &str| Ok(key.to_owned());
    items(node, findings, key, String::clone, |key, node, _| Ok((key.clone(), node.text()?)))
}
