//! `config.yaml`, the reference's file: read into typed values and never written. What a key means is kept
//! from there; keys that are not used here are noted and ignored.
//!
//! No environment, no clock: where the file and the home folder are is the caller's to know.

mod choice;
mod fields;
mod instance;
mod problem;
#[cfg(test)]
mod tests;
mod value;
mod yaml;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use credentials::{InstanceName, Invalid, RegionName};

use fields::Fields;
use problem::Problem;
use yaml::Node;

pub use choice::{AuthWorkflow, SecureStore, UrlAction};
pub use instance::{Account, InstanceSection, Role};

/// 20,000 roles are 1 MiB.
const MOST_BYTES: u64 = 4 << 20;

/// What the file says. What it does not say is `None` or empty: defaults are the callers'.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFile {
    pub instances: Vec<InstanceSection>,
    /// `DefaultSSO`. It may name an instance that is not there.
    pub default_instance: Option<InstanceName>,
    pub default_region: Option<RegionName>,
    pub auth_workflow: Option<AuthWorkflow>,
    pub auto_login: bool,
    /// Zero and less: never.
    pub cache_refresh_hours: Option<i64>,
    pub max_retry: Option<u32>,
    pub max_backoff_seconds: Option<u32>,
    pub browser: Option<String>,
    pub url_action: Option<UrlAction>,
    /// Fit for the file's own actions; `UrlAction::check_command` tells for others.
    pub url_exec_command: Vec<String>,
    pub secure_store: Option<SecureStore>,
    pub json_store: Option<PathBuf>,
    /// A key without a value is `Some("")`, which means another format than no key.
    pub profile_format: Option<String>,
    pub list_fields: Vec<String>,
    /// For the log: keys that are not used.
    pub notes: Vec<String>,
}

/// Why the file was not taken: one line with the file, the line, the key and what is allowed.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct ConfigError {
    text: String,
}

impl ConfigFile {
    /// Reads the file at `path`; `None` if there is none. `home` is what `~` stands for.
    pub fn read(path: &Path, home: &Path) -> Result<Option<Self>, ConfigError> {
        let because = |text: String| ConfigError { text: format!("{} {text}", path.display()) };
        let cannot = |error: std::io::Error| because(format!("cannot be read: {error}"));
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot(error)),
        };
        let mut bytes = Vec::new();
        // One more than is taken tells a file that is too large from one that just fits.
        file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(cannot)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(because("must be at most 4 MiB".to_owned()));
        }
        let text = String::from_utf8(bytes).map_err(|_| because("must be UTF-8".to_owned()))?;
        Self::parse(&text, path, home).map(Some)
    }

    /// Reads the text of a file; `path` is for messages.
    pub fn parse(text: &str, path: &Path, home: &Path) -> Result<Self, ConfigError> {
        let parsed = Node::parse(text).and_then(|root| Self::of(&root, home));
        parsed.map_err(|problem| ConfigError { text: problem.in_file(path.display()) })
    }

    fn of(root: &Node, home: &Path) -> Result<Self, Problem> {
        let mut fields = Fields::of(root)?;
        let mut notes = Vec::new();
        let command = fields.take_node("UrlExecCommand");
        let format = fields.take_node("ProfileFormat");
        let mut config = Self {
            instances: fields
                .take("SSOConfig", |node| InstanceSection::all(node, &mut notes))?
                .unwrap_or_default(),
            default_instance: fields.take("DefaultSSO", |node| node.parsed(InstanceName::parse))?,
            default_region: fields.take("DefaultRegion", |node| node.parsed(RegionName::parse))?,
            auth_workflow: fields.take("AuthWorkflow", |node| node.parsed(str::parse))?,
            auto_login: fields.take("AutoLogin", Node::boolean)?.unwrap_or_default(),
            cache_refresh_hours: fields.take("CacheRefresh", Node::number)?,
            max_retry: fields.take("MaxRetry", Node::number)?,
            max_backoff_seconds: fields.take("MaxBackoff", Node::number)?,
            browser: fields.take("Browser", Node::text)?,
            url_action: fields.take("UrlAction", |node| node.parsed(str::parse))?,
            url_exec_command: Vec::new(),
            secure_store: fields.take("SecureStore", |node| node.parsed(str::parse))?,
            json_store: fields.take("JsonStore", |node| Ok(value::path(&node.text()?, home)))?,
            profile_format: format
                .map(|node| node.text().map_err(|problem| problem.within("ProfileFormat")))
                .transpose()?,
            list_fields: fields.take("ListFields", list_fields)?.unwrap_or_default(),
            notes: Vec::new(),
        };
        if let Some(node) = command {
            config.url_exec_command =
                node.texts().map_err(|problem| problem.within("UrlExecCommand"))?;
        }
        config.check_command().map_err(|invalid| {
            let line = command.unwrap_or(root).line;
            Problem::new(line, invalid.to_string()).within("UrlExecCommand")
        })?;
        fields.done(&mut notes);
        config.notes = notes;
        Ok(config)
    }

    /// Whether `UrlExecCommand` is fit for every action that the file names.
    fn check_command(&self) -> Result<(), Invalid> {
        let for_sign_in = self.instances.iter().filter_map(|instance| instance.auth_url_action);
        let mut actions = for_sign_in.chain(self.url_action);
        actions.try_for_each(|action| action.check_command(&self.url_exec_command))
    }
}

/// Columns, by the names that they have today.
fn list_fields(node: &Node) -> Result<Vec<String>, Problem> {
    let renamed = |name: String| match name.as_str() {
        "ExpiresStr" => "Expires".to_owned(),
        "AccountIdStr" => "AccountIdPad".to_owned(),
        "ARN" => "Arn".to_owned(),
        _ => name,
    };
    Ok(node.texts()?.into_iter().map(renamed).collect())
}
