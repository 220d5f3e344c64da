//! The item of an instance in the secure store: registrations, the SSO session, and credentials fetched with it.
//!
//! Credentials are kept within the SSO session that they were fetched with, and a new sign-in begins without any. So credentials
//! of one identity are never taken for those of another.

use credentials::{AccessKeyId, Credentials, Expiration, Failure, Instance, Secret, Timestamp};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::IdentityCenter;
use crate::failure;

/// The version of the format: the one that is written, and the newest that can be read.
const VERSION: u32 = 1;
/// The number of roles whose credentials are kept: those that expire last.
const MAX_KEPT_CREDENTIALS: usize = 32;
/// A registration that expires earlier is replaced before a sign-in.
const MIN_REGISTRATION_LIFE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Item {
    version: u32,
    start_url: String,
    region: String,
    #[serde(default)]
    pub(crate) registrations: Vec<Registration>,
    #[serde(default)]
    pub(crate) session: Option<Session>,
}

/// Our registration as a public client (RegisterClient), for one workflow.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) workflow: String,
    pub(crate) client_id: String,
    #[serde(with = "secret")]
    pub(crate) client_secret: Secret,
    #[serde(with = "epoch_seconds")]
    pub(crate) expires_at: Timestamp,
}

/// An SSO session: the result of one sign-in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    #[serde(with = "secret")]
    pub(crate) access_token: Secret,
    #[serde(with = "epoch_seconds")]
    pub(crate) expires_at: Timestamp,
    /// `None` if AWS gave no refresh token, or has refused it.
    pub(crate) refresh: Option<RefreshGrant>,
    /// Whether the SSO session ends with this access token: AWS gave no token that expires later.
    #[serde(default)]
    pub(crate) is_last: bool,
    /// The person's user name, once it is known.
    #[serde(default)]
    pub(crate) user_name: Option<String>,
    #[serde(default)]
    pub(crate) credentials: Vec<Kept>,
}

/// The refresh token, and the client that it was issued to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RefreshGrant {
    #[serde(with = "secret")]
    pub(crate) token: Secret,
    pub(crate) client_id: String,
    #[serde(with = "secret")]
    pub(crate) client_secret: Secret,
}

/// Credentials of a role, under a text that names the role and the chain to it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    role: String,
    access_key_id: String,
    #[serde(with = "secret")]
    secret_access_key: Secret,
    #[serde(with = "secret")]
    session_token: Secret,
    #[serde(with = "epoch_seconds")]
    expiration: Timestamp,
}

impl Item {
    fn new(instance: &Instance) -> Self {
        Self {
            version: VERSION,
            start_url: instance.start_url.as_str().to_owned(),
            region: instance.region.as_str().to_owned(),
            registrations: Vec::new(),
            session: None,
        }
    }

    /// Reads an item. An item of another start URL or region is ignored: its tokens must not be sent here.
    pub(crate) fn read(bytes: Option<&[u8]>, instance: &Instance) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Some(bytes) = bytes else { return Ok(Self::new(instance)) };
        let unreadable = |_| {
            Failure::failed(format!(
                "the kept sign-in for `{}` is not in the format of aws-sso",
                instance.name
            ))
        };
        let Version { version } = serde_json::from_slice(bytes).map_err(unreadable)?;
        if version > VERSION {
            return Err(Failure::failed(format!(
                "the kept sign-in for `{}` was written by a newer version of aws-sso (format {version}; this version reads \
                 formats up to {VERSION})",
                instance.name
            ))
            .with_hint("Update aws-sso."));
        }
        let item: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        let is_ours = item.start_url == instance.start_url.as_str()
            && item.region == instance.region.as_str();
        Ok(if is_ours { item } else { Self::new(instance) })
    }

    pub(crate) fn write(&self) -> Zeroizing<Vec<u8>> {
        // Allocated once: a buffer that grows leaves copies of secrets behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(128 * 1024));
        match serde_json::to_writer(&mut *bytes, self) {
            Ok(()) => bytes,
            // Texts and numbers can always be written to memory. The store refuses to save an empty item.
            Err(_) => Zeroizing::default(),
        }
    }

    /// The registration for a workflow, unless it expires within an hour.
    pub(crate) fn registration(&self, workflow: &str, now: Timestamp) -> Option<&Registration> {
        let lasts =
            |known: &&Registration| known.expires_at.duration_since(now) > MIN_REGISTRATION_LIFE;
        self.registrations.iter().find(|known| known.workflow == workflow).filter(lasts)
    }
}

impl Session {
    /// The rest of the access token's life; negative once it has expired.
    pub(crate) fn time_left(&self, now: Timestamp) -> SignedDuration {
        self.expires_at.duration_since(now)
    }

    /// The kept credentials of a role, if more than `min_left` is left of them.
    pub(crate) fn credentials(
        &self,
        role: &str,
        now: Timestamp,
        min_left: SignedDuration,
    ) -> Option<Credentials> {
        let kept = self.credentials.iter().find(|kept| kept.role == role)?;
        if kept.expiration.duration_since(now) <= min_left {
            return None;
        }
        Some(Credentials {
            access_key_id: AccessKeyId::parse(&kept.access_key_id).ok()?,
            secret_access_key: kept.secret_access_key.clone(),
            session_token: kept.session_token.clone(),
            expiration: Expiration::new(kept.expiration).ok()?,
        })
    }

    /// Keeps credentials of a role, and drops those that have expired.
    pub(crate) fn keep(&mut self, role: String, credentials: &Credentials, now: Timestamp) {
        self.credentials.retain(|kept| kept.role != role && kept.expiration > now);
        self.credentials.push(Kept {
            role,
            access_key_id: credentials.access_key_id.as_str().to_owned(),
            secret_access_key: credentials.secret_access_key.clone(),
            session_token: credentials.session_token.clone(),
            expiration: credentials.expiration.instant(),
        });
        self.credentials.sort_by_key(|kept| std::cmp::Reverse(kept.expiration));
        self.credentials.truncate(MAX_KEPT_CREDENTIALS);
    }
}

impl IdentityCenter {
    pub(crate) async fn read_item(&self) -> Result<Item, Failure> {
        let this = self.clone();
        blocking(move || {
            this.observe_before_reading();
            let bytes = this.0.store.read()?;
            Item::read(bytes.as_ref().map(|bytes| bytes.as_slice()), this.instance())
        })
        .await
    }

    /// Changes the item under the store's lock.
    pub(crate) async fn update_item<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Item) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let this = self.clone();
        blocking(move || {
            let (before, outcome) = this.0.store.update(|bytes| {
                let mut item = Item::read(bytes, this.instance())?;
                let outcome = change(&mut item);
                Ok::<_, Failure>((item.write(), (this.observe(), outcome)))
            })?;
            this.note_own_write(&before);
            Ok(outcome)
        })
        .await
    }
}

/// Runs work that waits for a lock, the disk or a keyring, on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| failure::unavailable("the work on the secure store stopped unexpectedly"))?
}

/// Secrets as text. Only the item is serialised with them.
mod secret {
    use credentials::Secret;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(secret: &Secret, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(secret.expose())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        Secret::parse(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// Instants as Unix epoch seconds.
mod epoch_seconds {
    use credentials::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(at.as_second())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Timestamp::from_second(i64::deserialize(from)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::{InstanceName, RegionName, StartUrl};

    const MINUTE: SignedDuration = SignedDuration::from_mins(1);

    fn instance(start_url: &str) -> Instance {
        Instance {
            name: InstanceName::parse("corp").unwrap(),
            start_url: StartUrl::parse(start_url).unwrap(),
            region: RegionName::parse("eu-central-1").unwrap(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn session() -> Session {
        Session {
            access_token: Secret::parse("CANARY-access".to_owned()).unwrap(),
            expires_at: at("2026-11-22T21:16:31Z"),
            refresh: None,
            is_last: false,
            user_name: None,
            credentials: Vec::new(),
        }
    }

    #[test]
    fn an_item_of_another_start_url_is_none() {
        let here = instance("https://corp.awsapps.com/start");
        let mut item = Item::new(&here);
        item.session = Some(session());
        let bytes = item.write();
        assert!(Item::read(Some(&bytes), &here).unwrap().session.is_some());
        let elsewhere = instance("https://evil.awsapps.com/start");
        assert!(Item::read(Some(&bytes), &elsewhere).unwrap().session.is_none());
    }

    #[test]
    fn an_unreadable_item_is_reported_without_its_content() {
        let here = instance("https://corp.awsapps.com/start");
        for bytes in
            [&b"CANARY"[..], b"{\"version\":1,\"start_url\":\"CANARY", b"{\"version\":\"CANARY\"}"]
        {
            let Err(error) = Item::read(Some(bytes), &here) else { panic!("it was read") };
            let text = error.to_string();
            assert!(
                text.contains("not in the format of aws-sso") && !text.contains("CANARY"),
                "{text}"
            );
        }
        let Err(error) = Item::read(Some(b"{\"version\":2}"), &here) else { panic!("it was read") };
        assert!(error.to_string().contains("newer version of aws-sso (format 2"), "{error}");
    }

    #[test]
    fn a_bounded_number_of_credentials_is_kept_until_they_expire() {
        let now = at("2026-11-22T20:00:00Z");
        let mut session = session();
        for number in 0..40 {
            let expiration = format!("2026-11-22T21:00:{number:02}Z");
            let profile = fakes::profile("x", &expiration);
            session.keep(format!("role{number}"), &profile.credentials, now);
        }
        assert_eq!(session.credentials.len(), MAX_KEPT_CREDENTIALS);
        assert!(session.credentials("role39", now, MINUTE * 20).is_some());
        assert!(
            session.credentials("role0", now, MINUTE * 20).is_none(),
            "the first to expire are dropped"
        );
        let late = at("2026-11-22T20:50:00Z");
        assert!(session.credentials("role39", late, MINUTE * 20).is_none());
        assert!(session.credentials("role39", late, MINUTE).is_some());
    }
}
