//! Accounts, roles and their ARNs.

use std::fmt;

use crate::Invalid;

/// An AWS account id: 12 digits, stored as text to keep the leading zeros.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(Box<str>);

impl AccountId {
    /// The rule for account ids.
    pub const MUST_BE: Invalid = Invalid("a number or text of up to 12 digits");

    /// Parses 1 to 12 decimal digits. Adds missing leading zeros. Never reads the number as octal.
    ///
    /// # Errors
    /// The text is something else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() || text.len() > 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Self::MUST_BE);
        }
        Ok(Self(format!("{text:0>12}").into()))
    }

    /// Makes an account id of a number, as aws-sso-cli uploads it.
    ///
    /// # Errors
    /// The number has more than 12 digits.
    pub fn from_number(number: u64) -> Result<Self, Invalid> {
        Self::parse(&number.to_string())
    }

    /// The 12 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A role's name, without its path: 1 to 64 characters of `A-Za-z0-9_+=,.@-` (IAM API reference, `Role`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(Box<str>);

impl RoleName {
    /// Parses a role's name.
    ///
    /// # Errors
    /// The text is empty, too long or contains another character.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
            return Err(Invalid("1 to 64 letters, digits and characters of _+=,.@-"));
        }
        Ok(Self(text.into()))
    }

    /// The name as IAM writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The partition of an ARN: `aws`, `aws-cn`, `aws-us-gov`, ….
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition(Box<str>);

impl Partition {
    /// The partition of a region, by the region prefixes in AWS's `partitions.json`.
    pub fn of_region(region: &str) -> Self {
        const PREFIXES: [(&str, &str); 7] = [
            ("cn-", "aws-cn"),
            ("us-gov-", "aws-us-gov"),
            ("us-iso-", "aws-iso"),
            ("us-isob-", "aws-iso-b"),
            ("eu-isoe-", "aws-iso-e"),
            ("us-isof-", "aws-iso-f"),
            ("eusc-", "aws-eusc"),
        ];
        let known = PREFIXES.iter().find(|(prefix, _)| region.starts_with(prefix));
        Self(known.map_or("aws", |(_, partition)| partition).into())
    }

    /// The partition as it appears in ARNs.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(text: &str) -> Option<Self> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        (text.starts_with("aws") && text.len() <= 32 && text.bytes().all(allowed))
            .then(|| Self(text.into()))
    }
}

impl Default for Partition {
    fn default() -> Self {
        Self("aws".into())
    }
}

/// The account and the role of credentials, as far as they are known. Unknown parts are never guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Principal {
    /// The account, if it is known.
    pub account_id: Option<AccountId>,
    /// The role's name, if it is known.
    pub role_name: Option<RoleName>,
    /// The partition of both.
    pub partition: Partition,
}

impl Principal {
    /// The account and the role, if both are known.
    pub fn role(&self) -> Option<(&AccountId, &RoleName)> {
        self.account_id.as_ref().zip(self.role_name.as_ref())
    }

    /// The role's ARN, if both the account and the role are known.
    pub fn role_arn(&self) -> Option<RoleArn> {
        Some(RoleArn {
            partition: self.partition.clone(),
            account_id: self.account_id.clone()?,
            path: None,
            role_name: self.role_name.clone()?,
        })
    }
}

impl From<RoleArn> for Principal {
    fn from(arn: RoleArn) -> Self {
        Self {
            account_id: Some(arn.account_id),
            role_name: Some(arn.role_name),
            partition: arn.partition,
        }
    }
}

/// The ARN of a role: `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`, where most roles have no path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn {
    /// The partition: `aws`, `aws-cn`, ….
    pub partition: Partition,
    /// The account of the role.
    pub account_id: AccountId,
    /// What is before the name, as in `team/x/`. AWS assumes a role only by its whole ARN, but it is no part of the role's name,
    /// and what AWS says of a session does not have it.
    pub path: Option<Box<str>>,
    /// The role's name without its path.
    pub role_name: RoleName,
}

impl RoleArn {
    /// Parses a role's ARN.
    ///
    /// # Errors
    /// The text is not the ARN of an IAM role.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::parts(text).ok_or(Invalid("a role's ARN: arn:aws:iam::123456789012:role/Name"))
    }

    fn parts(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        if (arn, service, region) != ("arn", "iam", "") || account.len() != 12 {
            return None;
        }
        let (path, name) = resource.strip_prefix("role")?.rsplit_once('/')?;
        let path = match path.strip_prefix('/') {
            Some(path) if path.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Some(format!("{path}/"))
            }
            None if path.is_empty() => None,
            Some(_) | None => return None,
        };
        Some(Self {
            partition: Partition::parse(partition)?,
            account_id: AccountId::parse(account).ok()?,
            path: path.map(String::into_boxed_str),
            role_name: RoleName::parse(name).ok()?,
        })
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, account_id, path, role_name } = self;
        let path = path.as_deref().unwrap_or_default();
        write!(f, "arn:{}:iam::{account_id}:role/{path}{}", partition.0, role_name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_keep_their_leading_zeros() {
        assert_eq!(AccountId::parse("012345670123").unwrap().as_str(), "012345670123");
        assert_eq!(AccountId::from_number(111_111).unwrap().as_str(), "000000111111");
    }

    #[test]
    fn texts_that_are_no_account_ids_are_refused() {
        for refused in ["", "1234567890123", "-1", "+1", "12 ", "1e3", "１２"] {
            assert!(AccountId::parse(refused).is_err(), "{refused:?}");
        }
        assert!(AccountId::from_number(1_000_000_000_000).is_err());
    }

    #[test]
    fn role_arns_survive_a_round_trip_in_every_partition() {
        for arn in [
            "arn:aws:iam::000001111111:role/Admin",
            "arn:aws-cn:iam::123456789012:role/a+b=c,d.e@f-g_h",
            "arn:aws-us-gov:iam::123456789012:role/Ops",
            "arn:aws:iam::123456789012:role/team/x/Ops",
        ] {
            assert_eq!(RoleArn::parse(arn).unwrap().to_string(), arn);
        }
    }

    #[test]
    fn the_path_of_a_role_is_no_part_of_its_name() {
        let arn = RoleArn::parse("arn:aws:iam::123456789012:role/team/x/Ops").unwrap();
        assert_eq!(arn.role_name.as_str(), "Ops");
        let of_session = Principal::from(arn).role_arn().unwrap();
        assert_eq!(of_session.to_string(), "arn:aws:iam::123456789012:role/Ops");
    }

    #[test]
    fn arns_that_are_not_of_roles_are_refused() {
        for refused in [
            "",
            "arn:aws:iam::123456789012:user/Ops",
            "arn:aws:iam::123456789012:role",
            "arn:aws:iam::123456789012:roles/Ops",
            "arn:aws:iam::123456789012:role/a\nb/Ops",
            "arn:aws:iam::12345678901:role/Ops",
            "arn:aws:iam:us-east-1:123456789012:role/Ops",
            "arn:aws:sts::123456789012:assumed-role/Ops/me",
            "arn:gcp:iam::123456789012:role/Ops",
            "arn:aws:iam::123456789012:role/",
        ] {
            assert!(RoleArn::parse(refused).is_err(), "{refused:?}");
        }
    }

    #[test]
    fn each_region_belongs_to_a_partition() {
        for (region, partition) in [
            ("eu-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(&*Partition::of_region(region).0, partition);
        }
    }

    #[test]
    fn a_role_arn_needs_the_account_and_the_role() {
        let account_id = Some(AccountId::parse("1").unwrap());
        let half = Principal { account_id, ..Principal::default() };
        assert_eq!(half.role_arn(), None);
    }
}
