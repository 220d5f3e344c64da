//! `ProfileFormat`: names for roles, from a Go text/template as the reference takes it. Nothing secret: what a
//! template sees is what `list` shows. No I/O, but for the file of names that were made before.

mod functions;
#[cfg(test)]
mod golden;
mod memo;
#[cfg(test)]
mod tests;
mod unique;

use std::collections::HashMap;
use std::time::Duration;

use credentials::{AccountId, ProfileName};
use gtmpl_ng::{Context, ExecError, Limits, ParseError, Template, Value};

pub use memo::{Fingerprint, Memo};
pub use unique::{Named, Renamed, make_unique};

/// When the file has no `ProfileFormat`.
const FRIENDLY: &str = "{{ FirstItem .AccountName (.AccountAlias | nospace) }}:{{ .RoleName }}";

/// When its `ProfileFormat` is empty.
const PLAIN: &str = "{{.AccountIdPad}}:{{.RoleName}}";

/// A format is a line that a person writes.
const LONGEST_TEMPLATE: usize = 4096;

/// How much of an error of the template engine is shown: it may quote whole values.
const LONGEST_SHOWN: usize = 160;

/// A name has at most 512 bytes; no template needs many times that on its way there.
const LIMITS: Limits = {
    let mut limits = Limits::DEFAULT;
    limits.iterations = Some(1_000);
    limits.total_iterations = Some(10_000);
    limits.output_bytes = Some(4096);
    limits.function_output = Some(functions::LONGEST_TEXT);
    limits
};

/// How long one name may take where the template says so itself: loops, and templates that call each other twice.
/// A name takes microseconds; reading the clock for it would take half of them, so others have no deadline.
const LONGEST_RENDER: Duration = Duration::from_secs(1);

/// How much there may be of what can nest. The engine goes some calls deeper for each; its own limits leave out
/// parentheses and `else if`, and the stack is not endless.
const MOST_NESTED: usize = 48;

/// A template that is ready to make names.
pub struct ProfileFormat {
    /// The person's text, for messages.
    text: String,
    template: Template,
    /// Those that the template mentions: a name costs as much as the fields for it.
    fields: Vec<Field>,
}

/// What a template can say of a role. What is not known is empty.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    pub id: i64,
    /// `AccountId`, a number, and `AccountIdPad`, its 12 digits.
    pub account_id: &'a AccountId,
    pub account_name: &'a str,
    pub account_alias: &'a str,
    pub email_address: &'a str,
    pub expires: &'a str,
    pub expires_epoch: i64,
    pub arn: &'a str,
    pub role_name: &'a str,
    pub profile: &'a str,
    pub default_region: &'a str,
    pub sso: &'a str,
    pub sso_region: &'a str,
    pub start_url: &'a str,
    pub tags: &'a [(String, String)],
    pub via: &'a str,
}

/// A field's name in templates, and how it is had.
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

/// Why there is no name: a fragment that follows the name of the setting, "must ...".
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
    /// The format that a config file asks for: `None` without the key.
    pub fn of_config(format: Option<&str>) -> Result<Self, TemplateError> {
        match format {
            None => Self::parse(FRIENDLY),
            Some("") => Self::parse(PLAIN),
            Some(template) => Self::parse(template),
        }
    }

    /// Reads a template. Functions and fields that are not known are named.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > LONGEST_TEMPLATE {
            return Err(TemplateError::new(format!("must be at most {LONGEST_TEMPLATE} bytes")));
        }
        // The engine's parser never ends on `\x` without digits, and misreads it with them.
        if [r"\x", r"\u", r"\U"].iter().any(|escape| text.contains(escape)) {
            let message = r"must not use \x, \u or \U; write the character itself";
            return Err(TemplateError::new(message));
        }
        let nesting = ["(", "if", "else", "with", "range"];
        if nesting.iter().map(|part| text.matches(part).count()).sum::<usize>() > MOST_NESTED {
            let message = format!("must have at most {MOST_NESTED} parentheses and conditions");
            return Err(TemplateError::new(message));
        }
        let repeats =
            ["range", "define", "block", "template"].iter().any(|word| text.contains(word));
        let limits = LIMITS.with_deadline(repeats.then_some(LONGEST_RENDER));
        let mut template = Template::with_limits(limits);
        functions::add_to(&mut template);
        template.parse(text).map_err(unreadable)?;
        // A field can only be had by its name after a dot. Text that happens to say so costs a little time.
        let mentioned = |(name, _): &Field| text.contains(&format!(".{name}"));
        let fields = FIELDS.into_iter().filter(mentioned).collect();
        let format = Self { text: text.to_owned(), template, fields };
        format.try_out()?;
        Ok(format)
    }

    /// Tells of fields that are not known before there is a role. Other failures depend on the role.
    fn try_out(&self) -> Result<(), TemplateError> {
        let account_id =
            AccountId::parse("0").map_err(|invalid| TemplateError::new(invalid.to_string()))?;
        for sample in ["", "sample"] {
            let fields = Fields::sample(&account_id, sample);
            match self.fill(&fields) {
                Err(error) if error.text.starts_with(UNKNOWN_FIELD) => return Err(error),
                _ => (),
            }
        }
        Ok(())
    }

    /// The template, as a person wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether names depend on a field: one that is costly to have need not be had.
    pub fn mentions(&self, field: &str) -> bool {
        self.fields.iter().any(|(name, _)| *name == field)
    }

    /// The name of a role.
    pub fn render(&self, fields: &Fields<'_>) -> Result<ProfileName, TemplateError> {
        let text = self.fill(fields)?;
        ProfileName::parse(&text)
            .map_err(|invalid| TemplateError::new(format!("must give names; a name {invalid}")))
    }

    fn fill(&self, fields: &Fields<'_>) -> Result<String, TemplateError> {
        let values: HashMap<_, _> =
            self.fields.iter().map(|(name, value)| ((*name).to_owned(), value(fields))).collect();
        // An object, not a map: as in Go, a field that it does not have is an error.
        let context = Context::from(Value::Object(values));
        self.template.render(&context).map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &ExecError) -> TemplateError {
        let Some(error) = error.as_structured() else {
            return TemplateError::new(format!(
                "must work for every role: {}",
                shown(&error.to_string())
            ));
        };
        // Here the message goes on with the whole record.
        if let Some((field, _)) =
            error.message.strip_prefix("no field `").and_then(|rest| rest.split_once('`'))
        {
            return TemplateError::new(format!("{UNKNOWN_FIELD}.{field}, which is not known"));
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

/// How an error starts that is the template's own, whatever the role.
const UNKNOWN_FIELD: &str = "must not use the field ";

fn unreadable(error: ParseError) -> TemplateError {
    let ParseError::WithContext(at, message) = error else {
        return TemplateError::new(format!("must be a template: {}", shown(&error.to_string())));
    };
    let function =
        message.strip_prefix("function ").and_then(|rest| rest.strip_suffix(" not defined"));
    TemplateError::new(match function {
        Some(name) => format!("must not use the function {name}, which is not known"),
        None => format!(
            "must be a template; at line {} column {}: {}",
            at.line,
            at.col,
            shown(&message)
        ),
    })
}

/// What the engine says, in one line that a terminal can show.
fn shown(message: &str) -> String {
    let shown: String = message.chars().take(LONGEST_SHOWN).collect();
    shown.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
