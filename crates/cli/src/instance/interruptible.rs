//! Work that the person can interrupt.

use credentials::{Failure, Problem};
use providers::identity_center;

/// Does the work until it ends or the person interrupts it.
pub(crate) async fn interruptible<T>(
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        outcome = work => outcome,
        () = crate::ground::process::interrupted() => {
            // A renewed access token must be saved first, because AWS may not accept the old one any more.
            identity_center::wait_until_saved().await;
            Err(Failure::new(Problem::Interrupted, "interrupted"))
        }
    }
}
