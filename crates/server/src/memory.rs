//! Keeps memory that holds secrets out of swap, where the system allows it.
//!
//! Page by page, and never everything: a user may lock 8 MiB by default, and with mlockall(2) every allocation beyond them
//! would fail. Pages are not unlocked again: they hold other secrets beside this one, or will.

use std::sync::atomic::{AtomicBool, Ordering};

/// Locks the pages of these bytes. Where that isn't possible, they are as they were.
pub fn keep_out_of_swap(bytes: &[u8]) {
    static IS_TOLD: AtomicBool = AtomicBool::new(false);
    if bytes.is_empty() {
        return;
    }
    match region::lock(bytes.as_ptr(), bytes.len()) {
        Ok(guard) => std::mem::forget(guard), // dropping it would unlock the pages
        Err(error) if !IS_TOLD.swap(true, Ordering::Relaxed) => {
            tracing::debug!(%error, "some secrets may be swapped out: no more memory can be locked");
        }
        Err(_) => {}
    }
}
