//! Sign-in and sign-out. A sign-in says what to show to a person, and then waits until they have approved it.

mod callback;
mod device_code;
mod pkce;

use std::time::Duration;

pub use callback::PeerCheck;
pub use device_code::DeviceCode;
pub use pkce::Pkce;

use super::IdentityCenter;
use super::item::Registration;
use super::oidc::{Oidc, Workflow};
use super::session::SignedIn;
use credentials::{Failure, Problem};
use files::Lock;

/// The time that a person has to approve a sign-in.
const APPROVAL_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// The right to sign in: while it is held, no other process of this user signs in to the instance.
#[derive(Debug)]
pub struct SignIn {
    identity_center: IdentityCenter,
    lock: Lock,
}

/// A sign-in that waits for a person.
#[derive(Debug)]
pub enum Pending {
    /// With a browser on this host.
    Pkce(Pkce),
    /// With a browser on any device.
    DeviceCode(DeviceCode),
}

impl IdentityCenter {
    /// The right to sign in; `None` while another process has it.
    ///
    /// # Errors
    /// The lock file cannot be created.
    pub fn try_sign_in(&self) -> Result<Option<SignIn>, Failure> {
        let lock = self.try_lock()?;
        Ok(lock.map(|lock| SignIn { identity_center: self.clone(), lock }))
    }

    /// Waits for the right to sign in.
    ///
    /// # Errors
    /// Another process has it for longer than a sign-in can take.
    pub async fn sign_in_after_others(&self) -> Result<SignIn, Failure> {
        let lock = self.lock().await?;
        Ok(SignIn { identity_center: self.clone(), lock })
    }

    /// The present sign-in if AWS still accepts it. The access token is renewed if necessary.
    ///
    /// # Errors
    /// AWS cannot be reached, or the store cannot be read.
    pub async fn still_signed_in(&self) -> Result<Option<SignedIn>, Failure> {
        // Without a session, `access_token` would wait for another process that is signing in.
        if self.signed_in().await?.is_none() {
            return Ok(None);
        }
        match self.access_token().await {
            Ok(_) => self.signed_in().await,
            Err(error) if error.problem == Problem::SignInNeeded => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Deletes the sign-in, and asks AWS to end the session. Returns whether anybody was signed in.
    ///
    /// # Errors
    /// The store cannot be changed; or AWS cannot be reached, and then the sign-in is deleted here nevertheless.
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
    /// Starts the sign-in. `with_new_registration` also replaces our registration at AWS: AWS may have deleted the old one, and
    /// shows that only in the browser. `is_ours` tells the person's own browser from other users of this host; `None` if this
    /// platform cannot.
    ///
    /// # Errors
    /// AWS cannot be reached or does not know the start URL; or there is no free port for the browser to return to.
    pub async fn start(
        self,
        workflow: Workflow,
        with_new_registration: bool,
        is_ours: Option<PeerCheck>,
    ) -> Result<Pending, Failure> {
        let Self { identity_center, lock } = self;
        if with_new_registration {
            forget_registration(&identity_center, workflow).await?;
        }
        Ok(match workflow {
            Workflow::Pkce => Pending::Pkce(Pkce::start(identity_center, lock, is_ours).await?),
            Workflow::DeviceCode => {
                Pending::DeviceCode(DeviceCode::start(identity_center, lock, is_ours).await?)
            }
        })
    }
}

/// The kept registration for a workflow, or a new one, which is then kept.
async fn registration(
    identity_center: &IdentityCenter,
    oidc: &Oidc<'_>,
    workflow: Workflow,
) -> Result<Registration, Failure> {
    let now = identity_center.now();
    if let Some(known) = identity_center.read_item().await?.registration(workflow.as_str(), now) {
        return Ok(known.clone());
    }
    new_registration(identity_center, oidc, workflow).await
}

async fn forget_registration(
    identity_center: &IdentityCenter,
    workflow: Workflow,
) -> Result<(), Failure> {
    let workflow = workflow.as_str();
    identity_center
        .update_item(move |item| item.registrations.retain(|known| known.workflow != workflow))
        .await
}

async fn new_registration(
    identity_center: &IdentityCenter,
    oidc: &Oidc<'_>,
    workflow: Workflow,
) -> Result<Registration, Failure> {
    let registration = oidc.register(workflow).await?;
    let kept = registration.clone();
    identity_center
        .update_item(move |item| {
            item.registrations.retain(|known| known.workflow != kept.workflow);
            item.registrations.push(kept);
        })
        .await?;
    Ok(registration)
}
