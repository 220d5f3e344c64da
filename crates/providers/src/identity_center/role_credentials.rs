//! Credentials of a role: from the portal, and through STS along a chain of further roles.

use std::time::Duration;

use aws_credential_types::Credentials as SdkCredentials;
use aws_sdk_sts::config::SharedCredentialsProvider;
use credentials::{
    AccountId, Chain, Credentials, Expiration, Failure, Fetched, InstanceName, Link, Partition,
    Problem, RoleName, Secret,
};
use tracing::debug;

use super::IdentityCenter;
use super::access_token::AccessToken;
use super::portal::Refused;
use crate::complete;
use crate::failure;

/// Kept credentials with fewer seconds left are fetched anew: an SDK that asks for them would come again at once.
const ENOUGH_LEFT: i64 = 20 * 60;
/// STS API Reference, AssumeRole, RoleSessionName.
const LONGEST_SESSION_NAME: usize = 64;

/// How the portal is asked.
#[derive(Clone, Copy)]
enum Asking {
    /// At once, and again by the SDK if it fails: somebody waits.
    AtOnce,
    /// In turn with all others, and once.
    InTurn,
}

impl IdentityCenter {
    /// Credentials of a role: those that are kept, if they live for 20 minutes more, else new ones.
    ///
    /// # Errors
    /// By what to do next; see [`Problem`].
    pub async fn credentials(&self, chain: &Chain) -> Result<Fetched, Failure> {
        let principal = chain.principal(Partition::of_region(self.instance().region.as_str()));
        let key = key_of(chain);
        let session = self.read_item().await?.session;
        let kept = session.and_then(|session| session.credentials(&key, self.now(), ENOUGH_LEFT));
        if let Some(credentials) = kept {
            debug!("kept credentials are used");
            return Ok(Fetched { principal, credentials });
        }
        let (token, credentials) = self.fetch(chain, Asking::AtOnce).await?;
        // What is got with the AWS CLI's sign-in is in no session of ours.
        if !token.by_aws_cli {
            self.keep(token.secret, key, credentials.clone()).await?;
        }
        Ok(Fetched { principal, credentials })
    }

    /// New credentials of a role, for who keeps them elsewhere and asks in the background, perhaps for a thousand roles
    /// at once: each call of the portal takes its turn, and none is made again when it fails, as the caller comes
    /// again by itself. Nothing is taken from the store but the sign-in, and nothing is kept there.
    ///
    /// # Errors
    /// By what to do next; see [`Problem`].
    pub async fn new_credentials(&self, chain: &Chain) -> Result<Fetched, Failure> {
        let principal = chain.principal(Partition::of_region(self.instance().region.as_str()));
        let (_, credentials) = self.fetch(chain, Asking::InTurn).await?;
        Ok(Fetched { principal, credentials })
    }

    /// Learns who signed in: AWS names the sessions of all roles after them (STS GetCallerIdentity).
    ///
    /// # Errors
    /// As [`IdentityCenter::credentials`]; or AWS says something that is no session of a role.
    pub async fn learn_user_name(&self, chain: &Chain) -> Result<String, Failure> {
        let credentials = self.credentials(chain).await?.credentials;
        let client = self.sts(&credentials).await?;
        let answer = client.get_caller_identity().send().await;
        let answer = answer.map_err(|error| failure::of_sdk(&error))?;
        let name =
            answer.arn().and_then(|arn| arn.rsplit_once('/')).map(|(_, name)| name.to_owned());
        let name = name.ok_or(failure::unavailable("STS names no session"))?;
        let kept = name.clone();
        self.update_item(move |item| {
            if let Some(session) = &mut item.session {
                session.user_name = Some(kept);
            }
        })
        .await?;
        Ok(name)
    }

    /// Keeps credentials in the session that they were fetched in, and in no other.
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

    /// New credentials, and the access token that they were got with.
    async fn fetch(
        &self,
        chain: &Chain,
        asking: Asking,
    ) -> Result<(AccessToken, Credentials), Failure> {
        let Chain { account_id, role_name, links } = chain;
        // The turn comes first: a thousand that wait must not read the store at once, nor ask with the token of then.
        self.turn(asking).await?;
        let mut token = self.access_token().await?;
        let mut outcome = self.ask_portal(chain, &token.secret, asking).await;
        if outcome.as_ref().is_err_and(|error| error.problem == Problem::SignInNeeded) {
            token = self.access_token_after(token).await?;
            self.turn(asking).await?;
            outcome = self.ask_portal(chain, &token.secret, asking).await;
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

    async fn turn(&self, asking: Asking) -> Result<(), Failure> {
        if let Asking::InTurn = asking {
            self.be_ready().await?;
            self.0.pace.turn().await;
        }
        Ok(())
    }

    /// What takes long once, such as opening the store with a passphrase, comes before the first turn: all who had their
    /// turns meanwhile would ask at the same instant.
    async fn be_ready(&self) -> Result<(), Failure> {
        let get_ready = async || {
            self.portal_in_turn().await?;
            self.read_item().await.map(drop)
        };
        self.0.is_ready.get_or_try_init(get_ready).await.map(drop)
    }

    async fn ask_portal(
        &self,
        Chain { account_id, role_name, .. }: &Chain,
        token: &Secret,
        asking: Asking,
    ) -> Result<Credentials, Failure> {
        let outcome = match asking {
            Asking::AtOnce => {
                self.portal().await?.role_credentials(token, account_id, role_name).await
            }
            Asking::InTurn => {
                self.portal_in_turn().await?.role_credentials(token, account_id, role_name).await
            }
        };
        outcome.map_err(|Refused { error, retry_after }| {
            match error.problem {
                Problem::Throttled => self.0.pace.throttled(retry_after),
                Problem::Unavailable => self.0.pace.unavailable(),
                _ => {}
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
        let session_name = link.session_name.clone().unwrap_or_else(|| session_name(role, account));
        let call = self.sts(with).await?.assume_role().role_arn(link.role_arn.to_string());
        let call = call
            .role_session_name(session_name)
            .set_external_id(link.external_id.clone())
            .set_source_identity(link.source_identity.clone());
        let answer = call.send().await.map_err(|error| {
            let error = failure::of_sdk(&error);
            let text =
                format!("{} cannot be assumed with {}: {error}", link.role_arn, role.as_str());
            error.with_message(text)
        })?;
        complete::of_sts(answer.credentials)
    }

    async fn sts(&self, credentials: &Credentials) -> Result<aws_sdk_sts::Client, Failure> {
        let keys = SdkCredentials::new(
            credentials.access_key_id.as_str(),
            credentials.secret_access_key.expose(),
            Some(credentials.session_token.expose().to_owned()),
            None,
            "IAM Identity Center",
        );
        let config = self.config().await?.to_builder();
        let config = config.credentials_provider(SharedCredentialsProvider::new(keys)).build();
        Ok(aws_sdk_sts::Client::new(&config))
    }
}

/// By AWS's clock an expiration is told, and by ours programs on this machine look at it. If ours is behind, they would
/// use credentials that AWS takes no more.
fn by_our_clock(expiration: Expiration, ahead: i64) -> Result<Expiration, Failure> {
    match ahead > IdentityCenter::CLOCK_TOLERANCE {
        true => complete::expiration_at(expiration.epoch_seconds() - ahead),
        false => Ok(expiration),
    }
}

/// Names the role and all that leads to it: what kept credentials are found by.
fn key_of(Chain { account_id, role_name, links }: &Chain) -> String {
    use std::fmt::Write;
    let mut key = format!("{account_id}/{}", role_name.as_str());
    for Link { role_arn, external_id, source_identity, session_name } in links {
        let _ = write!(key, " > {role_arn} {external_id:?} {source_identity:?} {session_name:?}");
    }
    key
}

/// How long to wait before a call is made again after so many failures.
pub(crate) fn pause(failures: u32) -> Duration {
    Duration::from_millis(200 * 2_u64.saturating_pow(failures.min(5)))
}

/// What a no of the portal means.
fn explain(
    error: Failure,
    account: &AccountId,
    role: &RoleName,
    instance: &InstanceName,
) -> Failure {
    let role = role.as_str();
    let text = match error.problem {
        Problem::Denied => format!(
            "AWS gives you no role {role} in the account {account} through `{instance}`: {error}"
        ),
        Problem::Throttled => {
            format!("AWS is asked too often for roles of `{instance}`: {error}")
        }
        Problem::SignInNeeded => format!("the SSO session is over for `{instance}`"),
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

/// Tells in CloudTrail where a session came from; cut to what STS takes.
fn session_name(role: &RoleName, account: &AccountId) -> String {
    let account = account.as_str();
    let room = LONGEST_SESSION_NAME - 1 - account.len();
    // A role's name is ASCII: bytes are characters.
    let role = role.as_str();
    format!("{}@{account}", role.get(..room).unwrap_or(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_names_fit_into_what_sts_takes() {
        let account = AccountId::parse("123456789012").unwrap();
        let longest = RoleName::parse(&"R".repeat(64)).unwrap();
        assert_eq!(session_name(&longest, &account).len(), 64);
        let short = RoleName::parse("Admin").unwrap();
        assert_eq!(session_name(&short, &account), "Admin@123456789012");
    }

    #[test]
    fn chains_that_differ_in_anything_are_kept_apart() {
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
