//! One connection: hyper reads and writes HTTP/1.1, this module limits it and writes the last answer.
//!
//! hyper answers a head that it cannot parse with an empty 400 or 431. SDKs and people get our JSON instead: the empty
//! answer is held back, and the refusal is written after hyper has released the connection. It works the same with TLS.

use std::convert::Infallible;
use std::future::{Ready, poll_fn, ready};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready as poll_ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

use crate::connections::{Activity, Order, Ticket};
use crate::gate::Peer;
use crate::peer::Owner;
use crate::refusal::Refusal;
use crate::routes::{Decision, Load, Router, Standing};

const CLOSE: HeaderValue = HeaderValue::from_static("close");
const MAX_HEAD: usize = 16 * 1024;
const MAX_BODY: usize = 64 * 1024;
/// From the head to the end of the body.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// The first byte of TLS: the type of its first record (RFC 8446, 5.1). HTTP never begins with it.
pub(crate) const TLS_HANDSHAKE: u8 = 0x16;
/// How long a refused peer may go on sending before the connection is closed.
const FAREWELL_TIMEOUT: Duration = Duration::from_secs(1);

/// The stream below HTTP.
pub(crate) trait Transport: AsyncRead + AsyncWrite + Unpin {
    const IS_TLS: bool;
}

impl Transport for TcpStream {
    const IS_TLS: bool = false;
}

impl Transport for TlsStream<TcpStream> {
    const IS_TLS: bool = true;
}

/// Serves one connection to its end.
pub(crate) async fn serve<S: Transport>(
    stream: S,
    ticket: Ticket,
    router: Arc<Router>,
    peer: Peer,
) {
    let port = peer.port;
    let activity = ticket.activity();
    let io = Watched { stream, activity: Arc::clone(activity) };
    let exchange = Exchange { router, peer, activity: Arc::clone(activity) };
    let mut connection = http1::Builder::new()
        .header_read_timeout(None) // the table of connections keeps the time
        .half_close(true)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(io), exchange);
    let refusal = loop {
        tokio::select! {
            biased;
            result = poll_fn(|context| connection.poll_without_shutdown(context)) => {
                break result.err().and_then(|error| refusal_for(&error));
            }
            order = activity.ordered() => match order {
                Order::Drain => Pin::new(&mut connection).graceful_shutdown(),
                Order::Close => break None,
                Order::EndSlowHead => break Some(Refusal::HeadTimeout),
            }
        }
    };
    let parts = connection.into_parts();
    let refusal = refusal.map(|refusal| refine::<S>(refusal, &parts.read_buf, port));
    if let Some(refusal) = &refusal {
        parts.service.router.refused(peer, refusal.clone());
    }
    farewell(parts.io.into_inner().stream, refusal, activity.leaves_bytes_unread()).await;
}

/// The refusal for an error of hyper.
fn refusal_for(error: &hyper::Error) -> Option<Refusal> {
    if error.is_parse_too_large() {
        Some(Refusal::HeadTooLarge)
    } else if error.is_parse() || error.is_incomplete_message() {
        Some(Refusal::MalformedHead)
    } else {
        None
    }
}

/// A head that cannot be parsed may be the beginning of TLS.
fn refine<S: Transport>(refusal: Refusal, read: &[u8], port: u16) -> Refusal {
    let is_tls = !S::IS_TLS && read.first() == Some(&TLS_HANDSHAKE);
    if is_tls && matches!(refusal, Refusal::MalformedHead) {
        Refusal::SpeaksHttp(port)
    } else {
        refusal
    }
}

/// Ends a connection, with a refusal if there is one. Errors are ignored, because the peer may be gone.
pub(crate) async fn farewell<S: Transport>(
    mut stream: S,
    refusal: Option<Refusal>,
    leaves_bytes_unread: bool,
) {
    if refusal.is_some() || leaves_bytes_unread {
        timeout(FAREWELL_TIMEOUT, say_farewell(stream, refusal)).await.ok();
    } else if S::IS_TLS {
        // Without TLS's closing message, the peer could not tell a complete answer from a truncated one.
        timeout(FAREWELL_TIMEOUT, stream.shutdown()).await.ok();
    }
}

/// Writes the refusal, then reads on: closing with unread bytes would reset the connection and lose the answer.
async fn say_farewell(mut stream: impl Transport, refusal: Option<Refusal>) -> io::Result<()> {
    if let Some(refusal) = refusal {
        stream.write_all(&refusal.into_last_bytes()).await?;
    }
    stream.shutdown().await?;
    let mut nowhere = [0; 4096];
    while stream.read(&mut nowhere).await? > 0 {}
    Ok(())
}

/// The service that hyper calls for each request of the connection.
struct Exchange {
    router: Arc<Router>,
    peer: Peer,
    activity: Arc<Activity>,
}

impl Service<Request<Incoming>> for Exchange {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        self.activity.request_began();
        let (head, body) = request.into_parts();
        let (decision, standing) = self.router.decide(&head, self.peer);
        let is_stranger = self.peer.owner != Owner::SameUser;
        if is_stranger && standing == Standing::Permitted {
            self.activity.showed_valid_token();
        }
        match decision {
            Decision::Answer(mut response) => {
                // A stranger gets an answer, but no place to wait in.
                if is_stranger && standing == Standing::NotPermitted {
                    response.headers_mut().insert(CONNECTION, CLOSE);
                }
                if !body.is_end_stream() {
                    self.activity.leave_bytes_unread();
                }
                self.activity.request_ended();
                Answer::Now(ready(Ok(response.map(Full::new))))
            }
            Decision::AnswerWhenSaved(response) => {
                let (router, activity) = (Arc::clone(&self.router), Arc::clone(&self.activity));
                if !body.is_end_stream() {
                    activity.leave_bytes_unread();
                }
                Answer::Later(Box::pin(answer_when_saved(router, activity, response)))
            }
            Decision::ReadBody(load) => {
                let (router, activity) = (Arc::clone(&self.router), Arc::clone(&self.activity));
                Answer::Later(Box::pin(answer_load(router, activity, load, body)))
            }
        }
    }
}

async fn answer_load(
    router: Arc<Router>,
    activity: Arc<Activity>,
    load: Load,
    body: Incoming,
) -> Answered {
    let body = timeout(BODY_TIMEOUT, read(body)).await.unwrap_or(Err(Refusal::BodyTimeout));
    let outcome = match body {
        Ok(body) => {
            let outcome = router.load(load, Ok(&body));
            router.saved().await;
            outcome
        }
        Err(refusal) => {
            activity.leave_bytes_unread();
            router.load(load, Err(refusal))
        }
    };
    let response = match outcome {
        Ok(loaded) => router.loaded(loaded).await,
        Err(refusal) => refusal.into_response(router.port()),
    };
    activity.request_ended();
    Ok(response.map(Full::new))
}

async fn answer_when_saved(
    router: Arc<Router>,
    activity: Arc<Activity>,
    response: Response<Bytes>,
) -> Answered {
    router.saved().await;
    activity.request_ended();
    Ok(response.map(Full::new))
}

/// Reads a body into memory that is wiped. The memory never grows, because growing would leave copies behind.
async fn read(mut body: Incoming) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(Refusal::BodyTooLarge);
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BODY));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Refusal::MalformedBody("the body ended early or its chunked encoding is invalid")
        })?;
        let data = frame.data_ref().map(Bytes::as_ref).unwrap_or_default();
        if bytes.len() + data.len() > MAX_BODY {
            return Err(Refusal::BodyTooLarge);
        }
        bytes.extend_from_slice(data);
    }
    Ok(bytes)
}

type Answered = Result<Response<Full<Bytes>>, Infallible>;

/// The future of an answer, nearly always ready at once.
enum Answer {
    Now(Ready<Answered>),
    Later(Pin<Box<dyn Future<Output = Answered> + Send>>),
}

impl Future for Answer {
    type Output = Answered;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Now(now) => Pin::new(now).poll(context),
            Self::Later(later) => later.as_mut().poll(context),
        }
    }
}

/// The socket. It reports incoming bytes to the table and holds back hyper's empty answers.
struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
}

/// Whether this is hyper's own answer to a head that it cannot parse: it has no body, and each of ours has one.
fn is_empty_answer(bytes: &[u8]) -> bool {
    let marker = b"\r\ncontent-length: 0\r\n";
    bytes.starts_with(b"HTTP/1.1 4") && bytes.windows(marker.len()).any(|window| window == marker)
}

impl<S: Transport> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        poll_ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.activity.bytes_came();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Transport> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if is_empty_answer(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices
            && is_empty_answer(only)
        {
            return Poll::Ready(Ok(only.len()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
