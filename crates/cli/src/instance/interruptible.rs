//! Work that the person can interrupt.

use credentials::{Failure, Problem};
use providers::identity_center;

/// Does it, unless the person interrupts it.
pub(crate) async fn interruptible<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        outcome = work => outcome,
        () = crate::ground::process::interrupted() => {
            // A refreshed token is saved before we go: AWS may take the old one no more.
            identity_center::wait_until_saved().await;
            Err(Failure::new(Problem::Interrupted, "interrupted"))
        }
    }
}
