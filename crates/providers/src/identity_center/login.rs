//! Signing in: what to show a person, and then the wait until they have approved.

mod device_code;
mod pkce;

use std::time::Duration;

pub use device_code::DeviceCode;
pub use pkce::Pkce;

use super::IdentityCenter;
use super::item::Registration;
use super::oidc::{Oidc, Workflow};
use super::session::SignedIn;
use credentials::{Failure, Problem};
use files::Lock;

/// So long a person has.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// The right to sign in: nobody else on this host signs in to the instance meanwhile.
pub struct SignIn {
    center: IdentityCenter,
    lock: Lock,
}

/// A sign-in that waits for a person.
pub enum Pending {
    /// In a browser on this host.
    Pkce(Pkce),
    /// In a browser anywhere.
    DeviceCode(DeviceCode),
}

impl IdentityCenter {
    /// The right to sign in, or `None` while somebody else has it.
    ///
    /// # Errors
    /// The lock's file can't be made.
    pub fn try_sign_in(&self) -> Result<Option<SignIn>, Failure> {
        let lock = self.try_lock()?;
        Ok(lock.map(|lock| SignIn { center: self.clone(), lock }))
    }

    /// The same, after waiting for whoever has it.
    ///
    /// # Errors
    /// They keep it for longer than a sign-in can take.
    pub async fn sign_in_after_others(&self) -> Result<SignIn, Failure> {
        let lock = self.lock().await?;
        Ok(SignIn { center: self.clone(), lock })
    }

    /// Whether AWS still takes the sign-in: its access token is refreshed if it has to be.
    ///
    /// # Errors
    /// AWS can't be reached, or the store can't be read.
    pub async fn still_signed_in(&self) -> Result<Option<SignedIn>, Failure> {
        // Without a session, a token would be waited for that another process is just signing in for.
        if self.signed_in().await?.is_none() {
            return Ok(None);
        }
        match self.access_token().await {
            Ok(_) => self.signed_in().await,
            Err(error) if error.problem == Problem::SignInNeeded => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Forgets the sign-in, and tells AWS to end the session. `false`: nobody was signed in.
    ///
    /// # Errors
    /// The store can't be changed; or AWS can't be told, and then the sign-in is forgotten here nonetheless.
    pub async fn sign_out(&self) -> Result<bool, Failure> {
        let lock = self.lock().await?;
        let token = self.end_session().await?;
        drop(lock);
        match token {
            Some(token) => self.portal().await?.logout(&token).await.map(|()| true),
            None => Ok(false),
        }
    }
}

impl SignIn {
    /// Begins, and gives what to show. With `anew`, our registration at AWS is made anew too: AWS may have forgotten
    /// it, which it tells nobody but the browser.
    ///
    /// # Errors
    /// AWS can't be reached or doesn't know the start URL; no port is free for the browser to come back to.
    pub async fn start(self, workflow: Workflow, anew: bool) -> Result<Pending, Failure> {
        let Self { center, lock } = self;
        if anew {
            forget_registration(&center, workflow).await?;
        }
        Ok(match workflow {
            Workflow::Pkce => Pending::Pkce(Pkce::start(center, lock).await?),
            Workflow::DeviceCode => Pending::DeviceCode(DeviceCode::start(center, lock).await?),
        })
    }
}

/// The registration that is kept for a workflow; else a new one, which is then kept.
async fn registration(
    center: &IdentityCenter,
    oidc: &Oidc<'_>,
    workflow: Workflow,
) -> Result<Registration, Failure> {
    let now = center.now();
    if let Some(known) = center.read_item().await?.registration(workflow.as_str(), now) {
        return Ok(known.clone());
    }
    new_registration(center, oidc, workflow).await
}

async fn forget_registration(center: &IdentityCenter, workflow: Workflow) -> Result<(), Failure> {
    let workflow = workflow.as_str();
    center
        .update_item(move |item| item.registrations.retain(|known| known.workflow != workflow))
        .await
}

async fn new_registration(
    center: &IdentityCenter,
    oidc: &Oidc<'_>,
    workflow: Workflow,
) -> Result<Registration, Failure> {
    let registration = oidc.register(workflow).await?;
    let kept = registration.clone();
    center
        .update_item(move |item| {
            item.registrations.retain(|known| known.workflow != kept.workflow);
            item.registrations.push(kept);
        })
        .await?;
    Ok(registration)
}
