//! `--chain`: roles that are assumed from the role that a person names, one after the other.

use clap::Args;
use credentials::{Chain, Failure, Link, Problem, Profile, ProfileName, RoleArn};

use super::{FoundRole, Resolved, fetch, resolve};
use crate::instance::arguments::Wanted;
use crate::instance::settings::Settings;

/// The roles to go on to.
#[derive(Args)]
pub(crate) struct ChainArguments {
    /// Assume this role with the named one, and use it instead; given several times, one after the other
    #[arg(long, value_name = "ROLE_ARN", value_parser = RoleArn::parse)]
    pub(crate) chain: Vec<RoleArn>,
}

/// Obtains credentials for the role at the end of the chain.
pub(crate) async fn obtain(
    settings: &Settings,
    wanted: Wanted,
    ChainArguments { chain }: ChainArguments,
) -> Result<Profile, Failure> {
    fetch(settings, resolve_chain(settings, wanted, chain).await?).await
}

/// Resolves the role at the end of the chain. Only a name that no catalogue has makes it ask AWS.
pub(crate) async fn resolve_chain(
    settings: &Settings,
    wanted: Wanted,
    chain: Vec<RoleArn>,
) -> Result<Resolved<'_>, Failure> {
    let resolved = resolve(settings, wanted)?;
    if chain.is_empty() {
        return Ok(resolved);
    }
    let resolved = match resolved {
        Resolved::UnknownName(name) => {
            // This updates the catalogues, and fails if none has the name.
            fetch(settings, Resolved::UnknownName(name.clone())).await?;
            resolve(settings, Wanted::Profile(name))?
        }
        resolved @ (Resolved::Role(_) | Resolved::Profile(_)) => resolved,
    };
    match resolved {
        Resolved::Role(found) => found.through(chain).map(Resolved::Role),
        Resolved::Profile(name) | Resolved::UnknownName(name) => Err(of_aws_config(&name, &chain)),
    }
}

impl FoundRole<'_> {
    /// The role at the end of these links. It is named like a role that no catalogue has.
    fn through(mut self, roles: Vec<RoleArn>) -> Result<Self, Failure> {
        let length = self.chain.links.len() + roles.len();
        if length > Chain::LONGEST {
            let text = format!(
                "the chain has {length} roles after `{}`, and at most {} are possible",
                self.name,
                Chain::LONGEST
            );
            return Err(Failure::new(Problem::Usage, text));
        }
        if let Some(last) = roles.last() {
            let name = format!("{}:{}", last.account_id, last.role_name.as_str());
            self.name = ProfileName::parse(&name).map_err(Failure::failed)?;
        }
        self.chain.links.extend(roles.into_iter().map(|role_arn| Link {
            role_arn,
            external_id: None,
            source_identity: None,
            session_name: None,
        }));
        Ok(self)
    }
}

/// The SDK resolves these profiles, and with what it finds a refresh could not go on to another role.
fn of_aws_config(name: &ProfileName, chain: &[RoleArn]) -> Failure {
    let text = format!(
        "--chain starts from a role of IAM Identity Center, and `{name}` is another kind of profile of the AWS config"
    );
    let arn = chain.first().map(RoleArn::to_string).unwrap_or_default();
    let each = if chain.len() > 1 { "each role of the chain" } else { "the chain" };
    Failure::new(Problem::Usage, text).with_hint(format!(
        "Write {each} as a profile of the AWS config, and use that: role_arn = {arn} and source_profile = {name}"
    ))
}
