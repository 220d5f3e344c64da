//! Obtains credentials for the role that a person names: from the catalogues, then the AWS config, then AWS itself.

pub(crate) mod chained;

use config::aws_config::Base;
use credentials::{
    AccountId, Chain, Failure, Fetched, InstanceId, Partition, Problem, Profile, ProfileName,
    RegionName, RoleName, Source,
};
use providers::AskForCode;
use providers::identity_center::{Catalogue, IdentityCenter};

use crate::ground::{env, ui};
use crate::instance::access::{self, explain};
use crate::instance::arguments::Wanted;
use crate::instance::catalogue::{self, Extent};
use crate::instance::roles::{Role, Roles};
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::sign_in::{SignInOptions, sign_in};

/// Note for a person if AWS takes long.
const SLOW_NOTE: &str = "Waiting for AWS, or for another aws-sso that is signing in…";

/// The length of a code (AWS STS API Reference, AssumeRole, TokenCode).
const MFA_CODE_DIGITS: usize = 6;

/// A named role, resolved without asking AWS.
pub(crate) enum Resolved<'a> {
    /// A role of an instance.
    Role(FoundRole<'a>),
    /// A profile of the AWS config that the SDK resolves.
    Profile(ProfileName),
    /// An unknown name. It may be in a catalogue that was never fetched.
    UnknownName(ProfileName),
}

/// A role of an instance, with its name.
pub(crate) struct FoundRole<'a> {
    instance: &'a ConfiguredInstance,
    name: ProfileName,
    chain: Chain,
}

impl Resolved<'_> {
    /// The source of its credentials, which identifies the role.
    pub(crate) fn source(&self, settings: &Settings) -> Option<Source> {
        match self {
            Self::Role(found) => Some(found.source()),
            Self::Profile(name) => settings.aws_config.source(name).map(Source::Profile),
            Self::UnknownName(_) => None,
        }
    }
}

impl FoundRole<'_> {
    fn source(&self) -> Source {
        Source::Role { instance: self.instance.instance.id(), chain: self.chain.clone() }
    }
}

/// Resolves the role that a person names, without asking AWS.
pub(crate) fn resolve(settings: &Settings, wanted: Wanted) -> Result<Resolved<'_>, Failure> {
    if let Some(found) = in_catalogues(settings, &wanted)? {
        return Ok(Resolved::Role(found));
    }
    match wanted {
        Wanted::Profile(name) if settings.aws_config.has(&name) => of_aws_config(settings, name),
        Wanted::Profile(name) => Ok(Resolved::UnknownName(name)),
        Wanted::Role(account, role, partition) => {
            // If a person chose an instance, profiles of other instances do not count.
            let chosen = settings.is_one_chosen().then(|| settings.chosen()).transpose()?;
            let is_meant = |name: &ProfileName| match chosen {
                Some(chosen) => {
                    settings.aws_config.chain(name).ok().flatten().is_some_and(|(portal, _)| {
                        settings.of_portal(&portal).is_ok_and(|found| id(found) == id(chosen))
                    })
                }
                None => true,
            };
            let partition = partition.as_ref();
            let name = settings.aws_config.find(&account, &role, partition, is_meant)?;
            match name {
                Some(name) => of_aws_config(settings, name),
                None => unlisted_role(settings, account, role, partition).map(Resolved::Role),
            }
        }
    }
}

/// Obtains credentials for the role that a person names.
pub(crate) async fn obtain(settings: &Settings, wanted: Wanted) -> Result<Profile, Failure> {
    fetch(settings, resolve(settings, wanted)?).await
}

/// Obtains credentials for a resolved role.
pub(crate) async fn fetch(settings: &Settings, resolved: Resolved<'_>) -> Result<Profile, Failure> {
    match resolved {
        Resolved::Role(found) => credentials(settings, found).await,
        Resolved::Profile(name) => from_sdk(settings, name).await,
        Resolved::UnknownName(name) => after_update(settings, name).await,
    }
}

/// The default region for programs that use a profile, if one is configured.
pub(crate) fn default_region(
    settings: &Settings,
    profile: &Profile,
) -> Result<Option<RegionName>, Failure> {
    let instance = profile.source.as_ref().and_then(Source::instance);
    let Some(instance) = instance.and_then(|id| settings.with_id(id)) else {
        return Ok(settings.aws_config.region(&profile.name));
    };
    let catalogue = access::catalogue_file(instance).read();
    let roles = Roles::of(settings, instance, &catalogue)?;
    let region_of = |role: Option<&Role<'_>>| RegionName::parse(roles.default_region(role?)?).ok();
    let of_role = region_of(roles.named(&profile.name));
    let of_profile = || settings.aws_config.region(&profile.name);
    // With --chain, the name is that of the last role, which no catalogue needs to have.
    let of_portal = || {
        let Some(Source::Role { chain, .. }) = &profile.source else { return None };
        region_of(roles.find(&chain.account_id, &chain.role_name, None))
    };
    let of_all = || instance.default_region.as_ref().or(settings.config.default_region.as_ref());
    Ok(of_role.or_else(of_profile).or_else(of_portal).or_else(|| of_all().cloned()))
}

/// The role, if a catalogue has it. If several catalogues have it, the default instance wins.
fn in_catalogues<'a>(
    settings: &'a Settings,
    wanted: &Wanted,
) -> Result<Option<FoundRole<'a>>, Failure> {
    let mut found: Vec<FoundRole<'a>> = Vec::new();
    for instance in settings.candidates()? {
        let catalogue = access::catalogue_file(instance).read();
        found.extend(in_catalogue(settings, instance, &catalogue, wanted)?);
    }
    let is_default = |found: &FoundRole<'a>| settings.flag_for(&found.instance.instance).is_empty();
    if found.len() > 1 && !found.first().is_some_and(is_default) {
        let names: Vec<_> = found.iter().map(|f| f.instance.instance.name.to_string()).collect();
        return Err(Failure::failed("several instances of IAM Identity Center have this role")
            .with_hint(format!("Choose one with --sso or AWS_SSO: {}", names.join(", "))));
    }
    Ok(found.into_iter().next())
}

fn in_catalogue<'a>(
    settings: &Settings,
    instance: &'a ConfiguredInstance,
    catalogue: &Catalogue,
    wanted: &Wanted,
) -> Result<Option<FoundRole<'a>>, Failure> {
    let roles = Roles::of(settings, instance, catalogue)?;
    let role = match wanted {
        Wanted::Profile(name) => roles.named(name),
        Wanted::Role(account, role, partition) => roles.find(account, role, partition.as_ref()),
    };
    let found = |role: &Role<'_>| {
        Ok(FoundRole { instance, name: role.profile.clone(), chain: roles.chain(role)? })
    };
    role.map(found).transpose()
}

/// A profile of the AWS config. We sign in for one that leads to an instance. `providers` resolves the others.
fn of_aws_config(settings: &Settings, name: ProfileName) -> Result<Resolved<'_>, Failure> {
    let Some((portal, chain)) = settings.aws_config.chain(&name)? else {
        return Ok(Resolved::Profile(name));
    };
    let instance = settings.of_portal(&portal)?;
    if settings.is_one_chosen() && id(settings.chosen()?) != id(instance) {
        let text = format!(
            "the profile `{name}` signs in to `{}`, but another instance is chosen",
            instance.instance.name
        );
        return Err(Failure::new(Problem::Usage, text)
            .with_hint("Leave out --sso, and unset AWS_SSO if it is set"));
    }
    Ok(Resolved::Role(FoundRole { instance, name, chain }))
}

fn id(instance: &ConfiguredInstance) -> InstanceId {
    instance.instance.id()
}

async fn from_sdk(settings: &Settings, name: ProfileName) -> Result<Profile, Failure> {
    let way = settings.aws_config.way(&name)?;
    if env::is_within_credential_process() && matches!(way.base, Base::Process { .. }) {
        let files = settings.aws_config.files();
        let text = format!(
            "the profile `{name}` in {files} has a credential_process, which cannot run inside \
             another credential_process"
        );
        return Err(Failure::failed(text).with_hint(
            "Name a role of an instance instead: aws-sso process --account ID --role NAME",
        ));
    }
    // Without a source the server does not refresh the role. It could not ask a person for the next code.
    let source = settings.aws_config.source(&name).filter(|_| !way.needs_code());
    let source = source.map(Source::Profile);
    let ask: &AskForCode<'_> = &mfa_code;
    let ask = ui::has_terminal().then_some(ask);
    let aws = access::aws_with(&settings.aws_config);
    let fetched = ui::note_if_slow(SLOW_NOTE, aws.profile(&settings.aws_config, &name, ask));
    let Fetched { principal, credentials } = fetched.await?;
    Ok(Profile { name, principal, credentials, source })
}

/// The code of an MFA device, from the person.
fn mfa_code(device: &str) -> Result<String, Failure> {
    let device = ui::printable(device);
    let code = ui::ask_secret(&format!("Code of the MFA device {device}: "))?;
    let code = code.trim();
    match code.len() == MFA_CODE_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(code.to_owned()),
        false => Err(Failure::failed(format!("a code has {MFA_CODE_DIGITS} digits"))),
    }
}

/// Fetches the catalogues that were never fetched, and looks for the name there.
async fn after_update(settings: &Settings, name: ProfileName) -> Result<Profile, Failure> {
    let wanted = Wanted::Profile(name.clone());
    for instance in settings.candidates()? {
        if access::catalogue_file(instance).read().updated_at.is_some() {
            continue;
        }
        let updated = with_sign_in(settings, instance, async |center| {
            catalogue::update(settings, instance, center, Extent::All).await
        });
        let files = settings.aws_config.files();
        let catalogue = updated.await.map_err(|error| {
            let text = format!(
                "no profile `{name}` in {files} ({}), and the roles of `{}` are not known: {}",
                settings.aws_config.why_missing(&name),
                instance.instance.name,
                error.message
            );
            error.with_message(text)
        })?;
        if let Some(found) = in_catalogue(settings, instance, &catalogue, &wanted)? {
            return credentials(settings, found).await;
        }
    }
    if settings.instances().is_empty() {
        // The SDK's message lists the existing profiles.
        return from_sdk(settings, name).await;
    }
    let files = settings.aws_config.files();
    let text = format!("there is no role `{name}`, and no profile of that name in {files}");
    Err(Failure::failed(text)
        .with_hint("List your roles: aws-sso list; update the list from AWS: aws-sso cache"))
}

/// A role that neither a catalogue nor the AWS config has. AWS decides whether the person may use it.
fn unlisted_role<'a>(
    settings: &'a Settings,
    account: AccountId,
    role: RoleName,
    partition: Option<&Partition>,
) -> Result<FoundRole<'a>, Failure> {
    if settings.instances().is_empty() {
        let files = settings.aws_config.files();
        let text = format!(
            "no profile in {files} is for the role {} of the account {account}, and no instance of \
             IAM Identity Center is configured",
            role.as_str()
        );
        return Err(Failure::failed(text).with_hint("Configure an instance: aws-sso setup"));
    }
    let instance = settings.chosen()?;
    let here = Partition::of_region(instance.instance.region.as_str());
    if partition.is_some_and(|partition| *partition != here) {
        let text = format!(
            "the instance `{}` is not in the partition of this ARN",
            instance.instance.name
        );
        return Err(Failure::failed(text)
            .with_hint("Choose an instance in that partition with --sso or AWS_SSO"));
    }
    let name = format!("{account}:{}", role.as_str());
    let name = ProfileName::parse(&name).map_err(Failure::failed)?;
    let chain = Chain { account_id: account, role_name: role, links: Vec::new() };
    Ok(FoundRole { instance, name, chain })
}

async fn credentials(settings: &Settings, found: FoundRole<'_>) -> Result<Profile, Failure> {
    let source = Some(found.source());
    let FoundRole { instance, name, chain } = found;
    let fetched = with_sign_in(settings, instance, async |center| {
        let fetched = center.credentials(&chain).await;
        fetched.map_err(|error| explain(error, settings, instance))
    });
    let Fetched { principal, credentials } = fetched.await?;
    Ok(Profile { name, principal, credentials, source })
}

/// Does the work. If nobody is signed in and `AutoLogin` is set, signs in and does the work again.
async fn with_sign_in<T>(
    settings: &Settings,
    instance: &ConfiguredInstance,
    work: impl AsyncFn(&IdentityCenter) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let center = access::open(settings, instance)?;
    let outcome = match ui::note_if_slow(SLOW_NOTE, work(&center)).await {
        Err(error)
            if error.problem == Problem::SignInNeeded
                && settings.config.auto_login
                && ui::has_terminal() =>
        {
            let center = access::open_to_sign_in(settings, instance)?;
            sign_in(settings, instance, &center, SignInOptions::default()).await?;
            work(&center).await
        }
        outcome => outcome,
    };
    access::warn_about_clock(&center);
    outcome
}
