//! Which roles the running server has credentials for, and until when: the columns Expires and ExpiresEpoch.

use std::time::Duration;

use credentials::{Source, Timestamp};
use server::wire::ProfileObject;
use tokio::time::timeout;

use crate::client::Client;
use crate::client::arguments::AddressArguments;
use crate::instance::roles::{Role, Roles};

/// The slots of the server that have credentials.
#[derive(Default)]
pub(super) struct Loaded(Vec<(Source, ProfileObject)>);

impl Loaded {
    /// Asks the server. Without an answer in time, no role has credentials there.
    pub(super) async fn ask() -> Self {
        let Ok(address) = AddressArguments::default().address() else { return Self::default() };
        let client = Client::at(address);
        let ask = async {
            let named = client.named_profiles().await.unwrap_or_default();
            (client.default_profile().await.ok(), named)
        };
        let (default, named) = timeout(SERVER_TIMEOUT, ask).await.unwrap_or_default();
        let profiles = named.into_iter().chain(default);
        let with_source = profiles.filter_map(|profile| Some((profile.source()?, profile)));
        Self(with_source.filter(|(_, profile)| profile.expiration > 0).collect())
    }

    /// The remaining time of the role's credentials, for people. Empty if there are none.
    pub(super) fn expires(&self, roles: &Roles<'_>, role: &Role<'_>) -> String {
        self.of(roles, role).map(|profile| profile.expires.clone()).unwrap_or_default()
    }

    /// The expiration of the role's credentials, if there are any.
    pub(super) fn expiration(&self, roles: &Roles<'_>, role: &Role<'_>) -> Option<Timestamp> {
        Timestamp::from_second(self.of(roles, role)?.expiration).ok()
    }

    /// Only an equal source is the same role: a slot can have any name.
    fn of(&self, roles: &Roles<'_>, role: &Role<'_>) -> Option<&ProfileObject> {
        if self.0.is_empty() {
            return None;
        }
        let source = roles.source(role).ok()?;
        let slots = self.0.iter().filter(|(of_slot, _)| *of_slot == source);
        slots.map(|(_, profile)| profile).max_by_key(|profile| profile.expiration)
    }
}

/// A server on this host answers in a millisecond.
const SERVER_TIMEOUT: Duration = Duration::from_secs(1);
