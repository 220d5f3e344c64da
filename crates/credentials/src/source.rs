//! Sources: how a slot's credentials are got again. Names only, never a secret.

use std::fmt;

use crate::{AccountId, InstanceName, Partition, Principal, ProfileName, RoleArn, RoleName};

/// How credentials are got again. Credentials that were handed in have no source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A role of an instance of IAM Identity Center, perhaps with further roles that are assumed from there.
    Role {
        /// Whose sign-in it takes.
        instance: InstanceName,
        /// The role, and the way to it.
        chain: Chain,
    },
    /// A profile of the AWS config, as the SDK resolves it.
    Profile(ProfileName),
}

impl Source {
    /// Whose sign-in it takes; `None` when it is none of ours.
    pub fn instance(&self) -> Option<&InstanceName> {
        match self {
            Self::Role { instance, .. } => Some(instance),
            Self::Profile(_) => None,
        }
    }

    /// Whom its credentials are for, as far as the names tell.
    pub fn principal(&self) -> Principal {
        match self {
            Self::Role { chain, .. } => chain.principal(Partition::default()),
            Self::Profile(_) => Principal::default(),
        }
    }
}

/// `corp 000001111111/Admin`, `corp 000001111111/Admin > arn:aws:iam::…:role/Ops`, `profile dev`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { instance, chain: Chain { account_id, role_name, links } } => {
                write!(f, "{instance} {account_id}/{}", role_name.as_str())?;
                links.iter().try_for_each(|link| write!(f, " > {}", link.role_arn))
            }
            Self::Profile(name) => write!(f, "profile {name}"),
        }
    }
}

/// What has to be there for a source to give something. Each stands or falls for itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Upstream {
    /// An instance, and the sign-in to it.
    Instance(InstanceName),
    /// Whatever a profile of the AWS config leads to.
    Profile(ProfileName),
}

impl Upstream {
    /// What a source depends on.
    pub fn of(source: &Source) -> Self {
        match source {
            Source::Role { instance, .. } => Self::Instance(instance.clone()),
            Source::Profile(name) => Self::Profile(name.clone()),
        }
    }

    /// Whether a source depends on it.
    pub fn is_of(&self, source: &Source) -> bool {
        match (self, source) {
            (Self::Instance(name), Source::Role { instance, .. }) => name == instance,
            (Self::Profile(name), Source::Profile(profile)) => name == profile,
            _ => false,
        }
    }

    /// The instance, if it is one.
    pub fn instance(&self) -> Option<&InstanceName> {
        match self {
            Self::Instance(name) => Some(name),
            Self::Profile(_) => None,
        }
    }
}

/// A role of an instance, and the roles to go on to from there, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The account of the role that the portal gives.
    pub account_id: AccountId,
    /// The role that the portal gives.
    pub role_name: RoleName,
    /// What is assumed with it, one after the other.
    pub links: Vec<Link>,
}

/// A role that is assumed (STS AssumeRole) with the credentials of the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The role.
    pub role_arn: RoleArn,
    /// What the role's trust policy may ask for.
    pub external_id: Option<String>,
    /// Who is behind it, for CloudTrail.
    pub source_identity: Option<String>,
    /// A name for the session, instead of the one that tells the role before.
    pub session_name: Option<String>,
}

impl Chain {
    /// So many roles may be assumed one after the other: a longer chain is taken for one without an end.
    pub const LONGEST: usize = 10;

    /// Whom its credentials are for.
    pub fn principal(&self, partition: Partition) -> Principal {
        match self.links.last() {
            Some(link) => Principal::from(link.role_arn.clone()),
            None => Principal {
                account_id: Some(self.account_id.clone()),
                role_name: Some(self.role_name.clone()),
                partition,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_says_what_it_is_in_one_line() {
        let link = Link {
            role_arn: RoleArn::parse("arn:aws:iam::222222222222:role/Ops").unwrap(),
            external_id: Some("x".to_owned()),
            source_identity: None,
            session_name: None,
        };
        let chain = Chain {
            account_id: AccountId::parse("1111111").unwrap(),
            role_name: RoleName::parse("Admin").unwrap(),
            links: vec![link],
        };
        let instance = InstanceName::parse("corp").unwrap();
        let role = Source::Role { instance, chain };
        assert_eq!(
            role.to_string(),
            "corp 000001111111/Admin > arn:aws:iam::222222222222:role/Ops"
        );
        assert_eq!(role.principal().role_name.unwrap().as_str(), "Ops");
        let profile = Source::Profile(ProfileName::parse("dev").unwrap());
        assert_eq!(profile.to_string(), "profile dev");
    }
}
