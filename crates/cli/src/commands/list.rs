//! `aws-sso list`

mod field;
mod loaded;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use crate::ground::ui;
use crate::instance::access;
use crate::instance::arguments::InstanceArguments;
use crate::instance::roles::Roles;
use crate::instance::settings::{ConfiguredInstance, Settings};
use credentials::{Failure, InstanceName, ProfileName};
use field::{Field, Fields, Filter};
use loaded::Loaded;

/// Default columns.
const FIELDS: [Field; 4] =
    [Field::AccountIdPad, Field::AccountAlias, Field::RoleName, Field::Profile];

/// List the roles that you can use
///
/// The list is that of the last update; AWS is not called. `aws-sso ecs load --profile` takes the names in the column
/// Profile.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso list Profile Arn --filter RoleName=Admin*")]
pub(crate) struct Arguments {
    /// The columns: Profile, RoleName, AccountIdPad, AccountId, AccountName, AccountAlias, EmailAddress, Arn,
    /// DefaultRegion, Via, SSO, Tags, Id, Expires, ExpiresEpoch (of the credentials that the running server has)
    #[arg(value_name = "FIELD", env = "AWS_SSO_FIELDS", hide_env_values = true)]
    fields: Vec<Fields>,
    /// Sort by this column
    #[arg(
        short,
        long,
        value_name = "FIELD",
        env = "AWS_SSO_FIELD_SORT",
        hide_env_values = true,
        default_value = "AccountIdPad"
    )]
    sort: Field,
    /// Sort in reverse order
    #[arg(long, env = "AWS_SSO_FIELD_SORT_REVERSE", hide_env_values = true,
          value_parser = BoolishValueParser::new())]
    reverse: bool,
    /// Show only roles with this value in a column or tag; case is ignored, * matches anything; repeatable
    #[arg(short, long, value_name = "KEY=VALUE")]
    filter: Vec<Filter>,
    /// Show only roles whose field begins with this: a filter of aws-sso-cli
    #[arg(short = 'P', long, value_name = "FIELD=PREFIX", hide = true, value_parser = Filter::of_prefix)]
    prefix: Vec<Filter>,
    /// CSV without a header, as aws-sso-cli prints it
    #[arg(long, hide = true, conflicts_with = "output")]
    csv: bool,
    #[command(flatten)]
    instance: InstanceArguments,
    /// The format of the output
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    output: Format,
}

impl Arguments {
    fn filters(&self) -> impl Iterator<Item = &Filter> {
        self.filter.iter().chain(&self.prefix)
    }
}

/// The fields of a role as text.
type Row<'a> = Vec<Cow<'a, str>>;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table
    #[value(alias = "text")]
    Table,
    /// JSON, with all columns unless you name some
    Json,
    /// CSV with a header. Cells are unchanged: a spreadsheet takes a cell that starts with `=` for a formula, unless you
    /// import the cells as text
    Csv,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.instance)?;
    settings.require_instances()?;
    let fields = fields(&arguments, &settings);
    let of_server = fields.iter().chain([&arguments.sort]).any(|field| field.is_of_server())
        || arguments.filters().any(Filter::is_of_server);
    let loaded = if of_server { Loaded::ask().await } else { Loaded::default() };
    let of_instance = |instance| (instance, access::catalogue_file(instance).read());
    let catalogues: Vec<_> = settings.candidates()?.into_iter().map(of_instance).collect();
    let mut rows: Vec<(Cow<'_, str>, Row<'_>)> = Vec::new();
    let mut names = SharedNames::default();
    for (instance, catalogue) in &catalogues {
        mention(&settings, instance, catalogue.updated_at.is_none());
        let roles = Roles::of(&settings, instance, catalogue)?;
        for renamed in &roles.renamed {
            ui::renamed(renamed);
        }
        for role in &roles.roles {
            if catalogues.len() > 1 {
                names.add(&role.profile, instance);
            }
            if arguments.filters().all(|filter| filter.holds(&roles, role, &loaded)) {
                let row = fields.iter().map(|field| field.of(&roles, role, &loaded)).collect();
                rows.push((arguments.sort.order(&roles, role, &loaded), row));
            }
        }
    }
    names.warn();
    let format = if arguments.csv { Format::Csv } else { arguments.output };
    if rows.is_empty() && format == Format::Table {
        ui::note("There are no roles to list.");
        return Ok(());
    }
    rows.sort();
    if arguments.reverse {
        rows.reverse();
    }
    let header = if arguments.csv { Header::Without } else { Header::With };
    print(format, header, &fields, rows.into_iter().map(|(_, row)| row))
}

/// The columns from the command line, or else from config.yaml (only for people), or else the default ones.
fn fields(arguments: &Arguments, settings: &Settings) -> Vec<Field> {
    let named: Vec<Field> =
        arguments.fields.iter().flat_map(|Fields(fields)| fields).copied().collect();
    if !named.is_empty() {
        return named;
    }
    if arguments.output == Format::Json {
        return Field::ALL.to_vec();
    }
    let of_config = of_config(settings);
    if !of_config.is_empty() {
        return of_config;
    }
    let mut fields = FIELDS.to_vec();
    // Roles of two instances can have the same name.
    if settings.instances().len() > 1 {
        fields.push(Field::Sso);
    }
    fields
}

/// `ListFields` of config.yaml. Unknown columns are left out, with a warning.
fn of_config(settings: &Settings) -> Vec<Field> {
    let (mut fields, mut unknown) = (Vec::new(), Vec::new());
    for name in settings.config.list_fields.iter().filter(|name| !name.is_empty()) {
        match name.parse() {
            Ok(field) => fields.push(field),
            Err(_) => unknown.push(format!("`{name}`")),
        }
    }
    if !unknown.is_empty() {
        let (path, names) = (settings.config_path.display(), unknown.join(", "));
        let text = format!("warning: {path}, ListFields: there is no column {names}.");
        ui::note(&ui::printable(&text));
    }
    fields
}

/// Profile names that more than one instance uses.
#[derive(Default)]
struct SharedNames<'a> {
    first: HashMap<ProfileName, &'a InstanceName>,
    shared: Vec<(ProfileName, &'a InstanceName, &'a InstanceName)>,
}

impl<'a> SharedNames<'a> {
    fn add(&mut self, name: &ProfileName, instance: &'a ConfiguredInstance) {
        let instance = &instance.instance.name;
        match self.first.get(name) {
            Some(first) if *first != instance => self.shared.push((name.clone(), first, instance)),
            Some(_) => {}
            None => drop(self.first.insert(name.clone(), instance)),
        }
    }

    fn warn(&self) {
        let Some((name, first, second)) = self.shared.first() else { return };
        let more = match self.shared.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more names are shared"),
        };
        ui::note(&format!(
            "warning: `{}` is a role of `{first}` and one of `{second}`{more}. Choose the instance with --sso, or put \
             {{{{ .SSO }}}} into ProfileFormat in config.yaml, so that the names differ.",
            ui::printable(name.as_str())
        ));
    }
}

fn mention(settings: &Settings, instance: &ConfiguredInstance, is_empty: bool) {
    if is_empty {
        let flag = settings.flag_for(&instance.instance);
        ui::note(&format!(
            "The roles of `{}` are not known yet. Sign in to fetch them: aws-sso login{flag}",
            instance.instance.name
        ));
    }
}

/// Whether CSV has a header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    With,
    Without,
}

fn print<'a>(
    format: Format,
    header: Header,
    fields: &[Field],
    rows: impl Iterator<Item = Row<'a>>,
) -> Result<(), Failure> {
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    match format {
        Format::Table => ui::table(&names, rows),
        Format::Json => {
            let object = |row: Row<'a>| names.iter().copied().zip(row).collect();
            let objects: Vec<BTreeMap<&str, Cow<'a, str>>> = rows.map(object).collect();
            ui::json(&objects);
        }
        Format::Csv => {
            let cannot = |error| Failure::failed(format!("CSV cannot be written: {error}"));
            let mut writer = csv::Writer::from_writer(Vec::new());
            if header == Header::With {
                writer.write_record(&names).map_err(cannot)?;
            }
            // A program gets every character. A terminal gets none that it would obey.
            let is_seen = ui::is_data_seen();
            for row in rows {
                let shown = row.iter().map(|cell| match is_seen {
                    true => ui::printable(cell),
                    false => cell.as_ref().into(),
                });
                let record: Vec<Cow<'_, str>> = shown.collect();
                writer.write_record(record.iter().map(|cell| cell.as_bytes())).map_err(cannot)?;
            }
            let bytes = writer.into_inner().unwrap_or_default();
            ui::data(String::from_utf8_lossy(&bytes).trim_end());
        }
    }
    Ok(())
}
