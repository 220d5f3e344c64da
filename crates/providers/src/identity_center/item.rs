//! What the secure store keeps of an instance: registrations, the SSO session, credentials fetched in it.
//!
//! Credentials lie within the SSO session they were fetched in, so that those of another identity can't be
//! mistaken for this one's: a new sign-in begins with none.

use credentials::{AccessKeyId, Credentials, Expiration, Failure, Instance, Secret, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::IdentityCenter;
use crate::failure;

/// The version of the format that is written, and the last that can be read.
const VERSION: u32 = 1;
/// Credentials of so many roles are kept; those that expire last.
const MOST_CREDENTIALS: usize = 32;

#[derive(Serialize, Deserialize)]
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
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) workflow: String,
    pub(crate) client_id: String,
    #[serde(with = "secret")]
    pub(crate) client_secret: Secret,
    /// Unix epoch seconds.
    pub(crate) expires_at: i64,
}

/// An SSO session: what one sign-in gave.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    #[serde(with = "secret")]
    pub(crate) access_token: Secret,
    /// Unix epoch seconds.
    pub(crate) expires_at: i64,
    /// Absent when AWS gave none, or has refused it.
    pub(crate) refresh: Option<Refresh>,
    /// Whether the SSO session ends with the access token: AWS, asked for another, gave none that ends later.
    #[serde(default)]
    pub(crate) is_last: bool,
    /// Who signed in, once it is known.
    #[serde(default)]
    pub(crate) user_name: Option<String>,
    #[serde(default)]
    pub(crate) credentials: Vec<Kept>,
}

/// How the access token is refreshed: by the client that got it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Refresh {
    #[serde(with = "secret")]
    pub(crate) token: Secret,
    pub(crate) client_id: String,
    #[serde(with = "secret")]
    pub(crate) client_secret: Secret,
}

/// Credentials of a role, under a text that names the role and the chain to it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    role: String,
    access_key_id: String,
    #[serde(with = "secret")]
    secret_access_key: Secret,
    #[serde(with = "secret")]
    session_token: Secret,
    /// Unix epoch seconds.
    expiration: i64,
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

    /// Reads an item. One of another start URL or region is none: its tokens must not be sent here.
    pub(crate) fn read(bytes: Option<&[u8]>, instance: &Instance) -> Result<Self, Failure> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Some(bytes) = bytes else { return Ok(Self::new(instance)) };
        let unreadable = |_| {
            Failure::failed(format!(
                "the sign-in that is kept for `{}` is not what aws-sso writes",
                instance.name
            ))
        };
        let Version { version } = serde_json::from_slice(bytes).map_err(unreadable)?;
        if version > VERSION {
            return Err(Failure::failed(format!(
                "the sign-in that is kept for `{}` was written by a newer aws-sso (format {version}, \
                 this one knows {VERSION}): update this one",
                instance.name
            )));
        }
        let item: Self = serde_json::from_slice(bytes).map_err(unreadable)?;
        let is_ours = item.start_url == instance.start_url.as_str()
            && item.region == instance.region.as_str();
        Ok(if is_ours { item } else { Self::new(instance) })
    }

    pub(crate) fn write(&self) -> Zeroizing<Vec<u8>> {
        // With room from the start: a buffer that grows leaves copies of secrets behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(128 * 1024));
        // Text and numbers into memory: it cannot fail.
        let _ = serde_json::to_writer(&mut *bytes, self);
        bytes
    }

    /// The registration for a workflow, unless it ends within the hour.
    pub(crate) fn registration(&self, workflow: &str, now: Timestamp) -> Option<&Registration> {
        let lasts = |known: &&Registration| known.expires_at > now.as_second() + 60 * 60;
        self.registrations.iter().find(|known| known.workflow == workflow).filter(lasts)
    }
}

impl Session {
    pub(crate) fn seconds_left(&self, now: Timestamp) -> i64 {
        self.expires_at - now.as_second()
    }

    /// The credentials that are kept for a role, if they live for more than `seconds`.
    pub(crate) fn credentials(
        &self,
        role: &str,
        now: Timestamp,
        seconds: i64,
    ) -> Option<Credentials> {
        let kept = self.credentials.iter().find(|kept| kept.role == role)?;
        if kept.expiration - now.as_second() <= seconds {
            return None;
        }
        Some(Credentials {
            access_key_id: AccessKeyId::parse(&kept.access_key_id).ok()?,
            secret_access_key: kept.secret_access_key.clone(),
            session_token: kept.session_token.clone(),
            expiration: Expiration::new(Timestamp::from_second(kept.expiration).ok()?).ok()?,
        })
    }

    pub(crate) fn keep(&mut self, role: String, credentials: &Credentials, now: Timestamp) {
        self.credentials.retain(|kept| kept.role != role && kept.expiration > now.as_second());
        self.credentials.push(Kept {
            role,
            access_key_id: credentials.access_key_id.as_str().to_owned(),
            secret_access_key: credentials.secret_access_key.clone(),
            session_token: credentials.session_token.clone(),
            expiration: credentials.expiration.epoch_seconds(),
        });
        self.credentials.sort_by_key(|kept| std::cmp::Reverse(kept.expiration));
        self.credentials.truncate(MOST_CREDENTIALS);
    }
}

impl IdentityCenter {
    pub(crate) async fn read_item(&self) -> Result<Item, Failure> {
        let this = self.clone();
        blocking(move || {
            this.look_before_reading();
            let bytes = this.0.store.read()?;
            Item::read(bytes.as_ref().map(|bytes| bytes.as_slice()), this.instance())
        })
        .await
    }

    /// Changes the item, under the store's lock.
    pub(crate) async fn update_item<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Item) -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let this = self.clone();
        blocking(move || {
            let (before, outcome) = this.0.store.update(|bytes| {
                let mut item = Item::read(bytes, this.instance())?;
                let outcome = change(&mut item);
                Ok::<_, Failure>((item.write(), (this.look(), outcome)))
            })?;
            this.has_written(&before);
            Ok(outcome)
        })
        .await
    }
}

/// The store waits for locks, for the disk and for the keyring: not on the thread that answers others.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| failure::unavailable("the secure store broke off"))?
}

/// A secret in the item, and nowhere else.
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

#[cfg(test)]
mod tests {
    use super::*;
    use credentials::{InstanceName, RegionName, StartUrl};

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
            expires_at: 1_795_382_191,
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
    fn what_cannot_be_read_is_told_without_its_content() {
        let here = instance("https://corp.awsapps.com/start");
        for bytes in
            [&b"CANARY"[..], b"{\"version\":1,\"start_url\":\"CANARY", b"{\"version\":\"CANARY\"}"]
        {
            let Err(error) = Item::read(Some(bytes), &here) else { panic!("it was read") };
            let text = error.to_string();
            assert!(text.contains("not what aws-sso writes") && !text.contains("CANARY"), "{text}");
        }
        let Err(error) = Item::read(Some(b"{\"version\":2}"), &here) else { panic!("it was read") };
        assert!(error.to_string().contains("newer aws-sso (format 2"), "{error}");
    }

    #[test]
    fn credentials_are_kept_while_they_live_and_bounded_in_number() {
        let now = at("2026-11-22T20:00:00Z");
        let mut session = session();
        for number in 0..40 {
            let expiration = format!("2026-11-22T21:00:{number:02}Z");
            let profile = fakes::profile("x", &expiration);
            session.keep(format!("role{number}"), &profile.credentials, now);
        }
        assert_eq!(session.credentials.len(), MOST_CREDENTIALS);
        assert!(session.credentials("role39", now, 20 * 60).is_some());
        assert!(session.credentials("role0", now, 20 * 60).is_none(), "the first to expire went");
        let late = at("2026-11-22T20:50:00Z");
        assert!(session.credentials("role39", late, 20 * 60).is_none());
        assert!(session.credentials("role39", late, 60).is_some());
    }
}
