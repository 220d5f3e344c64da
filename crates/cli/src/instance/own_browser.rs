//! Tells the browser of the person who signs in from the programs of other users.

use std::sync::Arc;

use providers::identity_center::PeerCheck;
use server::{Owner, Owners};

use crate::ground::env;

/// A check of the connections to a sign-in's port; `None` where the system does not tell who connects.
pub(crate) fn check() -> Option<PeerCheck> {
    let owners = Owners::open();
    let is_wsl = env::is_wsl();
    owners.can_tell().then(|| -> PeerCheck {
        Arc::new(move |ours, theirs| match owners.of_connection(ours, theirs) {
            Owner::SameUser => true,
            // A browser of Windows comes through a relay of root, or from outside of Linux.
            Owner::Root | Owner::Unknown => is_wsl,
            Owner::OtherUser => false,
        })
    })
}
