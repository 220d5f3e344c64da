//! `aws-sso list`

mod field;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

use crate::center;
use crate::error::CommandError;
use crate::roles::Roles;
use crate::settings::{ConfiguredInstance, InstanceArguments, Settings};
use crate::ui;
use field::{Field, Filter};

/// When neither flags nor config.yaml say which.
const FIELDS: [Field; 4] =
    [Field::AccountIdPad, Field::AccountAlias, Field::RoleName, Field::Profile];

/// List the roles that you may use
///
/// They come from the last refresh; AWS is not asked. Names under Profile are what `aws-sso ecs load --profile` takes.
#[derive(Args)]
pub(crate) struct Arguments {
    /// What to show of each: Profile, RoleName, AccountIdPad, AccountId, AccountName, AccountAlias, EmailAddress,
    /// Arn, DefaultRegion, Via, SSO, Tags
    #[arg(
        value_name = "FIELD",
        env = "AWS_SSO_FIELDS",
        hide_env_values = true,
        value_delimiter = ' '
    )]
    fields: Vec<Field>,
    /// Sort by this field
    #[arg(
        short,
        long,
        value_name = "FIELD",
        env = "AWS_SSO_FIELD_SORT",
        hide_env_values = true,
        default_value = "AccountIdPad"
    )]
    sort: Field,
    /// Sort the other way round
    #[arg(long, env = "AWS_SSO_FIELD_SORT_REVERSE", hide_env_values = true)]
    reverse: bool,
    /// Only roles whose field or tag has this value, in any case; * stands for anything. Given several times, all must
    /// hold
    #[arg(short, long, value_name = "KEY=VALUE")]
    filter: Vec<Filter>,
    #[command(flatten)]
    instance: InstanceArguments,
    /// How to print them
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Table)]
    output: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[value(alias = "text")]
    Table,
    /// For programs; all fields, unless some are named
    Json,
    /// For spreadsheets, with a header
    Csv,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), CommandError> {
    let settings = Settings::read(&arguments.instance).await?;
    settings.require_instances()?;
    let fields = fields(&arguments, &settings)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut keys: Vec<String> = Vec::new();
    for instance in settings.candidates()? {
        let catalogue = center::catalogue_file(instance).read();
        mention(&settings, instance, catalogue.refreshed_at.is_none());
        let roles = Roles::of(&settings, instance, &catalogue)?;
        for renamed in &roles.renamed {
            ui::renamed(renamed);
        }
        for role in &roles.roles {
            if arguments.filter.iter().all(|filter| filter.holds(&roles, role)) {
                rows.push(fields.iter().map(|field| field.of(&roles, role)).collect());
                keys.push(arguments.sort.of(&roles, role));
            }
        }
    }
    let mut order: Vec<(String, Vec<String>)> = keys.into_iter().zip(rows).collect();
    order.sort();
    if arguments.reverse {
        order.reverse();
    }
    print(arguments.output, &fields, order.into_iter().map(|(_, row)| row))
}

/// Those of the command line; else config.yaml's, for people; else ours.
fn fields(arguments: &Arguments, settings: &Settings) -> Result<Vec<Field>, CommandError> {
    if !arguments.fields.is_empty() {
        return Ok(arguments.fields.clone());
    }
    if arguments.output == Format::Json {
        return Ok(Field::ALL.to_vec());
    }
    if settings.config.list_fields.is_empty() {
        return Ok(FIELDS.to_vec());
    }
    // What the reference knows and we don't, such as Expires, is no reason to show nothing.
    let known: Vec<Field> =
        settings.config.list_fields.iter().filter_map(|name| name.parse().ok()).collect();
    if known.is_empty() { Ok(FIELDS.to_vec()) } else { Ok(known) }
}

fn mention(settings: &Settings, instance: &ConfiguredInstance, is_empty: bool) {
    if is_empty {
        let flag = settings.flag_for(&instance.instance);
        ui::note(&format!(
            "The roles of `{}` are not known yet. Sign in, and they are fetched: aws-sso login{flag}",
            instance.instance.name
        ));
    }
}

fn print(
    format: Format,
    fields: &[Field],
    rows: impl Iterator<Item = Vec<String>>,
) -> Result<(), CommandError> {
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    match format {
        Format::Table => ui::table(&names, rows),
        Format::Json => {
            let object = |row: Vec<String>| {
                let entries = names.iter().map(|name| (*name).to_owned());
                Value::Object(Map::from_iter(entries.zip(row.into_iter().map(Value::String))))
            };
            ui::json(&rows.map(object).collect::<Vec<_>>());
        }
        Format::Csv => {
            let cannot = |error| CommandError::failed(format!("CSV cannot be written: {error}"));
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&names).map_err(cannot)?;
            for row in rows {
                writer.write_record(&row).map_err(cannot)?;
            }
            let bytes = writer.into_inner().unwrap_or_default();
            ui::data(String::from_utf8_lossy(&bytes).trim_end());
        }
    }
    Ok(())
}
