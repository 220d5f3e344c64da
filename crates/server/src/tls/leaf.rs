//! The server's certificate from our own authority: only in memory, valid for a day, replaced in time.
//!
//! Each handshake checks whether the certificate is due, by the clock that is passed in. So the first handshake after
//! a sleep or a set clock gets a valid one, and no timer is needed. Open connections are not affected.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use credentials::{Clock, Timestamp};
use rcgen::SanType;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::authority::{Authority, AuthorityError, alternatives};
use crate::names::Names;

/// The current certificate, and what is needed to make the next one.
pub(super) struct Leaf {
    authority: Authority,
    names: Vec<SanType>,
    clock: Arc<dyn Clock>,
    current: Mutex<Current>,
}

struct Current {
    certified: Arc<CertifiedKey>,
    /// When it is used, in Unix epoch seconds.
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
        Ok(Self { certified, from: second - BACKDATED, until: second + MAX_SHOWN })
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

/// The start of the validity is an hour ago; in seconds.
const BACKDATED: i64 = 60 * 60;
/// The certificate is replaced when less than 8 of its 24 hours are left; in seconds.
const MAX_SHOWN: i64 = 16 * 60 * 60;
