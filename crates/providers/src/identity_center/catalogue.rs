//! The catalogue: the accounts and roles that a person may use in an instance, as the portal last listed them.
//!
//! AWS has the original. A file that cannot be read counts as missing, and is replaced.

use std::path::{Path, PathBuf};

use credentials::{AccountId, Failure, Instance, RoleName, Timestamp};
use files::{Access, Durability, FileError};
use serde::{Deserialize, Serialize};

use crate::secure_store::file_name;

const VERSION: u32 = 1;
/// A larger file is not read to its end. 10,000 roles take less than 1 MB.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// The accounts and roles of an instance, sorted by account.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// When the last complete update ended. `None`: there was none.
    pub updated_at: Option<Timestamp>,
    /// When the present, incomplete update began.
    pub(crate) updating_since: Option<Timestamp>,
}

impl Catalogue {
    /// The number of roles in all accounts.
    pub fn role_count(&self) -> usize {
        self.accounts.iter().map(|account| account.roles.len()).sum()
    }
}

/// An account in which the person has roles.
#[derive(Clone, Debug)]
pub struct Account {
    /// The id.
    pub id: AccountId,
    /// The name in AWS Organizations.
    pub name: Option<String>,
    /// The root user's e-mail address.
    pub email: Option<String>,
    /// The roles, sorted.
    pub roles: Vec<RoleName>,
    /// When the roles were fetched; `None`: never.
    pub(crate) fetched_at: Option<Timestamp>,
}

/// The file of an instance's catalogue.
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
    /// In milliseconds.
    #[serde(rename = "refreshed_at")]
    updated_at: Option<i64>,
    /// In milliseconds.
    #[serde(rename = "refreshing_since")]
    updating_since: Option<i64>,
    accounts: Vec<StoredAccount>,
}

#[derive(Serialize, Deserialize)]
struct StoredAccount {
    id: String,
    name: Option<String>,
    email: Option<String>,
    roles: Vec<String>,
    /// In milliseconds: there may be two updates in a second.
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

    /// The path of a file for data derived from the catalogue, in the same folder.
    pub fn beside(&self, extension: &str) -> PathBuf {
        self.path.with_extension(extension)
    }

    /// The catalogue. It is empty if there is none for this start URL and region.
    pub fn read(&self) -> Catalogue {
        let json = files::read(&self.path, MAX_FILE_BYTES).ok();
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
            updated_at: instant(stored.updated_at),
            updating_since: instant(stored.updating_since),
        }
    }

    /// Replaces the catalogue atomically.
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
            updated_at: milliseconds(catalogue.updated_at),
            updating_since: milliseconds(catalogue.updating_since),
            accounts: catalogue.accounts.iter().map(account).collect(),
        };
        let json = serde_json::to_vec(&stored)
            .map_err(|error| FileError::unwritable(&self.path, error.into()))?;
        // AWS has the original.
        Ok(files::replace(&self.path, &json, Access::Private, Durability::BestEffort)?)
    }

    /// The path of the lock for updates.
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
    fn a_catalogue_is_read_as_it_was_written() {
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
            Catalogue { accounts: vec![account], updated_at: None, updating_since: Some(at) };
        file.write(&catalogue).unwrap();
        assert_eq!(format!("{:?}", file.read()), format!("{catalogue:?}"));
    }

    #[test]
    fn a_damaged_file_and_one_of_another_start_url_count_as_missing() {
        let folder = tempfile::tempdir().unwrap();
        let here = file(folder.path(), "https://corp.awsapps.com/start");
        let catalogue =
            Catalogue { updated_at: "2026-11-22T20:16:31Z".parse().ok(), ..Catalogue::default() };
        here.write(&catalogue).unwrap();
        assert!(here.read().updated_at.is_some());
        assert!(file(folder.path(), "https://evil.awsapps.com/start").read().updated_at.is_none());
        std::fs::write(folder.path().join("corp.json"), "{\"version\":1,").unwrap();
        assert!(here.read().updated_at.is_none());
    }
}
