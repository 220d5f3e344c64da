//! The catalogue: which accounts and roles a person may use in an instance, as the portal last told it.
//!
//! It is a copy of what AWS knows: a file that can't be read is as good as none, and is written anew.

use std::path::{Path, PathBuf};

use credentials::{AccountId, Failure, Instance, RoleName, Timestamp};
use files::{Access, Durability, FileError};
use serde::{Deserialize, Serialize};

use crate::secure_store::file_name;

const VERSION: u32 = 1;
/// 10,000 roles have less than 1 MB.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The accounts and roles of an instance, sorted by account.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// When a refresh last got to its end; `None`: never.
    pub refreshed_at: Option<Timestamp>,
    /// When a refresh began that hasn't got to its end.
    pub(crate) refreshing_since: Option<Timestamp>,
}

impl Catalogue {
    /// How many roles there are in all accounts.
    pub fn role_count(&self) -> usize {
        self.accounts.iter().map(|account| account.roles.len()).sum()
    }
}

/// An account in which a person has roles.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account's id.
    pub id: AccountId,
    /// The account's name in AWS Organizations.
    pub name: Option<String>,
    /// The root user's e-mail address.
    pub email: Option<String>,
    /// The roles, sorted.
    pub roles: Vec<RoleName>,
    /// When the roles were fetched; `None`: never.
    pub(crate) fetched_at: Option<Timestamp>,
}

/// Where an instance's catalogue is.
#[derive(Clone, Debug)]
pub struct CatalogueFile {
    path: PathBuf,
    start_url: String,
    region: String,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    start_url: String,
    region: String,
    refreshed_at: Option<i64>,
    refreshing_since: Option<i64>,
    accounts: Vec<StoredAccount>,
}

#[derive(Serialize, Deserialize)]
struct StoredAccount {
    id: String,
    name: Option<String>,
    email: Option<String>,
    roles: Vec<String>,
    /// In milliseconds: two refreshes may be in one second.
    fetched_at: Option<i64>,
}

impl CatalogueFile {
    /// The file of an instance in a folder of ours.
    pub fn new(folder: &Path, instance: &Instance) -> Self {
        Self {
            path: folder.join(format!("{}.json", file_name(&instance.name))),
            start_url: instance.start_url.as_str().to_owned(),
            region: instance.region.as_str().to_owned(),
        }
    }

    /// A file beside it, for what is made of it.
    pub fn beside(&self, extension: &str) -> PathBuf {
        self.path.with_extension(extension)
    }

    /// The catalogue; an empty one if there is none for that start URL and region.
    pub fn read(&self) -> Catalogue {
        let json = files::read(&self.path, MAX_BYTES).ok();
        let stored = json.and_then(|json| serde_json::from_slice::<Stored>(&json).ok());
        let is_ours = |stored: &Stored| {
            stored.version == VERSION
                && stored.start_url == self.start_url
                && stored.region == self.region
        };
        let Some(stored) = stored.filter(is_ours) else { return Catalogue::default() };
        let account = |stored: StoredAccount| {
            Some(Account {
                id: AccountId::parse(&stored.id).ok()?,
                name: stored.name,
                email: stored.email,
                roles: stored.roles.iter().filter_map(|name| RoleName::parse(name).ok()).collect(),
                fetched_at: instant(stored.fetched_at),
            })
        };
        Catalogue {
            accounts: stored.accounts.into_iter().filter_map(account).collect(),
            refreshed_at: instant(stored.refreshed_at),
            refreshing_since: instant(stored.refreshing_since),
        }
    }

    /// Replaces the catalogue, whole or not at all.
    pub(crate) fn write(&self, catalogue: &Catalogue) -> Result<(), Failure> {
        let milliseconds = |at: Option<Timestamp>| at.map(Timestamp::as_millisecond);
        let account = |account: &Account| StoredAccount {
            id: account.id.as_str().to_owned(),
            name: account.name.clone(),
            email: account.email.clone(),
            roles: account.roles.iter().map(|name| name.as_str().to_owned()).collect(),
            fetched_at: milliseconds(account.fetched_at),
        };
        let stored = Stored {
            version: VERSION,
            start_url: self.start_url.clone(),
            region: self.region.clone(),
            refreshed_at: milliseconds(catalogue.refreshed_at),
            refreshing_since: milliseconds(catalogue.refreshing_since),
            accounts: catalogue.accounts.iter().map(account).collect(),
        };
        let json = serde_json::to_vec(&stored)
            .map_err(|error| FileError::unwritable(&self.path, error.into()))?;
        // AWS has the original.
        Ok(files::replace(&self.path, &json, Access::Private, Durability::BestEffort)?)
    }

    /// Held by whoever refreshes.
    pub(crate) fn lock_path(&self) -> PathBuf {
        self.beside("lock")
    }
}

fn instant(millisecond: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_millisecond(millisecond?).ok()
}

#[cfg(test)]
mod tests {
    use credentials::{InstanceName, RegionName, StartUrl};

    use super::*;

    fn file(folder: &Path, start_url: &str) -> CatalogueFile {
        let instance = Instance {
            name: InstanceName::parse("corp").unwrap(),
            start_url: StartUrl::parse(start_url).unwrap(),
            region: RegionName::parse("eu-central-1").unwrap(),
        };
        CatalogueFile::new(folder, &instance)
    }

    #[test]
    fn it_comes_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = file(&folder.path().join("new"), "https://corp.awsapps.com/start");
        assert!(file.read().accounts.is_empty());
        let at = "2026-11-22T20:16:31.5Z".parse().unwrap();
        let account = Account {
            id: AccountId::parse("1111111").unwrap(),
            name: Some("Zoë's account".to_owned()),
            email: None,
            roles: vec![RoleName::parse("Admin").unwrap()],
            fetched_at: Some(at),
        };
        let catalogue =
            Catalogue { accounts: vec![account], refreshed_at: None, refreshing_since: Some(at) };
        file.write(&catalogue).unwrap();
        assert_eq!(format!("{:?}", file.read()), format!("{catalogue:?}"));
    }

    #[test]
    fn what_is_damaged_or_of_another_start_url_is_as_good_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let here = file(folder.path(), "https://corp.awsapps.com/start");
        let catalogue =
            Catalogue { refreshed_at: "2026-11-22T20:16:31Z".parse().ok(), ..Catalogue::default() };
        here.write(&catalogue).unwrap();
        assert!(here.read().refreshed_at.is_some());
        assert!(
            file(folder.path(), "https://evil.awsapps.com/start").read().refreshed_at.is_none()
        );
        std::fs::write(folder.path().join("corp.json"), "{\"version\":1,").unwrap();
        assert!(here.read().refreshed_at.is_none());
    }
}
