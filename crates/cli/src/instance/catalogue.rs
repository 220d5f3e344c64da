//! Updates the catalogue from AWS if it is old, and shows a progress bar.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use credentials::{AccountId, Clock, Failure, RoleName};
use providers::identity_center::{Catalogue, IdentityCenter, Progress};
use tokio::sync::watch;

use crate::ground::clock::SystemClock;
use crate::ground::ui;
use crate::instance::access::{self, explain};
use crate::instance::settings::{ConfiguredInstance, Settings};

/// Age at which the catalogue is updated without `CacheRefresh`: a week, as in aws-sso-cli.
const DEFAULT_CACHE_REFRESH: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How much of the catalogue is fetched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    All,
    /// All of it if it is old, or else only the roles of new accounts.
    WhatIsNew,
    /// All of it if it is old, or else nothing.
    IfOld,
}

/// Updates the catalogue and returns it.
pub(crate) async fn update(
    settings: &Settings,
    instance: &ConfiguredInstance,
    center: &IdentityCenter,
    extent: Extent,
) -> Result<Catalogue, Failure> {
    let file = access::catalogue_file(instance);
    let present = file.read();
    let is_old = is_old(settings, &present);
    if extent == Extent::IfOld && !is_old {
        return Ok(present);
    }
    let only_new = extent == Extent::WhatIsNew && !is_old;
    let (sender, receiver) = watch::channel(Progress::default());
    let update = center.update_catalogue(&file, only_new, &sender);
    let updated = tokio::select! {
        updated = update => updated,
        never = draw(receiver) => match never {},
    };
    let updated = updated.map_err(|error| explain(error, settings, instance))?;
    if settings.config.auto_config_check && ui::has_terminal() && roles(&present) != roles(&updated)
    {
        ui::note(
            "Your roles have changed. Show what that changes in the AWS config: aws-sso setup profiles --diff",
        );
    }
    Ok(updated)
}

/// What `aws-sso setup profiles` writes a profile for, and what names it.
fn roles(catalogue: &Catalogue) -> BTreeMap<&AccountId, (Option<&str>, BTreeSet<&str>)> {
    let accounts = catalogue.accounts.iter().map(|account| {
        let roles = account.roles.iter().map(RoleName::as_str).collect();
        (&account.id, (account.name.as_deref(), roles))
    });
    accounts.collect()
}

/// Whether the catalogue is older than `CacheRefresh`.
pub(crate) fn is_old(settings: &Settings, catalogue: &Catalogue) -> bool {
    let limit = settings.config.cache_refresh.unwrap_or(DEFAULT_CACHE_REFRESH);
    let Some(updated_at) = catalogue.updated_at else { return true };
    // The conversion fails if the clock was set back.
    let age = Duration::try_from(SystemClock.now().duration_since(updated_at));
    !limit.is_zero() && age.is_ok_and(|age| age > limit)
}

/// Draws the progress bar until it is dropped.
async fn draw(mut progress: watch::Receiver<Progress>) -> Infallible {
    let bar = ui::progress_bar("Accounts");
    loop {
        let Progress { done, total } = *progress.borrow_and_update();
        if total > 0 {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        }
        if progress.changed().await.is_err() {
            return std::future::pending().await;
        }
    }
}
