//! The certificate that the port shows, of our own authority: in memory alone, for a day, and replaced in time.
//!
//! Each handshake looks whether it is due, by the clock that is passed in: after the machine has slept or the clock was
//! set, the very next handshake sees one that is valid, and between handshakes there is nothing to do. Connections that
//! are open go on.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use credentials::{Clock, Timestamp};
use rcgen::SanType;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::authority::{Authority, AuthorityError, alternatives};
use crate::names::Names;

/// The present certificate, and what the next one takes.
pub(super) struct Leaf {
    authority: Authority,
    names: Vec<SanType>,
    clock: Arc<dyn Clock>,
    current: Mutex<Current>,
}

struct Current {
    certified: Arc<CertifiedKey>,
    /// When it is shown, in Unix epoch seconds.
    from: i64,
    until: i64,
}

impl Leaf {
    pub(super) fn new(
        authority: Authority,
        names: &Names,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, AuthorityError> {
        let names = alternatives(names);
        let current = Mutex::new(Current::new(&authority, &names, clock.now())?);
        Ok(Self { authority, names, clock, current })
    }

    /// The certificate for a handshake that begins now.
    pub(super) fn current(&self) -> Arc<CertifiedKey> {
        let now = self.clock.now();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if !(current.from..current.until).contains(&now.as_second()) {
            match Current::new(&self.authority, &self.names, now) {
                Ok(next) => *current = next,
                Err(error) => tracing::warn!(%error, "the certificate could not be replaced"),
            }
        }
        Arc::clone(&current.certified)
    }
}

impl Current {
    fn new(
        authority: &Authority,
        names: &[SanType],
        now: Timestamp,
    ) -> Result<Self, AuthorityError> {
        let certified = Arc::new(authority.vouch(names.iter().cloned(), now)?);
        let second = now.as_second();
        Ok(Self { certified, from: second - BACK, until: second + SHOWN })
    }
}

impl ResolvesServerCert for Leaf {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leaf")
    }
}

/// A certificate is valid from an hour back; in seconds.
const BACK: i64 = 60 * 60;
/// It is replaced when less than 8 of its 24 hours are left.
const SHOWN: i64 = 16 * 60 * 60;
