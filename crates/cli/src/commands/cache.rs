//! `aws-sso cache`

use std::collections::BTreeSet;

use clap::Args;
use credentials::{Failure, Partition};
use providers::identity_center::Catalogue;

use crate::ground::ui;
use crate::instance::access;
use crate::instance::arguments::InstanceArguments;
use crate::instance::catalogue::{self, Extent};
use crate::instance::roles::Roles;
use crate::instance::settings::Settings;

/// Update the list of accounts and roles from AWS
///
/// AWS allows 20 calls a second, and each account needs one call. An interrupted update continues where it stopped.
#[derive(Args)]
#[command(after_help = "Example:\n  aws-sso cache")]
pub(crate) struct Arguments {
    #[command(flatten)]
    instance: InstanceArguments,
    /// Do not list the changes
    #[arg(long, hide = true)]
    silent: bool,
}

pub(crate) async fn run(arguments: Arguments) -> Result<(), Failure> {
    let settings = Settings::read(&arguments.instance)?;
    let instance = settings.chosen()?;
    let center = access::open(&settings, instance)?;
    let partition = Partition::of_region(instance.instance.region.as_str());
    let before = arns(&access::catalogue_file(instance).read(), &partition);
    let catalogue = catalogue::update(&settings, instance, &center, Extent::All).await?;
    let after = arns(&catalogue, &partition);
    let (added, removed): (Vec<_>, Vec<_>) =
        (after.difference(&before).collect(), before.difference(&after).collect());
    ui::note(&format!(
        "{} accounts, {} roles; {} added, {} removed.",
        catalogue.accounts.len(),
        after.len(),
        added.len(),
        removed.len()
    ));
    if !before.is_empty() && !arguments.silent {
        for (sign, arns) in [("+", added), ("-", removed)] {
            for arn in arns {
                ui::data(&format!("{sign} {arn}"));
            }
        }
    }
    for renamed in &Roles::of(&settings, instance, &catalogue)?.renamed {
        ui::renamed(renamed);
    }
    access::warn_about_clock(&center);
    Ok(())
}

fn arns(catalogue: &Catalogue, partition: &Partition) -> BTreeSet<String> {
    let arns = catalogue.accounts.iter().flat_map(|account| {
        account.roles.iter().map(|role_name| {
            let (partition, account_id) = (partition.clone(), account.id.clone());
            let role_name = role_name.clone();
            credentials::RoleArn { partition, account_id, path: None, role_name }.to_string()
        })
    });
    arns.collect()
}
