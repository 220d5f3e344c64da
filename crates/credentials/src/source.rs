//! Sources: how a slot's credentials are obtained again. Names only, never a secret.

use std::fmt;
use std::path::Path;

use crate::{AccountId, InstanceId, Invalid, Partition, Principal, ProfileName, RoleArn, RoleName};

/// How credentials are obtained again, and so which role is meant.
///
/// Two sources are the same only if they are equal: a profile or an instance of the same name is not enough. Credentials that
/// were handed in have no source (`None`), so nothing is ever equal to theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A role of an instance of IAM Identity Center, perhaps with further roles that are assumed from there.
    Role {
        /// The instance, which takes a sign-in.
        instance: InstanceId,
        /// The role, and the way to it.
        chain: Chain,
    },
    /// A profile of the AWS config, as the SDK resolves it.
    Profile(ProfileSource),
}

/// A profile of certain files, with certain settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProfileSource {
    /// Where it stands.
    pub files: AwsConfigFiles,
    /// Its name there.
    pub name: ProfileName,
    /// The settings that lead to its credentials. Once they are edited, it is another source.
    pub digest: SettingsDigest,
}

/// The two files that AWS SDKs read profiles from: absolute paths in UTF-8, since sources cross the wire as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AwsConfigFiles {
    config: String,
    credentials: String,
}

impl AwsConfigFiles {
    /// `config` is `AWS_CONFIG_FILE`, else `~/.aws/config`; `credentials` is `AWS_SHARED_CREDENTIALS_FILE`, else
    /// `~/.aws/credentials`.
    ///
    /// # Errors
    /// A path is relative or not UTF-8.
    pub fn new(config: &Path, credentials: &Path) -> Result<Self, Invalid> {
        let absolute = |path: &Path| {
            let text = path.to_str().filter(|_| path.is_absolute());
            text.map(str::to_owned).ok_or(Invalid("an absolute path in UTF-8"))
        };
        Ok(Self { config: absolute(config)?, credentials: absolute(credentials)? })
    }

    /// The file of `AWS_CONFIG_FILE`.
    pub fn config(&self) -> &str {
        &self.config
    }

    /// The file of `AWS_SHARED_CREDENTIALS_FILE`.
    pub fn credentials(&self) -> &str {
        &self.credentials
    }
}

/// A SHA-256 digest of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SettingsDigest(pub [u8; 32]);

impl SettingsDigest {
    /// Takes 64 hexadecimal digits.
    ///
    /// # Errors
    /// Says what a digest looks like.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const MUST_BE: Invalid = Invalid("64 hexadecimal digits");
        let mut digest = [0; 32];
        let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return Err(MUST_BE) };
        if pairs.len() != digest.len() {
            return Err(MUST_BE);
        }
        for (byte, &[high, low]) in digest.iter_mut().zip(pairs) {
            let digit =
                |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            *byte =
                digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low).ok_or(MUST_BE)?;
        }
        Ok(Self(digest))
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for SettingsDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Source {
    /// The instance whose sign-in it takes; `None` when it takes none of ours.
    pub fn instance(&self) -> Option<&InstanceId> {
        match self {
            Self::Role { instance, .. } => Some(instance),
            Self::Profile(_) => None,
        }
    }

    /// The account and the role of its credentials, as far as the names say it.
    pub fn principal(&self) -> Principal {
        match self {
            Self::Role { chain, .. } => chain.principal(Partition::default()),
            Self::Profile(_) => Principal::default(),
        }
    }
}

/// For people; never read back: `corp 000001111111/Admin`, `corp 000001111111/Admin > arn:aws:iam::…:role/Ops`, `profile dev`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role { instance, chain: Chain { account_id, role_name, links } } => {
                write!(f, "{} {account_id}/{}", instance.name, role_name.as_str())?;
                links.iter().try_for_each(|link| write!(f, " > {}", link.role_arn))
            }
            Self::Profile(profile) => write!(f, "profile {}", profile.name),
        }
    }
}

/// What has to work for a source to give credentials. Each fails and recovers by itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Upstream {
    /// An instance, and the sign-in to it.
    Instance(InstanceId),
    /// Whatever a profile of the AWS config leads to.
    Profile(ProfileSource),
}

impl Upstream {
    /// The upstream of a source.
    pub fn of(source: &Source) -> Self {
        match source {
            Source::Role { instance, .. } => Self::Instance(instance.clone()),
            Source::Profile(profile) => Self::Profile(profile.clone()),
        }
    }

    /// Whether it is the upstream of this source.
    pub fn is_of(&self, source: &Source) -> bool {
        match (self, source) {
            (Self::Instance(upstream), Source::Role { instance, .. }) => upstream == instance,
            (Self::Profile(upstream), Source::Profile(profile)) => upstream == profile,
            (Self::Instance(_), Source::Profile(_)) | (Self::Profile(_), Source::Role { .. }) => {
                false
            }
        }
    }

    /// The instance, if it is one.
    pub fn instance(&self) -> Option<&InstanceId> {
        match self {
            Self::Instance(instance) => Some(instance),
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
    use crate::{InstanceName, StartUrl};

    fn instance(name: &str, start_url: &str) -> InstanceId {
        let (name, start_url) = (InstanceName::parse(name), StartUrl::parse(start_url));
        InstanceId { name: name.unwrap(), start_url: start_url.unwrap() }
    }

    fn chain() -> Chain {
        let link = Link {
            role_arn: RoleArn::parse("arn:aws:iam::222222222222:role/Ops").unwrap(),
            external_id: Some("x".to_owned()),
            source_identity: None,
            session_name: None,
        };
        Chain {
            account_id: AccountId::parse("1111111").unwrap(),
            role_name: RoleName::parse("Admin").unwrap(),
            links: vec![link],
        }
    }

    fn profile(config: &str, name: &str, digest: u8) -> Source {
        let files = AwsConfigFiles::new(config.as_ref(), "/credentials".as_ref()).unwrap();
        let (name, digest) = (ProfileName::parse(name).unwrap(), SettingsDigest([digest; 32]));
        Source::Profile(ProfileSource { files, name, digest })
    }

    #[test]
    fn a_source_says_what_it_is_in_one_line() {
        let role = Source::Role { instance: instance("corp", CORP), chain: chain() };
        assert_eq!(
            role.to_string(),
            "corp 000001111111/Admin > arn:aws:iam::222222222222:role/Ops"
        );
        assert_eq!(role.principal().role_name.unwrap().as_str(), "Ops");
        assert_eq!(profile("/config", "dev", 1).to_string(), "profile dev");
    }

    #[test]
    fn sources_that_read_alike_are_different_unless_all_of_them_is_equal() {
        let role =
            |name, start_url| Source::Role { instance: instance(name, start_url), chain: chain() };
        assert_eq!(role("corp", CORP), role("Corp", CORP));
        assert_ne!(role("corp", CORP), role("other", CORP), "two identities may share a start URL");
        assert_ne!(role("corp", CORP), role("corp", "https://other.awsapps.com/start"));
        let one = profile("/a/config", "dev", 1);
        assert_eq!(one, profile("/a/config", "dev", 1));
        for other in [
            profile("/b/config", "dev", 1),
            profile("/a/config", "dev", 2),
            profile("/a/config", "ops", 1),
            role("dev", CORP),
        ] {
            assert_ne!(one, other);
            assert!(!Upstream::of(&one).is_of(&other));
        }
    }

    #[test]
    fn a_digest_is_written_and_read_again() {
        let digest = SettingsDigest(std::array::from_fn(|at| u8::try_from(at * 7).unwrap()));
        assert_eq!(SettingsDigest::parse(&digest.to_string()).unwrap(), digest);
        for refused in ["", "0", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64), &"ü".repeat(32)]
        {
            assert!(SettingsDigest::parse(refused).is_err(), "{refused}");
        }
    }

    const CORP: &str = "https://corp.awsapps.com/start";
}
