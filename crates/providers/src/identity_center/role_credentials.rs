//! Credentials of a role: from the portal, and through STS for a chain of further roles.

use std::time::Duration;

use credentials::{
    AccountId, Chain, Credentials, Expiration, Failure, Fetched, InstanceName, Link, Partition,
    Problem, RoleName, Secret,
};
use jiff::SignedDuration;
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::IdentityCenter;
use super::access_token::{AccessToken, wait_for};
use super::item::Session;
use super::portal::PortalError;
use crate::assume_role::{AssumeRole, session_name};
use crate::{complete, failure, sdk_config};

/// Kept credentials are replaced when no more than this is left of them. An SDK would soon ask for new ones.
const MIN_KEPT_LIFE: SignedDuration = SignedDuration::from_mins(20);

/// How urgent credentials are.
#[derive(Clone, Copy, Debug)]
enum Urgency {
    /// A person waits: the call is made at once, and the SDK retries it.
    Interactive,
    /// The call waits for its turn, and is not retried.
    Background,
}

impl IdentityCenter {
    /// Credentials of a role: the kept ones if they are valid for more than 20 minutes, otherwise new ones. Of all processes that
    /// need the same role, one asks AWS, and the others wait and read what it kept.
    ///
    /// # Errors
    /// Any [`Problem`] of AWS, the sign-in or the store.
    pub async fn credentials(&self, chain: &Chain) -> Result<Fetched, Failure> {
        let principal = chain.principal(Partition::of_region(self.instance().region.as_str()));
        let key = key_of(chain);
        let patience = self.0.retries.patience();
        let deadline = Instant::now() + patience;
        let session = self.read_item().await?.session;
        // Without a session of ours, nothing is kept that another process could wait for.
        let lock_path = session.is_some().then(|| self.0.store.fetch_lock_path(&key));
        if let Some(credentials) = self.kept(session, &key) {
            return Ok(Fetched { principal, credentials });
        }
        let lock = match lock_path {
            Some(path) => wait_for(&path, patience).await?,
            None => None,
        };
        if lock.is_some()
            && let Some(credentials) = self.kept(self.read_item().await?.session, &key)
        {
            return Ok(Fetched { principal, credentials });
        }
        let (token, credentials) = self.fetch_in_turn(chain, deadline).await?;
        // Credentials from the AWS CLI's sign-in belong to no session of ours.
        if !token.from_aws_cli {
            self.keep(token.secret, key, credentials.clone()).await?;
        }
        drop(lock);
        Ok(Fetched { principal, credentials })
    }

    fn kept(&self, session: Option<Session>, key: &str) -> Option<Credentials> {
        let kept = session?.credentials(key, self.now(), MIN_KEPT_LIFE)?;
        debug!("using kept credentials");
        Some(kept)
    }

    /// New credentials of a role. A call that AWS throttles is made again until the deadline: the quota is shared with other
    /// processes, so that failing now would not help.
    async fn fetch_in_turn(
        &self,
        chain: &Chain,
        deadline: Instant,
    ) -> Result<(AccessToken, Credentials), Failure> {
        let mut failures = 0;
        loop {
            let error = match self.fetch(chain, Urgency::Interactive).await {
                Err(error) if error.problem == Problem::Throttled => error,
                outcome => return outcome,
            };
            failures += 1;
            let next = Instant::now() + pause(failures).mul_f64(jitter());
            let next = next.max(self.0.rate_limiter.next_turn());
            if next >= deadline {
                return Err(error);
            }
            debug!(failures, "AWS throttles calls: waiting for a turn");
            sleep_until(next).await;
        }
    }

    /// New credentials of a role, for a caller in the background that keeps them itself, perhaps of a thousand roles at once.
    /// Each call of the portal waits for its turn. None is retried, as the caller tries again by itself. Only the sign-in is
    /// read from the store, and nothing is kept there.
    ///
    /// # Errors
    /// Any [`Problem`] of AWS, the sign-in or the store.
    pub async fn new_credentials(&self, chain: &Chain) -> Result<Fetched, Failure> {
        let principal = chain.principal(Partition::of_region(self.instance().region.as_str()));
        let (_, credentials) = self.fetch(chain, Urgency::Background).await?;
        Ok(Fetched { principal, credentials })
    }

    /// Asks AWS for the user name of the person, and keeps it. AWS names the sessions of all roles after the user (STS
    /// GetCallerIdentity).
    ///
    /// # Errors
    /// Those of [`IdentityCenter::credentials`]; or the identity in AWS's answer is not the session of a role.
    pub async fn learn_user_name(&self, chain: &Chain) -> Result<String, Failure> {
        let credentials = self.credentials(chain).await?.credentials;
        let client = sdk_config::sts(self.config().await?, sdk_config::of_session(&credentials));
        let answer = client.get_caller_identity().send().await;
        let answer = answer.map_err(|error| failure::of_sdk(&error))?;
        let name =
            answer.arn().and_then(|arn| arn.rsplit_once('/')).map(|(_, name)| name.to_owned());
        let name =
            name.ok_or(failure::unavailable("the answer of STS names no session of a role"))?;
        let kept = name.clone();
        self.update_item(move |item| {
            if let Some(session) = &mut item.session {
                session.user_name = Some(kept);
            }
        })
        .await?;
        Ok(name)
    }

    /// Keeps credentials in the session that they were fetched with, if that is still the present one.
    async fn keep(
        &self,
        token: Secret,
        key: String,
        credentials: Credentials,
    ) -> Result<(), Failure> {
        let now = self.now();
        self.update_item(move |item| match &mut item.session {
            Some(session) if session.access_token.expose() == token.expose() => {
                session.keep(key, &credentials, now);
            }
            _ => {}
        })
        .await
    }

    /// New credentials, and the access token that they were fetched with.
    async fn fetch(
        &self,
        chain: &Chain,
        urgency: Urgency,
    ) -> Result<(AccessToken, Credentials), Failure> {
        let Chain { account_id, role_name, links } = chain;
        // The turn comes first: otherwise a thousand waiting calls would read the store at once, and use an old token later.
        self.wait_for_turn(urgency).await?;
        let mut token = self.access_token().await?;
        let mut outcome = self.ask_portal(chain, &token.secret, urgency).await;
        if outcome.as_ref().is_err_and(|error| error.problem == Problem::SignInNeeded) {
            token = self.access_token_after(token).await?;
            self.wait_for_turn(urgency).await?;
            outcome = self.ask_portal(chain, &token.secret, urgency).await;
        }
        let mut credentials = outcome
            .map_err(|error| explain(error, account_id, role_name, &self.instance().name))?;
        let mut via = (account_id, role_name);
        for link in links {
            credentials = self.assume(link, &credentials, via).await?;
            via = (&link.role_arn.account_id, &link.role_arn.role_name);
        }
        credentials.expiration = by_our_clock(credentials.expiration, self.clock_offset())?;
        Ok((token, credentials))
    }

    async fn wait_for_turn(&self, urgency: Urgency) -> Result<(), Failure> {
        if let Urgency::Background = urgency {
            self.open_store().await?;
            self.0.rate_limiter.wait_for_turn().await;
        }
        Ok(())
    }

    /// Opens the store, which can take long once (for a passphrase), before the first turn. Otherwise all calls that had their
    /// turns meanwhile would be made at once.
    async fn open_store(&self) -> Result<(), Failure> {
        let open = async || {
            self.background_portal().await?;
            self.read_item().await.map(drop)
        };
        self.0.opened_store.get_or_try_init(open).await.map(drop)
    }

    async fn ask_portal(
        &self,
        Chain { account_id, role_name, .. }: &Chain,
        token: &Secret,
        urgency: Urgency,
    ) -> Result<Credentials, Failure> {
        let outcome = match urgency {
            Urgency::Interactive => {
                self.portal().await?.role_credentials(token, account_id, role_name).await
            }
            Urgency::Background => {
                self.background_portal().await?.role_credentials(token, account_id, role_name).await
            }
        };
        outcome.map_err(|PortalError { error, retry_after }| {
            if error.problem == Problem::Throttled {
                self.0.rate_limiter.throttled(retry_after);
            } else if error.problem == Problem::Unavailable {
                self.0.rate_limiter.unavailable();
            }
            error
        })
    }

    async fn assume(
        &self,
        link: &Link,
        with: &Credentials,
        (account, role): (&AccountId, &RoleName),
    ) -> Result<Credentials, Failure> {
        let session_name = || session_name(role, account);
        let assumed = AssumeRole {
            link,
            session_name: link.session_name.clone().unwrap_or_else(session_name),
            duration_seconds: None,
            mfa: None,
        };
        let whose = format!("the role {}", role.as_str());
        assumed.call(self.config().await?, sdk_config::of_session(with), &whose).await
    }
}

/// The expiration by our clock. AWS states it by its own clock, and programs on this machine compare it with ours: if ours is
/// behind, they would use credentials that AWS no longer accepts.
fn by_our_clock(expiration: Expiration, ahead: SignedDuration) -> Result<Expiration, Failure> {
    match ahead > IdentityCenter::CLOCK_TOLERANCE {
        true => complete::expiration_at(expiration.epoch_seconds() - ahead.as_secs()),
        false => Ok(expiration),
    }
}

/// The key of kept credentials: the role and the whole chain to it.
fn key_of(Chain { account_id, role_name, links }: &Chain) -> String {
    let links =
        links.iter().map(|Link { role_arn, external_id, source_identity, session_name }| {
            format!(" > {role_arn} {external_id:?} {source_identity:?} {session_name:?}")
        });
    format!("{account_id}/{}{}", role_name.as_str(), links.collect::<String>())
}

/// The pause before the next attempt of a call that has failed this many times.
pub(crate) fn pause(failures: u32) -> Duration {
    Duration::from_millis(200 * 2_u64.saturating_pow(failures.min(5)))
}

/// 0.5 to 1.5, so that processes that failed together do not call again together.
fn jitter() -> f64 {
    0.5 + f64::from(getrandom::u32().unwrap_or_default()) / f64::from(u32::MAX)
}

/// The failure of a call for credentials, with the role or the instance in its message.
fn explain(
    error: Failure,
    account: &AccountId,
    role: &RoleName,
    instance: &InstanceName,
) -> Failure {
    let role = role.as_str();
    let text = match error.problem {
        Problem::Denied => format!(
            "AWS does not give you the role {role} in the account {account} through `{instance}`: {error}"
        ),
        Problem::Throttled => {
            format!("too many requests for roles of `{instance}`: {error}")
        }
        Problem::SignInNeeded => format!("the SSO session has ended for `{instance}`"),
        Problem::Unavailable => {
            format!("the access portal of `{instance}` is not available: {error}")
        }
        Problem::Invalid
        | Problem::Usage
        | Problem::Unreachable
        | Problem::CommandNotFound
        | Problem::CommandNotExecutable
        | Problem::Interrupted => return error,
    };
    error.with_message(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_that_differ_in_anything_have_different_keys() {
        let link = Link {
            role_arn: fakes::arn(),
            external_id: None,
            source_identity: None,
            session_name: None,
        };
        let chain = Chain {
            account_id: AccountId::parse("1").unwrap(),
            role_name: RoleName::parse("Admin").unwrap(),
            links: vec![link],
        };
        let mut other = chain.clone();
        other.links[0].external_id = Some("x".to_owned());
        assert_ne!(key_of(&chain), key_of(&other));
        other.links.clear();
        assert_ne!(key_of(&chain), key_of(&other));
    }
}
