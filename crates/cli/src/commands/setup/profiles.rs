//! `aws-sso setup profiles`

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;
use credentials::{Failure, InstanceName, Problem, ProfileName};
use files::EditedFile;
use providers::identity_center::Catalogue;

use crate::ground::{env, ui};
use crate::instance::arguments::InstanceArguments;
use crate::instance::roles::Roles;
use crate::instance::settings::{ConfiguredInstance, Settings};
use crate::instance::{access, store};
use crate::programs::profile_blocks::{Block, Fit, Layout, ProcessLine, Section};

/// Write a profile for each of your roles to the AWS config
///
/// Every program that reads the AWS config can then use the roles, such as aws --profile NAME. The profiles stand in a
/// block of their own, which the next run replaces. You see the changes and are asked before anything is written. The rest
/// of the file stays as it is, and a copy of the original is kept.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso setup profiles --diff")]
pub(crate) struct Arguments {
    /// Print the profiles and change nothing
    #[arg(long, group = "instead")]
    print: bool,
    /// Show the changes and change nothing
    #[arg(long, group = "instead")]
    diff: bool,
    /// Remove the profiles: of all instances, or of one with --sso
    #[arg(long, group = "instead")]
    remove: bool,
    /// Write without asking
    #[arg(short, long, alias = "force", conflicts_with_all = ["print", "diff"])]
    yes: bool,
    /// The AWS config to change [default: AWS_CONFIG_FILE, else ~/.aws/config]
    #[arg(long, value_name = "FILE")]
    aws_config: Option<PathBuf>,
    #[command(flatten)]
    instance: InstanceArguments,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let path = arguments.aws_config.clone().unwrap_or_else(env::aws_config_file);
    let file = EditedFile::read(&path)?;
    let layout = Layout::of(file.bytes()).map_err(|malformed| {
        let text = format!("{}: {malformed}", path.display());
        Failure::failed(text).with_hint(
            "Nothing was changed. Correct these lines in an editor, then run the command again.",
        )
    })?;
    if arguments.remove {
        let new = layout.without(arguments.instance.sso.as_ref());
        let (same, done) = ("has no such profiles", "Removed the profiles from");
        return change(&arguments, &file, &new, same, done);
    }
    let settings = Settings::read(&arguments.instance)?;
    let catalogues = catalogues(&settings)?;
    let roles = catalogues
        .iter()
        .map(|(instance, catalogue)| Ok((*instance, Roles::of(&settings, instance, catalogue)?)));
    let roles = roles.collect::<Result<Vec<_>, Failure>>()?;
    let lines = process_lines(&settings, &arguments.instance, &catalogues)?;
    let names: Vec<&InstanceName> = roles.iter().map(|(it, _)| &it.instance.name).collect();
    let mut choice = Choice {
        variables: &settings.config.config_variables,
        in_file: layout.profiles_outside(&names),
        taken: HashSet::new(),
        left_out: LeftOut::default(),
    };
    let mut blocks = Vec::new();
    for ((instance, roles), process) in roles.iter().zip(&lines) {
        blocks.push(choice.block(instance, roles, process));
    }
    choice.left_out.warn(&path);
    if arguments.print {
        for block in &blocks {
            ui::data(block.text("\n").trim_end());
        }
        return Ok(());
    }
    let count: usize = blocks.iter().map(|block| block.sections.len()).sum();
    let done = format!("Wrote {count} profile{} into", if count == 1 { "" } else { "s" });
    change(&arguments, &file, &layout.with(&blocks), "has these profiles already", &done)
}

/// The instances with a catalogue. The blocks of the others stay unchanged.
fn catalogues(settings: &Settings) -> Result<Vec<(&ConfiguredInstance, Catalogue)>, Failure> {
    settings.require_instances()?;
    let (mut known, mut last_error) = (Vec::new(), None);
    for instance in settings.candidates()? {
        let catalogue = access::catalogue_file(instance).read();
        if catalogue.updated_at.is_some() {
            known.push((instance, catalogue));
            continue;
        }
        let text = format!("the roles of `{}` are not known yet", instance.instance.name);
        let flag = settings.flag_for(&instance.instance);
        ui::note(&format!("warning: {}.", ui::printable(&text)));
        let hint = format!("Sign in to fetch them: aws-sso login{flag}");
        last_error = Some(Failure::new(Problem::SignInNeeded, text).with_hint(hint));
    }
    match last_error {
        Some(error) if known.is_empty() => Err(error),
        _ => Ok(known),
    }
}

/// The credential_process line of each instance. It must work in every folder and for every program.
fn process_lines(
    settings: &Settings,
    arguments: &InstanceArguments,
    catalogues: &[(&ConfiguredInstance, Catalogue)],
) -> Result<Vec<ProcessLine>, Failure> {
    let program = text(&program(settings)?)?;
    let config = arguments
        .config
        .as_deref()
        .map(|path| text(&std::path::absolute(path).map_err(Failure::failed)?));
    let config = config.transpose()?;
    let line = |(instance, _): &(&ConfiguredInstance, Catalogue)| {
        let mut words = vec![program.as_str(), "process"];
        words.extend(config.iter().flat_map(|config| ["--config", config]));
        // Always name the instance, because the default may change.
        if settings.instances().len() > 1 {
            words.extend(["--sso", instance.instance.name.as_str()]);
        }
        ProcessLine::of(&words).map_err(Failure::failed)
    };
    catalogues.iter().map(line).collect()
}

/// `ConfigProfilesBinaryPath` of config.yaml, else this program. A name without a folder is looked for in PATH by the SDKs.
fn program(settings: &Settings) -> Result<PathBuf, Failure> {
    match &settings.config.config_profiles_binary {
        Some(program) if program.components().count() == 1 => Ok(program.clone()),
        Some(program) => std::path::absolute(program).map_err(Failure::failed),
        None => env::this_program().map_err(|error| {
            Failure::failed(format!("cannot find the path of this program: {error}"))
        }),
    }
}

fn text(path: &Path) -> Result<String, Failure> {
    let not_text = || Failure::failed(format!("{} is not UTF-8", path.display()));
    path.to_str().map(str::to_owned).ok_or_else(not_text)
}

/// Decides which roles get a profile.
struct Choice<'s> {
    /// `ConfigVariables` of config.yaml, for each profile.
    variables: &'s [(String, String)],
    /// Names of the profiles outside our block.
    in_file: HashSet<String>,
    /// Names that roles already have.
    taken: HashSet<String>,
    left_out: LeftOut,
}

/// Names to warn a person about.
#[derive(Default)]
struct LeftOut {
    in_file: Vec<String>,
    of_another_instance: Vec<String>,
    not_allowed: Vec<String>,
    default: Vec<String>,
    not_for_all_sdks: Vec<String>,
}

impl<'s> Choice<'s> {
    fn block<'a>(
        &mut self,
        instance: &'a ConfiguredInstance,
        roles: &'a Roles<'a>,
        process: &'a ProcessLine,
    ) -> Block<'a>
    where
        's: 'a,
    {
        let mut sections = Vec::new();
        for role in &roles.roles {
            if self.takes(&role.profile) {
                let (arn, region) = (roles.arn(role), roles.default_region(role));
                let (name, variables) = (&role.profile, self.variables);
                sections.push(Section { name, arn, region, process, variables });
            }
        }
        Block { instance: &instance.instance.name, sections }
    }

    fn takes(&mut self, name: &ProfileName) -> bool {
        let (fit, text) = (Fit::of(name), name.to_string());
        match fit {
            Fit::Everybody | Fit::Some => {}
            Fit::Default => {
                self.left_out.default.push(text);
                return false;
            }
            Fit::Nobody => {
                self.left_out.not_allowed.push(text);
                return false;
            }
        }
        // SDKs would merge both profiles, or reject the file.
        if self.in_file.contains(&text) {
            self.left_out.in_file.push(text);
            return false;
        }
        if !self.taken.insert(text.clone()) {
            self.left_out.of_another_instance.push(text);
            return false;
        }
        if fit == Fit::Some {
            self.left_out.not_for_all_sdks.push(text);
        }
        true
    }
}

impl LeftOut {
    fn warn(&self, path: &Path) {
        let path = path.display();
        warn(&self.not_allowed, "left out, because such a name is not allowed in an AWS config");
        warn(&self.default, IS_DEFAULT);
        warn(
            &self.in_file,
            &format!("left out, because {path} already has a profile of that name"),
        );
        warn(&self.of_another_instance, SAME_NAMES);
        warn(
            &self.not_for_all_sdks,
            "only for the AWS CLI and boto3: the SDKs for Rust and JavaScript accept only A-Za-z0-9_-/.%@:+ in names",
        );
    }
}

fn warn(names: &[String], what: &str) {
    if names.is_empty() {
        return;
    }
    let shown: Vec<String> = names.iter().take(MAX_SHOWN).map(|name| format!("`{name}`")).collect();
    let more = match names.len().saturating_sub(MAX_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    ui::note(&format!(
        "warning: {}{more}: {}.",
        ui::printable(&shown.join(", ")),
        ui::printable(what)
    ));
}

/// Shows or writes the change, if there is one.
fn change(
    arguments: &Arguments,
    file: &EditedFile,
    new: &[u8],
    same: &str,
    done: &str,
) -> Result<(), Failure> {
    let path = file.path().display().to_string();
    let shown = ui::printable(&path);
    if new == file.bytes() {
        ui::note(&format!("Nothing to do: {shown} {same}."));
        return Ok(());
    }
    let diff = ui::Diff::of(&path, file.bytes(), new);
    if arguments.diff {
        diff.as_data();
        return Ok(());
    }
    if !arguments.yes {
        if !store::can_ask() {
            return Err(Failure::new(
                Problem::Usage,
                "the change needs your approval, and there is no terminal",
            )
            .with_hint("Add --yes to write it without asking, or --diff to see the changes."));
        }
        diff.as_notes();
        if !ui::confirm(&format!("Write this into {shown}? [y/N] "))? {
            ui::note("Nothing was changed.");
            return Ok(());
        }
    }
    let backup = file.replace(new)?;
    let backup = backup.map(|path| format!(" The original is in {}.", path.display()));
    ui::note(&format!("{done} {shown}.{}", ui::printable(&backup.unwrap_or_default())));
    Ok(())
}

const SAME_NAMES: &str = "left out, because another instance has a role of that name. Put {{ .SSO }} into ProfileFormat in \
     config.yaml, so that the names differ";

const IS_DEFAULT: &str = "left out, because programs use that profile when nobody names one. Give the role another name with \
     Profile or ProfileFormat in config.yaml";

/// Limit of names in one warning.
const MAX_SHOWN: usize = 5;
