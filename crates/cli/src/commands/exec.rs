//! `aws-sso exec`

mod endpoint;

use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::process::{Command, ExitCode};

use clap::{ArgGroup, Args};
use credentials::{Failure, Problem, Profile, RegionName, SlotName};

use providers::child;
use server::wire::Replace;

use crate::client::Client;
use crate::client::arguments::ServerArguments;
use crate::ground::{env, process, ui};
use crate::instance::arguments::{InstanceArguments, RoleArguments};
use crate::instance::current_role::obtain_named_or_current;
use crate::instance::exported_tags::exported_tags;
use crate::instance::history;
use crate::instance::interruptible::interruptible;
use crate::instance::obtain::chained::ChainArguments;
use crate::instance::obtain::default_region;
use crate::instance::settings::Settings;
use crate::programs::aws_profile;
use crate::programs::exports::Exports;
use crate::programs::server_exports::exports;

/// Run a command with the credentials of a role, refreshed as long as the command runs
///
/// The command gets its credentials from an endpoint of its own on this host, like a task in Amazon ECS. Nothing is written
/// to disk, and no other program can use the endpoint. Signals and the exit code pass through. Without a command, your
/// shell is started. If you name no role, it is the role of the shell (AWS_SSO_PROFILE or AWS_PROFILE), or you choose one.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso exec --profile prod:Admin -- terraform plan")]
#[command(group(ArgGroup::new("source")))]
pub(crate) struct Arguments {
    #[command(flatten)]
    role: RoleArguments,
    #[command(flatten)]
    chain: ChainArguments,
    /// Pass the keys themselves in AWS_ACCESS_KEY_ID etc.; they are not refreshed
    #[arg(long = "static", conflicts_with = "shared")]
    is_static: bool,
    /// Use the running server instead of an endpoint of its own; the role is loaded into a slot there
    #[arg(long)]
    shared: bool,
    #[command(flatten)]
    instance: InstanceArguments,
    /// The command and its arguments [default: your shell]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    #[command(flatten, next_help_heading = "With --shared")]
    server: ServerArguments,
}

/// The command to run, with its role.
struct Job {
    program: OsString,
    command: Command,
    profile: Profile,
    region: Option<RegionName>,
    /// `EnvVarTags` of config.yaml, with their values.
    tags: Vec<(String, Option<String>)>,
}

pub(crate) async fn run(arguments: Arguments) -> Result<ExitCode, Failure> {
    let Arguments { role, chain, is_static, shared, instance, command, server } = arguments;
    let client = shared.then(|| Client::new(&server)).transpose()?;
    let is_shell = command.is_empty();
    let (job, aws_config) = interruptible(async {
        let mut settings = Settings::read(&instance)?;
        let named = (role, chain);
        let asked = client.as_ref();
        let profile =
            obtain_named_or_current(named, &mut settings, &server, asked, "aws-sso exec").await?;
        history::note(&profile);
        let region = default_region(&settings, &profile)?;
        let tags = exported_tags(&settings, &profile)?;
        Ok((Job { tags, ..Job::new(command, profile, region) }, settings.aws_config))
    })
    .await?;
    if is_shell && ui::has_terminal() {
        ui::note(&format!(
            "Started a shell with the role `{}`. To leave it: exit",
            job.profile.name
        ));
    }
    if is_static {
        let exports = Exports::of_credentials(&job.profile.credentials);
        return job.replace_process(exports);
    }
    let instead = if shared { "the server" } else { "the command's endpoint" };
    aws_profile::warn_of_default(&aws_config, instead);
    let Some(client) = client else { return endpoint::run(job, instance).await };
    let slot = SlotName::Named(job.profile.name.clone());
    interruptible(client.load(&slot, &job.profile, Replace::SameSource)).await?;
    let exports = exports(&client.address(), &slot, server.token_file.as_deref(), false)?;
    job.replace_process(exports)
}

impl Job {
    fn new(command: Vec<OsString>, profile: Profile, region: Option<RegionName>) -> Self {
        let mut words = command.into_iter();
        let program = words.next().unwrap_or_else(env::shell);
        let mut command = child::command(&program);
        command.args(words);
        let region = region.filter(|_| !env::has_region());
        Self { program, command, profile, region, tags: Vec::new() }
    }

    /// Replaces this process with the command.
    fn replace_process(mut self, exports: Exports) -> Result<ExitCode, Failure> {
        self.set_environment(exports);
        process::replace(self.command).map_err(|error| not_run(&self.program, &error))
    }

    fn set_environment(&mut self, exports: Exports) {
        let region = self.region.as_ref().map(RegionName::as_str);
        let exports = exports.with_role(&self.profile, region).with_tags(&self.tags);
        exports.apply(&mut self.command);
    }
}

/// The failure to start a command, with the message and the exit code of a shell.
fn not_run(program: &OsStr, error: &io::Error) -> Failure {
    let program = program.display();
    if error.kind() == ErrorKind::NotFound {
        let message = format!("the command `{program}` was not found");
        return Failure::new(Problem::CommandNotFound, message);
    }
    let message = format!("the command `{program}` cannot be run: {error}");
    Failure::new(Problem::CommandNotExecutable, message)
}
