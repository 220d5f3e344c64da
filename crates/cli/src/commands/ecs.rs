//! `aws-sso ecs`: the container-credentials server and its client commands.

mod audit;
pub(crate) mod env;
mod list;
mod load;
mod profile;
pub(crate) mod run;
mod status;
mod token;
mod trust;
mod unload;

use clap::Subcommand;

use credentials::Failure;

#[derive(Subcommand)]
pub(crate) enum Ecs {
    #[command(visible_alias = "server")]
    Run(run::Arguments),
    Load(load::Arguments),
    Status(status::Arguments),
    Audit(audit::Arguments),
    List(list::Arguments),
    Profile(profile::Arguments),
    Unload(unload::Arguments),
    Env(env::Arguments),
    Trust(trust::Arguments),
    #[command(subcommand)]
    Token(token::Token),
}

pub(crate) async fn run(command: Ecs) -> Result<(), Failure> {
    match command {
        Ecs::Run(arguments) => run::run(arguments).await,
        Ecs::Load(arguments) => load::run(arguments).await,
        Ecs::Status(arguments) => status::run(arguments).await,
        Ecs::Audit(arguments) => audit::run(arguments),
        Ecs::List(arguments) => list::run(arguments).await,
        Ecs::Profile(arguments) => profile::run(arguments).await,
        Ecs::Unload(arguments) => unload::run(arguments).await,
        Ecs::Env(arguments) => env::run(arguments).await,
        Ecs::Trust(arguments) => trust::run(arguments).await,
        Ecs::Token(command) => token::run(command).await,
    }
}
