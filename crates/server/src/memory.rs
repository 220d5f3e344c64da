//! Keeps memory that holds secrets out of swap, where the system allows it.
//!
//! It locks single pages, never all memory: a user may lock 8 MiB by default, and with mlockall(2) every allocation
//! above that would fail. Pages are not unlocked again, because they may hold other secrets.

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

/// Locks the pages of this value, if possible. The value must not be moved afterwards.
pub(crate) fn keep_out_of_swap<T: ?Sized>(secret: &T) {
    static IS_LOGGED: AtomicBool = AtomicBool::new(false);
    if size_of_val(secret) == 0 {
        return;
    }
    match region::lock(ptr::from_ref(secret).cast::<u8>(), size_of_val(secret)) {
        Ok(guard) => std::mem::forget(guard), // dropping it would unlock the pages
        Err(error) if !IS_LOGGED.swap(true, Ordering::Relaxed) => {
            tracing::debug!(%error, "some secrets may be swapped out because no more memory can be locked");
        }
        Err(_) => {}
    }
}
