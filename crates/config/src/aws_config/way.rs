//! The way to a profile's credentials: those that it begins with, and the roles that are assumed from there.

use credentials::{Chain, Failure, Instance, Link, ProfileName, RoleArn};

use super::{AwsConfig, Block, has_credentials, wrong};

/// The way to a profile's credentials.
#[derive(Debug)]
pub struct Way<'a> {
    /// The profile.
    pub profile: &'a Block,
    /// What it begins with.
    pub base: Base<'a>,
    /// The roles that are assumed from there, one after the other.
    pub roles: Vec<Assumed<'a>>,
}

/// The first credentials of a way.
#[derive(Debug)]
pub enum Base<'a> {
    /// A role of an instance of IAM Identity Center. The chain has no links.
    Portal {
        /// The instance, with the name that the AWS config gives it.
        instance: Instance,
        /// The role.
        chain: Chain,
    },
    /// The profile has access keys.
    Keys(&'a Block),
    /// A command prints them (`credential_process`).
    Process {
        /// The command line.
        line: &'a str,
        /// The profile that has it.
        profile: &'a Block,
    },
    /// A sign-in of `aws login` (`login_session`).
    Login(&'a Block),
    /// A role for which a token file or the machine vouches: `web_identity_token_file` or `credential_source`.
    Sdk(&'a Block),
}

/// A role that a profile assumes (`role_arn` with `source_profile`).
#[derive(Debug)]
pub struct Assumed<'a> {
    /// The role.
    pub link: Link,
    /// The MFA device whose code the role asks for: a serial number or an ARN.
    pub mfa_serial: Option<&'a str>,
    /// The life of its credentials, in seconds.
    pub duration_seconds: Option<i32>,
    /// The profile.
    pub profile: &'a Block,
}

impl Way<'_> {
    /// Whether a role on the way needs the code of an MFA device, which only a person can give.
    pub fn needs_code(&self) -> bool {
        self.roles.iter().any(|role| role.mfa_serial.is_some())
    }
}

impl AwsConfig {
    /// The way to a profile's credentials.
    ///
    /// # Errors
    /// There is no such profile, it has no credentials, or a value on the way is missing or malformed.
    pub fn way(&self, name: &ProfileName) -> Result<Way<'_>, Failure> {
        let Some(first) = self.profiles.get(name.as_str()) else {
            let (files, known) = (self.files(), self.why_missing(name));
            return Err(Failure::failed(format!("no profile `{name}` in {files}; {known}")));
        };
        let mut profile = first;
        let mut roles = Vec::new();
        // A profile with keys is taken by its keys, if another one is assumed from it.
        while is_assumed(profile) && (roles.is_empty() || !has_keys(profile)) {
            if roles.len() >= Chain::LONGEST {
                let text = format!("the source_profile of `{name}` leads back to itself");
                return Err(Failure::failed(text));
            }
            roles.push(assumed(profile)?);
            let source = profile.get("source_profile").unwrap_or_default();
            if source == profile.name() {
                break;
            }
            profile = self.profiles.get(source).ok_or_else(|| {
                let invalid = format!("names `{source}`, which is not in {}", self.files());
                wrong(profile, "source_profile", invalid)
            })?;
        }
        roles.reverse();
        Ok(Way { profile: first, base: self.base(profile)?, roles })
    }

    /// The instance and the chain of roles, if a profile's credentials come from IAM Identity Center alone.
    ///
    /// # Errors
    /// As for [`AwsConfig::way`].
    pub fn chain(&self, name: &ProfileName) -> Result<Option<(Instance, Chain)>, Failure> {
        let way = self.way(name)?;
        if way.needs_code() {
            return Ok(None);
        }
        let Base::Portal { instance, chain } = way.base else { return Ok(None) };
        let links = way.roles.into_iter().map(|role| role.link).collect();
        Ok(Some((instance, Chain { links, ..chain })))
    }

    /// In the order of botocore.
    fn base<'a>(&self, profile: &'a Block) -> Result<Base<'a>, Failure> {
        let is_by_sdk = ["credential_source", "web_identity_token_file"];
        if profile.get("role_arn").is_some()
            && is_by_sdk.iter().any(|key| profile.get(key).is_some())
        {
            return Ok(Base::Sdk(profile));
        }
        if let Some((instance, chain)) = self.portal_role(profile)? {
            return Ok(Base::Portal { instance, chain });
        }
        if has_keys(profile) {
            return Ok(Base::Keys(profile));
        }
        if profile.get("login_session").is_some() {
            return Ok(Base::Login(profile));
        }
        match profile.get("credential_process") {
            Some(line) => Ok(Base::Process { line, profile }),
            None => Err(self.without_credentials(profile)),
        }
    }

    fn without_credentials(&self, profile: &Block) -> Failure {
        let name = profile.name();
        if profile.get("source_profile") == Some(name) {
            let invalid = "names the profile itself, which has no credentials of its own";
            return wrong(profile, "source_profile", invalid);
        }
        let missing = [
            ("aws_access_key_id", "aws_secret_access_key"),
            ("role_arn", "source_profile or credential_source"),
            ("web_identity_token_file", "role_arn"),
        ];
        let half = missing.iter().find(|(key, _)| profile.get(key).is_some());
        if let Some((key, other)) = half {
            return wrong(profile, key, format!("needs {other} beside it"));
        }
        let files = self.files();
        let ways = WAYS.join("; ");
        Failure::failed(match has_credentials(profile) {
            true => format!("the profile `{name}` in {files} cannot be used"),
            false => format!(
                "the profile `{name}` in {files} has no credentials; it has none of: {ways}"
            ),
        })
    }
}

fn is_assumed(profile: &Block) -> bool {
    profile.get("role_arn").is_some() && profile.get("source_profile").is_some()
}

fn has_keys(profile: &Block) -> bool {
    ["aws_access_key_id", "aws_secret_access_key"].iter().all(|key| profile.get(key).is_some())
}

fn assumed(profile: &Block) -> Result<Assumed<'_>, Failure> {
    let role_arn = RoleArn::parse(profile.get("role_arn").unwrap_or_default())
        .map_err(|invalid| wrong(profile, "role_arn", invalid))?;
    let duration = profile.get("duration_seconds").map(|seconds| {
        let seconds = seconds.parse().ok().filter(|seconds| DURATIONS.contains(seconds));
        seconds.ok_or_else(|| wrong(profile, "duration_seconds", "must be 900 to 43200"))
    });
    Ok(Assumed {
        link: Link {
            role_arn,
            external_id: profile.get("external_id").map(str::to_owned),
            source_identity: None,
            session_name: profile.get("role_session_name").map(str::to_owned),
        },
        mfa_serial: profile.get("mfa_serial"),
        duration_seconds: duration.transpose()?,
        profile,
    })
}

/// What STS allows (AWS STS API reference, `AssumeRole`).
const DURATIONS: std::ops::RangeInclusive<i32> = 900..=43_200;

/// The ways in which a profile can have credentials, told to a person whose profile has none.
const WAYS: [&str; 7] = [
    "aws_access_key_id with aws_secret_access_key",
    "credential_process",
    "role_arn with source_profile or credential_source",
    "role_arn with web_identity_token_file",
    "sso_session with sso_account_id and sso_role_name",
    "sso_start_url with sso_region, sso_account_id and sso_role_name",
    "login_session",
];
