//! The TLS handshake of a connection. The time limit for the first request's head includes it.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::Tls;
use crate::connection::{self, TLS_HANDSHAKE, farewell};
use crate::connections::Ticket;
use crate::gate::Peer;
use crate::refusal::Refusal;
use crate::routes::Router;

/// Serves one connection to its end.
pub(crate) async fn serve(
    tls: Tls,
    stream: TcpStream,
    ticket: Ticket,
    router: Arc<Router>,
    peer: Peer,
) {
    let begun = tokio::select! {
        biased;
        begun = begin(&tls, stream, peer.port) => begun,
        // Every order ends the connection, because there is no request yet.
        _ = ticket.activity().ordered() => return,
    };
    if let Some(stream) = begun {
        connection::serve(stream, ticket, router, peer).await;
    }
}

/// Does the handshake. A client that speaks plain HTTP gets a refusal.
async fn begin(tls: &Tls, stream: TcpStream, port: u16) -> Option<TlsStream<TcpStream>> {
    let mut first = [0];
    if !matches!(stream.peek(&mut first).await, Ok(1)) {
        return None;
    }
    if first != [TLS_HANDSHAKE] {
        farewell(stream, Some(Refusal::SpeaksHttps(port)), true).await;
        return None;
    }
    match tls.acceptor.accept(stream).into_fallible().await {
        Ok(stream) => Some(stream),
        Err((error, stream)) => {
            tracing::debug!(%error, "a TLS handshake failed");
            // rustls has sent an alert. Closing with unread bytes would lose it.
            farewell(stream, None, true).await;
            None
        }
    }
}
