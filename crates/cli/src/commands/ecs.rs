//! `aws-sso ecs`: the container-credentials server and its client commands.

mod list;
mod load;
mod profile;
mod run;
mod unload;

use std::sync::Arc;

use clap::Subcommand;
use credentials::{Profile, ProfileName};
use providers::{Aws, Fetched};

use crate::clock::SystemClock;
use crate::env;
use crate::error::CommandError;

#[derive(Subcommand)]
pub(crate) enum Ecs {
    #[command(visible_alias = "server")]
    Run(run::Arguments),
    Load(load::Arguments),
    List(list::Arguments),
    Profile(profile::Arguments),
    Unload(unload::Arguments),
}

pub(crate) async fn run(command: Ecs) -> Result<(), CommandError> {
    match command {
        Ecs::Run(arguments) => run::run(arguments).await,
        Ecs::Load(arguments) => load::run(arguments).await,
        Ecs::List(arguments) => list::run(arguments).await,
        Ecs::Profile(arguments) => profile::run(arguments).await,
        Ecs::Unload(arguments) => unload::run(arguments).await,
    }
}

/// The way to AWS, with what the environment says about it.
fn aws() -> Aws {
    Aws::new(Arc::new(SystemClock), env::ca_bundle(), env::aws_config_files())
}

/// A profile of the AWS config, with its credentials.
async fn profile_of_config(name: ProfileName) -> Result<Profile, CommandError> {
    let Fetched { principal, credentials } = aws().profile(&name).await?;
    Ok(Profile { name, principal, credentials })
}
