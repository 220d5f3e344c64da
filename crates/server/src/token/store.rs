//! The file of the root key and of the tokens that were made with it: one for all servers of a user.
//!
//! It never holds a token: who reads it learns which there are. The key in it makes any token, so it is its owner's alone,
//! and what can't be read is never written over.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use credentials::{Expiration, ProfileName, SlotName, Timestamp};
use data_encoding::BASE64URL_NOPAD;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::keys::{Keys, ROOT_KEY_LENGTH};
use super::{AuthorizationToken, Grant, Scope, Serial};
use crate::private_file::{self, PrivateFileError};

/// Where the file is.
#[derive(Clone, Debug)]
pub struct TokenStore {
    path: PathBuf,
}

/// A token that was made, as far as the file tells.
#[derive(Clone, Debug)]
pub struct Issued {
    /// What it says.
    pub grant: Grant,
    /// When it was made.
    pub created: Timestamp,
    /// Where it was written to, if it was.
    pub file: Option<String>,
    /// Whether it is taken no more.
    pub is_revoked: bool,
}

/// Why a token can't be made, listed or revoked.
#[derive(Debug, thiserror::Error)]
pub enum TokenStoreError {
    /// The file is not for its owner alone, or can't be read.
    #[error("the key of authorization tokens is not usable: {0}")]
    Exposed(#[from] PrivateFileError),
    /// It can be read, and not understood.
    #[error("the file of authorization tokens {} cannot be understood: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Another command holds it for longer than any should.
    #[error("another aws-sso has been changing {} for 5 seconds", .0.display())]
    Busy(PathBuf),
    /// It can't be written.
    #[error("{} cannot be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    NoRandomness,
    /// No token would hold them.
    #[error("so many slots do not fit into one token")]
    TooManySlots,
    /// There is none of that serial, or it has expired.
    #[error("there is no authorization token {0}")]
    NoSuchToken(Serial),
}

impl TokenStore {
    /// The file at this path, whether there is one yet or not.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Makes a token. The root key is made too, if there is none.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn create(
        &self,
        scope: Scope,
        expiration: Expiration,
        file: Option<String>,
        now: Timestamp,
    ) -> Result<(AuthorizationToken, Grant), TokenStoreError> {
        self.change(now, |contents| {
            let grant = Grant { serial: Serial(random()?), scope, expiration };
            let token = contents.keys().make(grant.clone()).ok_or(TokenStoreError::TooManySlots)?;
            let issued = Issued { grant: grant.clone(), created: now, file, is_revoked: false };
            contents.issued.push(issued);
            Ok((token, grant))
        })
    }

    /// The tokens that have not expired, as they were made.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn list(&self, now: Timestamp) -> Result<Vec<Issued>, TokenStoreError> {
        let mut issued = self.read()?.map(|contents| contents.issued).unwrap_or_default();
        issued.retain(|issued| !issued.grant.has_expired(now));
        Ok(issued)
    }

    /// Revokes these tokens: all of them, or none.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn revoke(&self, serials: &[Serial], now: Timestamp) -> Result<(), TokenStoreError> {
        self.change(now, |contents| {
            for serial in serials {
                let issued = contents.issued.iter_mut().find(|token| token.grant.serial == *serial);
                issued.ok_or(TokenStoreError::NoSuchToken(*serial))?.is_revoked = true;
            }
            Ok(())
        })
    }

    /// Revokes every token that was ever made.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn revoke_all(&self, now: Timestamp) -> Result<(), TokenStoreError> {
        self.change(now, |contents| {
            contents.epoch = contents.epoch.wrapping_add(1);
            contents.issued.clear();
            Ok(())
        })
    }

    /// The key and what is revoked; a key is made if there is none.
    pub(super) fn prepare(&self, now: Timestamp) -> Result<Keys, TokenStoreError> {
        match self.read()? {
            Some(contents) => Ok(contents.keys()),
            None => self.change(now, |contents| Ok(contents.keys())),
        }
    }

    /// The key and what is revoked; `None` if no token was ever made.
    ///
    /// # Errors
    /// See [`TokenStoreError`].
    pub fn keys(&self) -> Result<Option<Keys>, TokenStoreError> {
        Ok(self.read()?.map(|contents| contents.keys()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn change<T>(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut Contents) -> Result<T, TokenStoreError>,
    ) -> Result<T, TokenStoreError> {
        let _lock = self.lock()?;
        let mut contents = match self.read()? {
            Some(contents) => contents,
            None => Contents::new()?,
        };
        contents.issued.retain(|issued| !issued.grant.has_expired(now));
        let outcome = change(&mut contents)?;
        let json = contents.write().map_err(|error| self.unwritable(error.into()))?;
        private_file::replace(&self.path, &json).map_err(|error| self.unwritable(error))?;
        Ok(outcome)
    }

    fn read(&self) -> Result<Option<Contents>, TokenStoreError> {
        let json = match private_file::read(&self.path, LARGEST) {
            Ok(json) => json,
            Err(error) if error.problem.is_missing() => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let contents = Contents::read(&json);
        contents.map(Some).map_err(|why| TokenStoreError::Damaged { path: self.path.clone(), why })
    }

    /// Held while the file is changed; given back when the file is closed.
    fn lock(&self) -> Result<File, TokenStoreError> {
        let path = self.path.with_extension("lock");
        let open = || {
            path.parent().map_or(Ok(()), private_file::make_folder)?;
            let mut options = File::options();
            // Who could open it could hold it.
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.write(true).create(true).truncate(false).open(&path)
        };
        let file = open().map_err(|error| self.unwritable(error))?;
        for _ in 0..TRIES {
            if file.try_lock().is_ok() {
                return Ok(file);
            }
            sleep(PAUSE);
        }
        Err(TokenStoreError::Busy(self.path.clone()))
    }

    fn unwritable(&self, source: io::Error) -> TokenStoreError {
        TokenStoreError::Unwritable { path: self.path.clone(), source }
    }
}

struct Contents {
    root: Zeroizing<[u8; ROOT_KEY_LENGTH]>,
    epoch: u32,
    issued: Vec<Issued>,
}

impl Contents {
    fn new() -> Result<Self, TokenStoreError> {
        Ok(Self { root: Zeroizing::new(random()?), epoch: 0, issued: Vec::new() })
    }

    fn keys(&self) -> Keys {
        let revoked = self.issued.iter().filter(|token| token.is_revoked);
        let revoked: HashSet<Serial> = revoked.map(|token| token.grant.serial).collect();
        Keys::new(&self.root, self.epoch, revoked)
    }

    fn read(json: &[u8]) -> Result<Self, String> {
        // The JSON's own errors quote what is there.
        let written: Written = serde_json::from_slice(json)
            .map_err(|error| format!("line {}, column {}", error.line(), error.column()))?;
        if written.version > VERSION {
            return Err(format!("a newer aws-sso wrote it (format {})", written.version));
        }
        let root =
            Zeroizing::new(BASE64URL_NOPAD.decode(written.key.as_bytes()).unwrap_or_default());
        let root = root.as_slice().try_into().map_err(|_| "Key is no key of 32 bytes")?;
        let issued =
            written.issued.into_iter().map(WrittenToken::parse).collect::<Result<_, _>>()?;
        Ok(Self { root: Zeroizing::new(root), epoch: written.epoch, issued })
    }

    fn write(&self) -> serde_json::Result<Zeroizing<Vec<u8>>> {
        let written = Written {
            version: VERSION,
            key: Zeroizing::new(BASE64URL_NOPAD.encode(self.root.as_slice())),
            epoch: self.epoch,
            issued: self.issued.iter().map(WrittenToken::of).collect(),
        };
        serde_json::to_vec(&written).map(Zeroizing::new)
    }
}

fn random<const LENGTH: usize>() -> Result<[u8; LENGTH], TokenStoreError> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| TokenStoreError::NoRandomness)?;
    Ok(bytes)
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    version: u32,
    key: Zeroizing<String>,
    epoch: u32,
    issued: Vec<WrittenToken>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct WrittenToken {
    serial: String,
    kind: Kind,
    /// Beside the names, because a named slot may have any name.
    default_slot: bool,
    slots: Vec<String>,
    /// Unix epoch seconds, as the next.
    created: i64,
    expiration: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    revoked: bool,
}

#[derive(Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "read")]
    Read,
    #[serde(rename = "read-all")]
    ReadAll,
    #[serde(rename = "admin")]
    Admin,
}

impl WrittenToken {
    fn of(issued: &Issued) -> Self {
        let (kind, slots) = match &issued.grant.scope {
            Scope::Read(slots) => (Kind::Read, slots.as_slice()),
            Scope::ReadAll => (Kind::ReadAll, &[][..]),
            Scope::Admin => (Kind::Admin, &[][..]),
        };
        let named = slots.iter().filter_map(|slot| match slot {
            SlotName::Default => None,
            SlotName::Named(name) => Some(name.as_str().to_owned()),
        });
        Self {
            serial: issued.grant.serial.to_string(),
            kind,
            default_slot: slots.contains(&SlotName::Default),
            slots: named.collect(),
            created: issued.created.as_second(),
            expiration: issued.grant.expiration.epoch_seconds(),
            file: issued.file.clone(),
            revoked: issued.is_revoked,
        }
    }

    fn parse(self) -> Result<Issued, String> {
        let instant = |seconds| Timestamp::from_second(seconds).map_err(|_| "a time is none");
        let default = self.default_slot.then_some(Ok(SlotName::Default));
        let named = self.slots.iter().map(|name| ProfileName::parse(name).map(SlotName::Named));
        let scope = match self.kind {
            Kind::Read => Scope::Read(
                default
                    .into_iter()
                    .chain(named)
                    .collect::<Result<_, _>>()
                    .map_err(|invalid| format!("a slot's name {invalid}"))?,
            ),
            Kind::ReadAll => Scope::ReadAll,
            Kind::Admin => Scope::Admin,
        };
        let expiration = Expiration::new(instant(self.expiration)?);
        let expiration = expiration.map_err(|invalid| format!("Expiration {invalid}"))?;
        let grant = Grant { serial: self.serial.parse()?, scope, expiration };
        let created = instant(self.created)?;
        Ok(Issued { grant, created, file: self.file, is_revoked: self.revoked })
    }
}

const VERSION: u32 = 1;
/// 10,000 tokens have less than 3 MB.
const LARGEST: u64 = 64 * 1024 * 1024;
/// How often the lock is tried: for 5 s. It is held for milliseconds.
const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T20:16:31Z";
    const LATER: &str = "2026-11-22T21:16:31Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    fn store(home: &tempfile::TempDir) -> TokenStore {
        TokenStore::at(home.path().join("state/tokens.json"))
    }

    fn create(store: &TokenStore, scope: Scope) -> (AuthorizationToken, Serial) {
        let later = Expiration::parse(LATER).unwrap();
        let (token, grant) = store.create(scope, later, Some("f".to_owned()), now()).unwrap();
        (token, grant.serial)
    }

    #[test]
    fn a_token_outlives_who_made_it() {
        let home = tempfile::tempdir().unwrap();
        let scope = Scope::Read(vec![SlotName::Default]);
        let (token, serial) = create(&store(&home), scope.clone());
        let keys = store(&home).prepare(now()).unwrap();
        let grant = keys.check(token.expose(), now()).unwrap();
        assert_eq!((grant.serial, &grant.scope), (serial, &scope));
        let [issued] = &store(&home).list(now()).unwrap()[..] else { panic!() };
        assert_eq!((&issued.grant, issued.created, issued.is_revoked), (&grant, now(), false));
        assert_eq!(issued.file.as_deref(), Some("f"));
    }

    #[test]
    fn one_is_revoked_or_all_are() {
        let home = tempfile::tempdir().unwrap();
        let store = store(&home);
        let (first, serial) = create(&store, Scope::Admin);
        let (second, _) = create(&store, Scope::ReadAll);
        store.revoke(&[serial], now()).unwrap();
        let check = |token: &AuthorizationToken| {
            store.prepare(now()).unwrap().check(token.expose(), now()).is_ok()
        };
        assert_eq!((check(&first), check(&second)), (false, true));
        store.revoke_all(now()).unwrap();
        assert_eq!((check(&first), check(&second)), (false, false));
        assert!(store.list(now()).unwrap().is_empty());
        let none = store.revoke(&[serial], now()).unwrap_err();
        assert!(matches!(none, TokenStoreError::NoSuchToken(none) if none == serial));
        assert!(check(&create(&store, Scope::Admin).0), "new ones are good");
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let store = store(&home);
        create(&store, Scope::Admin);
        assert!(store.list(LATER.parse().unwrap()).unwrap().is_empty());
        assert_eq!(store.list(now()).unwrap().len(), 1);
    }

    #[test]
    fn no_token_is_in_the_file() {
        let home = tempfile::tempdir().unwrap();
        let store = store(&home);
        let (token, _) = create(&store, Scope::Admin);
        let text = std::fs::read_to_string(store.path()).unwrap();
        assert!(!text.contains(token.expose()) && !text.contains(AuthorizationToken::PREFIX));
    }

    #[test]
    fn a_damaged_file_is_never_written_over() {
        let home = tempfile::tempdir().unwrap();
        let store = store(&home);
        for json in ["", "{}", "{\"Version\":2,\"Key\":\"\",\"Epoch\":0,\"Issued\":[]}"] {
            private_file::replace(store.path(), json.as_bytes()).unwrap();
            let later = Expiration::parse(LATER).unwrap();
            let error = store.create(Scope::Admin, later, None, now()).unwrap_err();
            assert!(matches!(error, TokenStoreError::Damaged { .. }), "{error}");
            assert!(store.revoke_all(now()).is_err() && store.prepare(now()).is_err());
            assert_eq!(std::fs::read_to_string(store.path()).unwrap(), json);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_could_read_makes_no_token() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let store = store(&home);
        create(&store, Scope::Admin);
        let mode = std::fs::Permissions::from_mode(0o644);
        std::fs::set_permissions(store.path(), mode).unwrap();
        let error = store.list(now()).unwrap_err().to_string();
        assert!(error.contains("can be read or written by other users"), "{error}");
    }
}
