//! Reads `config.yaml` into typed values. Never writes it.
//!
//! The format is that of aws-sso-cli, and each key has the meaning it has there. A value that cannot be read costs only its key,
//! account, role or instance. The file as a whole fails only if it is not YAML.

mod choice;
mod field_error;
mod fields;
mod findings;
mod instance;
mod scalar;
mod setting;
#[cfg(test)]
mod tests;
mod value;
mod yaml;

use std::path::{Path, PathBuf};
use std::time::Duration;

use credentials::{Failure, InstanceName, Invalid, RegionName};

use fields::Fields;
use findings::Findings;
use instance::Instances;
use yaml::{Kind, Node};

pub use choice::{AuthWorkflow, SecureStore, UrlAction};
pub use field_error::FieldError;
pub use instance::{Account, BrokenInstance, InstanceSection, Role};

/// Maximum size of the file. A file with 20,000 roles has 1 MiB.
const MAX_BYTES: u64 = 4 << 20;

/// The content of `config.yaml`. A setting that is missing there is `None` or empty: the caller knows its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFile {
    /// The file. Empty if there is none.
    pub path: PathBuf,
    /// `SSOConfig`: the instances, in the order of the file.
    pub instances: Vec<InstanceSection>,
    /// The instances of `SSOConfig` that cannot be used.
    pub broken_instances: Vec<BrokenInstance>,
    /// `DefaultSSO`: the instance to use when no other is chosen. The file may not contain it.
    pub default_instance: Option<InstanceName>,
    /// `DefaultRegion`: the AWS region of all roles without one of their own.
    pub default_region: Option<RegionName>,
    /// `AuthWorkflow`: how a person signs in.
    pub auth_workflow: Option<AuthWorkflow>,
    /// `AutoLogin`: whether commands sign in by themselves when a sign-in is needed. `false` by default.
    pub auto_login: bool,
    /// `CacheRefresh`, in hours in the file: the age at which the catalogue is updated. Zero means never.
    pub cache_refresh: Option<Duration>,
    /// `MaxRetry`: maximum number of attempts of a call to AWS.
    pub max_retry: Option<u32>,
    /// `MaxBackoff`, in seconds in the file: maximum time between two attempts of a call to AWS.
    pub max_backoff: Option<Duration>,
    /// `Browser`: the program that opens URLs.
    pub browser: Option<String>,
    /// `UrlAction`: what to do with a URL that a person should open.
    pub url_action: Option<UrlAction>,
    /// `UrlExecCommand`: a program and its arguments. Valid for the actions in the file. [`UrlAction::check_command`] checks it
    /// for others.
    pub url_exec_command: Vec<String>,
    /// `SecureStore`: where tokens are stored. If it or its path cannot be read, no other store may take its place.
    pub secure_store: Option<Result<SecureStore, FieldError>>,
    /// `JsonStore`: the path of the store, for [`SecureStore::Json`].
    pub json_store: Option<PathBuf>,
    /// `ProfileFormat`: the template of profile names. A key without a value is `Some("")`, which has another default than a
    /// missing key.
    pub profile_format: Option<String>,
    /// `ListFields`: the columns of `aws-sso list`, as in the file.
    pub list_fields: Vec<String>,
    /// `ConfigVariables`: lines for each profile that is written into the AWS config, sorted by key.
    pub config_variables: Vec<(String, String)>,
    /// `ConfigProfilesBinaryPath`: the program that those profiles run.
    pub config_profiles_binary: Option<PathBuf>,
    /// `ConsoleDuration`, in minutes in the file: the length of a session of the AWS console.
    pub console_duration: Option<Duration>,
    /// `EnvVarTags`: keys of tags that are exported as environment variables.
    pub env_var_tags: Vec<String>,
    /// `AutoConfigCheck`: whether a person is reminded of the AWS config when roles have changed. `false` by default.
    pub auto_config_check: bool,
    /// What cannot be read. The keys count as missing. These are for the person.
    pub problems: Vec<FieldError>,
    /// Messages for the log: one for each unknown key.
    pub notes: Vec<String>,
    /// Messages for the log: one for each key of aws-sso-cli that has no effect here.
    pub unused: Vec<String>,
}

impl ConfigFile {
    /// Reads the file at `path`. `None` if there is no such file. `home` is the folder that `~` stands for.
    ///
    /// # Errors
    /// The file cannot be read, has more than 4 MiB, or is not UTF-8 or not YAML. The message names the file and the line.
    pub fn read(path: &Path, home: &Path) -> Result<Option<Self>, Failure> {
        let bytes = match files::read(path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text = decoded(bytes)
            .ok_or_else(|| Failure::failed(format!("{} must be UTF-8", path.display())))?;
        let config = Self::parse(&text, path, home)?;
        Ok(Some(Self { path: path.to_owned(), ..config }))
    }

    /// Parses the text of a file. `path` is for messages.
    ///
    /// # Errors
    /// The text is not a map in YAML.
    pub fn parse(text: &str, path: &Path, home: &Path) -> Result<Self, Failure> {
        let mut findings = Findings::default();
        let parsed = Node::parse(text, &mut findings)
            .and_then(|root| Self::of(&root, home, &mut findings))
            .map_err(|error| Failure::failed(error.in_file(path.display())))?;
        let Findings { mut problems, unknown: notes, unused } = findings;
        problems.sort_by_key(FieldError::line);
        problems.dedup();
        Ok(Self { problems, notes, unused, ..parsed })
    }

    fn of(root: &Node, home: &Path, findings: &mut Findings) -> Result<Self, FieldError> {
        if matches!(root.kind, Kind::List(_)) {
            return Err(root.must_be("a map of keys to values"));
        }
        let mut fields = Fields::of(root, findings)?;
        let word = |text: String| value::word(&text, home);
        // Where an action is, if it has no command.
        let line = fields.line_of("UrlAction").or(fields.line_of("SSOConfig"));
        let instances = fields.take_map("SSOConfig", Instances::of).unwrap_or_default();
        let command = fields.try_take_node("UrlExecCommand");
        let mut config = Self {
            instances: instances.usable,
            broken_instances: instances.broken,
            default_instance: fields.take("DefaultSSO", |node| node.parsed(InstanceName::parse)),
            default_region: fields.take("DefaultRegion", |node| node.parsed(RegionName::parse)),
            auth_workflow: fields.take("AuthWorkflow", |node| node.parsed(str::parse)),
            auto_login: fields.take("AutoLogin", Node::boolean).unwrap_or_default(),
            cache_refresh: fields.take("CacheRefresh", setting::hours),
            max_retry: fields.take("MaxRetry", Node::number),
            max_backoff: fields.take("MaxBackoff", Node::number).map(Duration::from_secs),
            browser: fields.take("Browser", Node::text).map(word),
            url_action: fields.take("UrlAction", |node| node.parsed(str::parse)),
            secure_store: None,
            json_store: None,
            profile_format: setting::profile_format(&mut fields),
            list_fields: fields.take("ListFields", Node::texts).unwrap_or_default(),
            config_variables: fields
                .take_map("ConfigVariables", setting::variables)
                .unwrap_or_default(),
            config_profiles_binary: fields
                .take("ConfigProfilesBinaryPath", Node::text)
                .map(|text| value::path(&text, home)),
            console_duration: fields.take("ConsoleDuration", setting::console_duration),
            env_var_tags: fields.take("EnvVarTags", Node::texts).unwrap_or_default(),
            auto_config_check: fields.take("AutoConfigCheck", Node::boolean).unwrap_or_default(),
            ..Self::default()
        };
        config.take_store(&mut fields, home);
        config.take_command(command, line.unwrap_or(root.line), home).map_or_else(
            |error| fields.add_problem(error.within("UrlExecCommand")),
            |command| config.url_exec_command = command,
        );
        fields.done(&UNUSED);
        Ok(config)
    }

    /// Reads `SecureStore` and `JsonStore`.
    fn take_store(&mut self, fields: &mut Fields<'_, '_>, home: &Path) {
        let store = fields.try_take("SecureStore", |node| node.parsed(str::parse));
        let mut store: Option<Result<SecureStore, _>> = store.transpose();
        if let Some(Err(error)) = &store {
            fields.add_problem(error.clone());
        }
        match fields.try_take("JsonStore", |node| Ok(value::path(&node.text()?, home))) {
            Ok(path) => self.json_store = path,
            Err(error) => {
                if store == Some(Ok(SecureStore::Json)) {
                    store = Some(Err(error.clone()));
                }
                fields.add_problem(error);
            }
        }
        self.secure_store = store;
    }

    /// Reads `UrlExecCommand`, and checks it for every action in the file.
    fn take_command(
        &self,
        node: Result<Option<&Node>, FieldError>,
        line: usize,
        home: &Path,
    ) -> Result<Vec<String>, FieldError> {
        let node = node?;
        let words = node.filter(|node| !node.is_blank()).map(Node::texts).transpose()?;
        let command: Vec<String> =
            words.unwrap_or_default().iter().map(|text| value::word(text, home)).collect();
        let for_sign_in = self.instances.iter().filter_map(|instance| instance.auth_url_action);
        let mut actions = for_sign_in.chain(self.url_action);
        let checked = actions.try_for_each(|action| action.check_command(&command));
        let line = node.map_or(line, |node| node.line);
        checked.map_err(|invalid: Invalid| FieldError::new(line, invalid.to_string()))?;
        Ok(command)
    }
}

/// The text of a file: UTF-8, or UTF-16 with a byte order mark, as some editors of Windows save it.
fn decoded(bytes: Vec<u8>) -> Option<String> {
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => of_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => of_utf16(rest, u16::from_be_bytes),
        _ => String::from_utf8(bytes).ok(),
    }
}

fn of_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (pairs, []) = bytes.as_chunks() else { return None };
    String::from_utf16(&pairs.iter().map(|pair| unit(*pair)).collect::<Vec<_>>()).ok()
}

/// Keys of aws-sso-cli that have no effect here. The guide "From aws-sso-cli" says why.
const UNUSED: [&str; 14] = [
    "AccountPrimaryTag",
    "ConfigProfilesUrlAction",
    "ConfigUrlAction",
    "FirefoxOpenUrlInContainer",
    "FirstTag",
    "FullTextSearch",
    "HistoryLimit",
    "HistoryMinutes",
    "LogLevel",
    "LogLines",
    "OnePassword",
    "PromptColors",
    "SecretServiceCollection",
    "Threads",
];
