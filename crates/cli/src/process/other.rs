//! Platforms without Unix's signals and limits: only Ctrl-C is known.

pub(crate) fn protect_memory() {}

pub(crate) fn allow_many_connections() {}

pub(crate) async fn told_to_stop() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
