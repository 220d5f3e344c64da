//! Profile names of roles, made by `ProfileFormat`: a Go text/template as in aws-sso-cli.
//!
//! A template sees no secrets, only what `aws-sso list` shows. There is no I/O, except for the file with the names that were made
//! before.

mod functions;
#[cfg(test)]
mod golden;
mod memo;
#[cfg(test)]
mod tests;
mod unique;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use credentials::{AccountId, ProfileName};
use gtmpl_ng::{Context, ExecError, Limits, ParseError, Template, Value};

pub use memo::{Fingerprint, Memo};
pub use unique::{Named, Renamed, make_unique};

/// The format when config.yaml has no `ProfileFormat`.
const DEFAULT_FORMAT: &str =
    "{{ FirstItem .AccountName (.AccountAlias | nospace) }}:{{ .RoleName }}";

/// The format when `ProfileFormat` is empty.
const PLAIN_FORMAT: &str = "{{.AccountIdPad}}:{{.RoleName}}";

/// Maximum size of a template. A person writes it as one line.
const MAX_TEMPLATE_BYTES: usize = 4096;

/// Maximum number of characters of the template engine's error in a message. The engine may quote whole values.
const MAX_ERROR_CHARS: usize = 160;

/// Limits of the template engine. A name has at most 512 bytes, and its template needs little more for it.
const LIMITS: Limits = {
    let mut limits = Limits::DEFAULT;
    limits.iterations = Some(1_000);
    limits.total_iterations = Some(10_000);
    limits.output_bytes = Some(4096);
    limits.function_output = Some(functions::MAX_TEXT_BYTES);
    limits
};

/// Maximum time for one name, for templates with loops or with calls of other templates. A name takes microseconds, and reading
/// the clock would double that, so other templates have no deadline.
const RENDER_TIMEOUT: Duration = Duration::from_secs(1);

/// Maximum number of parentheses and conditions, which can nest. The engine makes several nested calls for each of them, has no
/// limit of its own for parentheses and `else if`, and would exhaust the stack.
const MAX_NESTABLE: usize = 48;

/// A parsed template that makes names.
pub struct ProfileFormat {
    /// The person's text, for messages.
    text: String,
    template: Template,
    /// The fields that the template mentions. Others would cost time for each name.
    fields: Vec<Field>,
}

/// The fields of a role in a template. A field that is not known is empty.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    /// `Id`: the number of the role in the list.
    pub id: i64,
    /// `AccountId`, as a number, and `AccountIdPad`, as 12 digits.
    pub account_id: &'a AccountId,
    /// `AccountName`: the account's name in config.yaml.
    pub account_name: &'a str,
    /// `AccountAlias`: the account's name in AWS.
    pub account_alias: &'a str,
    /// `EmailAddress`: the email address of the account's root user.
    pub email_address: &'a str,
    /// `Expires`: the remaining time of the role's credentials, for people.
    pub expires: &'a str,
    /// `ExpiresEpoch`: the expiration of the role's credentials, in Unix epoch seconds.
    pub expires_epoch: i64,
    /// `Arn`: the role's ARN.
    pub arn: &'a str,
    /// `RoleName`: the role's name.
    pub role_name: &'a str,
    /// `Profile`: the role's profile name in config.yaml.
    pub profile: &'a str,
    /// `DefaultRegion`: the AWS region for the role.
    pub default_region: &'a str,
    /// `SSO`: the instance's name.
    pub sso: &'a str,
    /// `SSORegion`: the instance's AWS region.
    pub sso_region: &'a str,
    /// `StartUrl`: the instance's start URL.
    pub start_url: &'a str,
    /// `Tags`: the tags of the role and its account, as pairs of key and value.
    pub tags: &'a [(String, String)],
    /// `Via`: the ARN of the role from which this one is assumed.
    pub via: &'a str,
}

/// A field's name in templates, and the function that gives its value.
type Field = (&'static str, fn(&Fields<'_>) -> Value);

const FIELDS: [Field; 17] = [
    ("Id", |fields| Value::from(fields.id)),
    ("AccountId", |fields| Value::from(fields.account_id.as_str().parse::<i64>().unwrap_or(0))),
    ("AccountIdPad", |fields| Value::from(fields.account_id.as_str())),
    ("AccountName", |fields| Value::from(fields.account_name)),
    ("AccountAlias", |fields| Value::from(fields.account_alias)),
    ("EmailAddress", |fields| Value::from(fields.email_address)),
    ("Expires", |fields| Value::from(fields.expires)),
    ("ExpiresEpoch", |fields| Value::from(fields.expires_epoch)),
    ("Arn", |fields| Value::from(fields.arn)),
    ("RoleName", |fields| Value::from(fields.role_name)),
    ("Profile", |fields| Value::from(fields.profile)),
    ("DefaultRegion", |fields| Value::from(fields.default_region)),
    ("SSO", |fields| Value::from(fields.sso)),
    ("SSORegion", |fields| Value::from(fields.sso_region)),
    ("StartUrl", |fields| Value::from(fields.start_url)),
    ("Tags", |fields| {
        let tags =
            fields.tags.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
        Value::Map(tags.collect())
    }),
    ("Via", |fields| Value::from(fields.via)),
];

/// Why a template is not valid or gives no name: a fragment that follows the name of the setting, "must ...".
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct TemplateError {
    text: String,
}

impl TemplateError {
    fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

impl ProfileFormat {
    /// Makes the format of a config file. `format` is the value of `ProfileFormat`, `None` without that key.
    ///
    /// # Errors
    /// As for [`ProfileFormat::parse`].
    pub fn of_config(format: Option<&str>) -> Result<Self, TemplateError> {
        match format {
            None => Self::parse(DEFAULT_FORMAT),
            Some("") => Self::parse(PLAIN_FORMAT),
            Some(template) => Self::parse(template),
        }
    }

    /// Parses a template.
    ///
    /// # Errors
    /// The text is not a template, has more than 4 KiB, nests too much, or uses a function or a field that does not exist.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_TEMPLATE_BYTES {
            return Err(TemplateError::new(format!("must be at most {MAX_TEMPLATE_BYTES} bytes")));
        }
        // The engine's parser never ends on `\x` without digits, and misreads it with them.
        if [r"\x", r"\u", r"\U"].iter().any(|escape| text.contains(escape)) {
            let message = r"must not contain \x, \u or \U: write the character itself";
            return Err(TemplateError::new(message));
        }
        let nesting = ["(", "if", "else", "with", "range"];
        if nesting.iter().map(|part| text.matches(part).count()).sum::<usize>() > MAX_NESTABLE {
            let message = format!("must have at most {MAX_NESTABLE} parentheses and conditions");
            return Err(TemplateError::new(message));
        }
        let repeats =
            ["range", "define", "block", "template"].iter().any(|word| text.contains(word));
        let limits = LIMITS.with_deadline(repeats.then_some(RENDER_TIMEOUT));
        let mut template = Template::with_limits(limits);
        functions::add_to(&mut template);
        template.parse(text).map_err(parse_error)?;
        // A template uses a field by its name after a dot. Text that contains the same characters only costs a little time.
        let mentioned = |(name, _): &Field| text.contains(&format!(".{name}"));
        let fields = FIELDS.into_iter().filter(mentioned).collect();
        let format = Self { text: text.to_owned(), template, fields };
        format.check_fields()?;
        Ok(format)
    }

    /// Finds fields that do not exist, by rendering sample roles. Other errors depend on the role.
    fn check_fields(&self) -> Result<(), TemplateError> {
        let account_id =
            AccountId::parse("0").map_err(|invalid| TemplateError::new(invalid.to_string()))?;
        for sample in ["", "sample"] {
            let fields = Fields::sample(&account_id, sample);
            match self.fill(&fields) {
                Err(error) if error.text.starts_with(UNKNOWN_FIELD) => return Err(error),
                Ok(_) | Err(_) => (),
            }
        }
        Ok(())
    }

    /// The template as the person wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the template mentions a field. Values of other fields need not be computed.
    pub fn mentions(&self, field: &str) -> bool {
        self.fields.iter().any(|(name, _)| *name == field)
    }

    /// Makes the name of a role.
    ///
    /// # Errors
    /// The template fails for this role, or gives no valid name.
    pub fn render(&self, fields: &Fields<'_>) -> Result<ProfileName, TemplateError> {
        let text = self.fill(fields)?;
        ProfileName::parse(&text)
            .map_err(|invalid| TemplateError::new(format!("must give names; a name {invalid}")))
    }

    fn fill(&self, fields: &Fields<'_>) -> Result<String, TemplateError> {
        let values: HashMap<_, _> =
            self.fields.iter().map(|(name, value)| ((*name).to_owned(), value(fields))).collect();
        // An object, not a map: a missing field is an error, as in Go.
        let context = Context::from(Value::Object(values));
        self.template.render(&context).map_err(|error| self.render_error(&error))
    }

    fn render_error(&self, error: &ExecError) -> TemplateError {
        let Some(error) = error.as_structured() else {
            return TemplateError::new(format!(
                "must work for every role: {}",
                shown(&error.to_string())
            ));
        };
        // The rest of this message is the whole record.
        if let Some((field, _)) =
            error.message.strip_prefix("no field `").and_then(|rest| rest.split_once('`'))
        {
            return TemplateError::new(format!("{UNKNOWN_FIELD}.{field}, which does not exist"));
        }
        let at = &error.context;
        let line = self.text.lines().nth(at.line.saturating_sub(1)).unwrap_or("");
        let start = at.col.saturating_sub(1);
        let part = line.get(start..start.saturating_add(at.len)).unwrap_or(line);
        TemplateError::new(format!(
            "must work for every role; `{}` {}",
            shown(part),
            shown(&error.message)
        ))
    }
}

impl fmt::Debug for ProfileFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ProfileFormat").field(&self.text).finish()
    }
}

impl<'a> Fields<'a> {
    fn sample(account_id: &'a AccountId, text: &'a str) -> Self {
        Self {
            id: 1,
            account_id,
            account_name: text,
            account_alias: text,
            email_address: text,
            expires: text,
            expires_epoch: 1,
            arn: text,
            role_name: text,
            profile: text,
            default_region: text,
            sso: text,
            sso_region: text,
            start_url: text,
            tags: &[],
            via: text,
        }
    }
}

/// The start of an error that does not depend on the role.
const UNKNOWN_FIELD: &str = "must not use the field ";

fn parse_error(error: ParseError) -> TemplateError {
    let ParseError::WithContext(at, message) = error else {
        return TemplateError::new(format!("must be a template: {}", shown(&error.to_string())));
    };
    let function =
        message.strip_prefix("function ").and_then(|rest| rest.strip_suffix(" not defined"));
    TemplateError::new(match function {
        Some(name) => format!("must not use the function {name}, which does not exist"),
        None => format!(
            "must be a template; at line {} column {}: {}",
            at.line,
            at.col,
            shown(&message)
        ),
    })
}

/// The engine's message, on one line that is safe to print on a terminal.
fn shown(message: &str) -> String {
    let shown: String = message.chars().take(MAX_ERROR_CHARS).collect();
    shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
