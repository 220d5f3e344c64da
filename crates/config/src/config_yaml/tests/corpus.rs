//! The corpus of files as people have them, in `tests/corpus/config_yaml`: beside each file, in words, what it gives. `UPDATE=1`
//! writes these words anew.

use std::fmt::{Debug, Write};
use std::fs;
use std::path::{Path, PathBuf};

use super::super::{ConfigFile, InstanceSection, Role};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/config_yaml");

/// The start of the names of files in which something cannot be read.
const BROKEN: &str = "broken-";

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(CORPUS).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect();
    files.sort();
    files
}

#[test]
fn each_file_gives_what_is_written_beside_it() {
    let files = files();
    assert!(files.len() >= 40, "{}", files.len());
    for path in files {
        let config = ConfigFile::read(&path, Path::new("/home/me")).unwrap().unwrap();
        let (given, beside) = (described(&config), path.with_extension("txt"));
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&beside, &given).unwrap();
        }
        let expected = fs::read_to_string(&beside).unwrap_or_default();
        assert_eq!(given, expected, "{}", path.display());
    }
}

#[test]
fn only_files_that_are_broken_on_purpose_have_problems() {
    for path in files() {
        let config = ConfigFile::read(&path, Path::new("/home/me")).unwrap().unwrap();
        let is_broken = path.file_name().unwrap().to_string_lossy().starts_with(BROKEN);
        assert_eq!(config.problems.is_empty(), !is_broken, "{}", path.display());
    }
}

/// What a file gives, one thing a line. What is not set has no line.
fn described(config: &ConfigFile) -> String {
    let mut text = String::new();
    for instance in &config.instances {
        describe_instance(&mut text, instance);
    }
    for broken in &config.broken_instances {
        writeln!(text, "broken instance {}", broken.name).unwrap();
    }
    for (key, value) in settings(config) {
        if let Some(value) = value {
            writeln!(text, "{key} {value}").unwrap();
        }
    }
    for problem in &config.problems {
        writeln!(text, "problem: {}", problem.in_file("config.yaml")).unwrap();
    }
    for note in &config.notes {
        writeln!(text, "unknown: {note}").unwrap();
    }
    for note in &config.unused {
        writeln!(text, "unused: {note}").unwrap();
    }
    text
}

fn settings(config: &ConfigFile) -> [(&'static str, Option<String>); 19] {
    let yes = |is_set: bool| is_set.then(|| "yes".to_owned());
    let list = |texts: &[String]| (!texts.is_empty()).then(|| format!("{texts:?}"));
    [
        ("DefaultSSO", shown(config.default_instance.as_ref())),
        ("DefaultRegion", shown(config.default_region.as_ref())),
        ("AuthWorkflow", debug(config.auth_workflow)),
        ("AutoLogin", yes(config.auto_login)),
        ("AutoConfigCheck", yes(config.auto_config_check)),
        ("CacheRefresh", debug(config.cache_refresh)),
        ("MaxRetry", debug(config.max_retry)),
        ("MaxBackoff", debug(config.max_backoff)),
        ("Browser", config.browser.clone()),
        ("UrlAction", debug(config.url_action)),
        ("UrlExecCommand", list(&config.url_exec_command)),
        ("SecureStore", config.secure_store.as_ref().map(|it| format!("{:?}", it.as_ref().ok()))),
        ("JsonStore", debug(config.json_store.as_ref())),
        ("ProfileFormat", debug(config.profile_format.as_ref())),
        ("ListFields", list(&config.list_fields)),
        ("ConfigVariables", tags(&config.config_variables)),
        ("ConfigProfilesBinaryPath", debug(config.config_profiles_binary.as_ref())),
        ("ConsoleDuration", debug(config.console_duration)),
        ("EnvVarTags", list(&config.env_var_tags)),
    ]
}

fn debug(value: Option<impl Debug>) -> Option<String> {
    value.map(|value| format!("{value:?}"))
}

fn describe_instance(text: &mut String, section: &InstanceSection) {
    let instance = &section.instance;
    write!(text, "instance {}: {} {}", instance.name, instance.region, instance.start_url).unwrap();
    writeln!(text, "{}", options(&[("region", shown(section.default_region.as_ref()))])).unwrap();
    if let Some(action) = section.auth_url_action {
        writeln!(text, "  signs in by {action:?}").unwrap();
    }
    for account in &section.accounts {
        let name = ("name", account.name.clone());
        let region = ("region", shown(account.default_region.as_ref()));
        let tags = ("tags", tags(&account.tags));
        writeln!(text, "  account {}{}", account.id, options(&[name, region, tags])).unwrap();
        for role in &account.roles {
            writeln!(text, "    role {}", described_role(role)).unwrap();
        }
    }
}

fn described_role(role: &Role) -> String {
    let options = options(&[
        ("profile", shown(role.profile.as_ref())),
        ("region", shown(role.default_region.as_ref())),
        ("via", shown(role.via.as_ref())),
        ("source identity", role.source_identity.clone()),
        ("external id", role.external_id.clone()),
        ("tags", tags(&role.tags)),
    ]);
    format!("{}{options}", role.name.as_str())
}

fn shown(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

fn tags(tags: &[(String, String)]) -> Option<String> {
    let pairs: Vec<_> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!pairs.is_empty()).then(|| pairs.join(" "))
}

fn options(options: &[(&str, Option<String>)]) -> String {
    let given = options.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    given.map(|(name, value)| format!(", {name} `{value}`")).collect()
}
