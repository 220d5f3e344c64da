//! Reads `config.yaml` into typed values. Never writes it.
//!
//! The format is that of aws-sso-cli, and each key has the meaning it has there. Keys that are not used here are noted and
//! ignored.

mod choice;
mod field_error;
mod fields;
mod instance;
#[cfg(test)]
mod tests;
mod value;
mod yaml;

use std::path::{Path, PathBuf};
use std::time::Duration;

use credentials::{Failure, InstanceName, Invalid, RegionName};

use field_error::FieldError;
use fields::Fields;
use yaml::Node;

pub use choice::{AuthWorkflow, SecureStore, UrlAction};
pub use instance::{Account, InstanceSection, Role};

/// Maximum size of the file. A file with 20,000 roles has 1 MiB.
const MAX_BYTES: u64 = 4 << 20;

/// The content of `config.yaml`. A setting that is missing there is `None` or empty: the caller knows its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFile {
    /// The file. Empty if there is none.
    pub path: PathBuf,
    /// `SSOConfig`: the instances, in the order of the file.
    pub instances: Vec<InstanceSection>,
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
    /// `SecureStore`: where tokens are stored.
    pub secure_store: Option<SecureStore>,
    /// `JsonStore`: the path of the store, for [`SecureStore::Json`].
    pub json_store: Option<PathBuf>,
    /// `ProfileFormat`: the template of profile names. A key without a value is `Some("")`, which has another default than a
    /// missing key.
    pub profile_format: Option<String>,
    /// `ListFields`: the columns of `aws-sso list`, by their current names.
    pub list_fields: Vec<String>,
    /// Messages for the log: one for each key that is not used.
    pub notes: Vec<String>,
}

impl ConfigFile {
    /// Reads the file at `path`. `None` if there is no such file. `home` is the folder that `~` stands for.
    ///
    /// # Errors
    /// The file cannot be read, has more than 4 MiB, or is not valid. The message names the file, the line, the key and the
    /// allowed values.
    pub fn read(path: &Path, home: &Path) -> Result<Option<Self>, Failure> {
        let bytes = match files::read(path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text = String::from_utf8(bytes)
            .map_err(|_| Failure::failed(format!("{} must be UTF-8", path.display())))?;
        let config = Self::parse(&text, path, home)?;
        Ok(Some(Self { path: path.to_owned(), ..config }))
    }

    /// Parses the text of a file. `path` is for messages.
    ///
    /// # Errors
    /// The text is not valid, as for [`ConfigFile::read`].
    pub fn parse(text: &str, path: &Path, home: &Path) -> Result<Self, Failure> {
        let parsed = Node::parse(text).and_then(|root| Self::of(&root, home));
        parsed.map_err(|error| Failure::failed(error.in_file(path.display())))
    }

    fn of(root: &Node, home: &Path) -> Result<Self, FieldError> {
        let mut fields = Fields::of(root)?;
        let mut notes = Vec::new();
        let command = fields.take_node("UrlExecCommand");
        let format = fields.take_node("ProfileFormat");
        let mut config = Self {
            path: PathBuf::new(),
            instances: fields
                .take("SSOConfig", |node| InstanceSection::all(node, &mut notes))?
                .unwrap_or_default(),
            default_instance: fields.take("DefaultSSO", |node| node.parsed(InstanceName::parse))?,
            default_region: fields.take("DefaultRegion", |node| node.parsed(RegionName::parse))?,
            auth_workflow: fields.take("AuthWorkflow", |node| node.parsed(str::parse))?,
            auto_login: fields.take("AutoLogin", Node::boolean)?.unwrap_or_default(),
            cache_refresh: fields.take("CacheRefresh", hours)?,
            max_retry: fields.take("MaxRetry", Node::number)?,
            max_backoff: fields.take("MaxBackoff", Node::number)?.map(Duration::from_secs),
            browser: fields.take("Browser", Node::text)?,
            url_action: fields.take("UrlAction", |node| node.parsed(str::parse))?,
            url_exec_command: Vec::new(),
            secure_store: fields.take("SecureStore", |node| node.parsed(str::parse))?,
            json_store: fields.take("JsonStore", |node| Ok(value::path(&node.text()?, home)))?,
            profile_format: format
                .map(|node| node.text().map_err(|error| error.within("ProfileFormat")))
                .transpose()?,
            list_fields: fields.take("ListFields", list_fields)?.unwrap_or_default(),
            notes: Vec::new(),
        };
        if let Some(node) = command {
            config.url_exec_command =
                node.texts().map_err(|error| error.within("UrlExecCommand"))?;
        }
        config.check_command().map_err(|invalid| {
            let line = command.unwrap_or(root).line;
            FieldError::new(line, invalid.to_string()).within("UrlExecCommand")
        })?;
        fields.done(&mut notes);
        config.notes = notes;
        Ok(config)
    }

    /// Checks `UrlExecCommand` for every action in the file.
    fn check_command(&self) -> Result<(), Invalid> {
        let for_sign_in = self.instances.iter().filter_map(|instance| instance.auth_url_action);
        let mut actions = for_sign_in.chain(self.url_action);
        actions.try_for_each(|action| action.check_command(&self.url_exec_command))
    }
}

/// A number of hours. A negative number is zero.
fn hours(node: &Node) -> Result<Duration, FieldError> {
    let hours = u64::try_from(node.number::<i64>()?).unwrap_or(0);
    Ok(Duration::from_secs(hours.saturating_mul(60 * 60)))
}

/// Names of columns. Old names become the current ones.
fn list_fields(node: &Node) -> Result<Vec<String>, FieldError> {
    let current = |name: String| match name.as_str() {
        "ExpiresStr" => "Expires".to_owned(),
        "AccountIdStr" => "AccountIdPad".to_owned(),
        "ARN" => "Arn".to_owned(),
        _ => name,
    };
    Ok(node.texts()?.into_iter().map(current).collect())
}
