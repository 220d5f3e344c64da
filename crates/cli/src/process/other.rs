//! Platforms without Unix's signals and limits: only Ctrl-C is known.

pub(crate) fn protect_memory() {}

pub(crate) fn allow_many_connections() {}

pub(crate) fn stop_signals() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without Ctrl-C there is no way to be told; then the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

pub(crate) fn interruption() -> std::io::Result<impl Future<Output = ()>> {
    stop_signals()
}
