//! The server at a loopback port of ours that the person's browser talks to: `/` leads to the page of the sign-in, and
//! `/oauth/callback` is where the browser returns to. Other users get nothing: the kernel is asked who connects.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use credentials::Secret;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, REFERRER_POLICY,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::warn;
use url::Url;

/// The time limit of a connection.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);
/// The number of connections at the same time. Further ones are closed at once.
const MAX_CONNECTIONS: usize = 16;

/// The result that the browser returns with.
pub(super) enum Outcome {
    Code(String),
    Error(String),
}

/// The result of the sign-in, which the last page shows.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
    SignedIn,
    Failed,
}

/// Whether the connection between our end and the other one comes from a process of the person who signs in.
pub type PeerCheck = Arc<dyn Fn(SocketAddr, SocketAddr) -> bool + Send + Sync>;

/// A server that waits for the browser.
pub(super) struct Callback {
    /// `None`: nothing returns to this server.
    state: Option<Secret>,
    /// The page that `/` leads to.
    page: Option<String>,
    /// `None`: this platform does not know who connects.
    is_ours: Option<PeerCheck>,
    /// Taken by the first return with the right `state`: only its code is used.
    outcome: Mutex<Option<oneshot::Sender<Outcome>>>,
    verdict: watch::Receiver<Option<Verdict>>,
}

impl Callback {
    /// A server, with a receiver of the first return with the right `state`, and a sender of the verdict. The page is served only
    /// if it is known who connects.
    pub(super) fn new(
        state: Option<Secret>,
        page: &str,
        is_ours: Option<PeerCheck>,
    ) -> (Self, oneshot::Receiver<Outcome>, watch::Sender<Option<Verdict>>) {
        let (outcome, returned) = oneshot::channel();
        let (verdict_sender, verdict) = watch::channel(None);
        let page = is_ours.is_some().then(|| page.to_owned());
        let outcome = Mutex::new(Some(outcome));
        (Self { state, page, is_ours, outcome, verdict }, returned, verdict_sender)
    }

    /// Serves until the verdict is known and the last page was sent.
    pub(super) async fn serve(self: Arc<Self>, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut has_warned = false;
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = self.verdict() => break,
            };
            let Ok((stream, peer)) = accepted else { continue };
            // Before it takes a place: a stranger must not shut the browser out.
            if !self.is_of_person(&stream, peer) {
                if !std::mem::replace(&mut has_warned, true) {
                    warn!(
                        "a connection to the port of this sign-in was refused, because it is not from a process of yours"
                    );
                }
                continue;
            }
            let Ok(place) = places.clone().try_acquire_owned() else { continue };
            let this = self.clone();
            connections.spawn(async move {
                drop(timeout(CONNECTION_TIMEOUT, this.serve_one(stream)).await);
                drop(place);
            });
        }
        while connections.join_next().await.is_some() {}
    }

    fn is_of_person(&self, stream: &TcpStream, peer: SocketAddr) -> bool {
        let Some(is_ours) = &self.is_ours else { return true };
        stream.local_addr().is_ok_and(|here| is_ours(here, peer))
    }

    async fn serve_one(self: Arc<Self>, stream: TcpStream) {
        let answer = service_fn(|request| {
            let this = self.clone();
            async move { Ok::<_, Infallible>(this.answer(request).await) }
        });
        // One request per connection, so that no connection stays open at the end.
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(CONNECTION_TIMEOUT)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), answer);
        let mut connection = pin!(connection);
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = self.verdict() => {}
        }
        // Browsers open connections that they may never use. Those end now.
        connection.as_mut().graceful_shutdown();
        // An error here means that the browser has gone.
        drop(connection.await);
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path_and_query = request.uri().path_and_query().map_or("", |target| target.as_str());
        let is_get = request.method() == Method::GET;
        let state = match (request.uri().path(), &self.page, &self.state) {
            ("/", Some(_), _) | ("/oauth/callback", _, Some(_)) if !is_get => {
                return page(StatusCode::METHOD_NOT_ALLOWED, NOTHING);
            }
            ("/", Some(url), _) => return redirect(url),
            ("/oauth/callback", _, Some(state)) => state,
            _ => return page(StatusCode::NOT_FOUND, NOTHING),
        };
        let Some(outcome) = read(path_and_query, state) else {
            return page(StatusCode::BAD_REQUEST, NOT_OURS);
        };
        let first = self.outcome.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(first) = first {
            // The sign-in may have stopped waiting.
            drop(first.send(outcome));
        }
        // A second request gets the same verdict as the first.
        match self.verdict().await {
            Verdict::SignedIn => page(StatusCode::OK, SIGNED_IN),
            Verdict::Failed => page(StatusCode::OK, FAILED),
        }
    }

    /// Waits for the verdict. Without a sender there is none, and the sign-in has failed.
    async fn verdict(&self) -> Verdict {
        let mut verdict = self.verdict.clone();
        let known = verdict.wait_for(Option::is_some).await.ok().and_then(|known| *known);
        known.unwrap_or(Verdict::Failed)
    }
}

/// The result in a return with our `state`; `None` for any other request.
fn read(path_and_query: &str, state: &Secret) -> Option<Outcome> {
    let url = Url::parse("http://127.0.0.1").ok()?.join(path_and_query).ok()?;
    let value = |name: &str| {
        let mut values = url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value);
        values.next().filter(|_| values.next().is_none())
    };
    if !are_equal(value("state")?.as_bytes(), state.expose().as_bytes()) {
        return None;
    }
    if let Some(error) = value("error") {
        let description = value("error_description");
        return Some(Outcome::Error(description.unwrap_or(error).into_owned()));
    }
    Some(Outcome::Code(value("code").filter(|code| !code.is_empty())?.into_owned()))
}

/// Compares in a time that does not depend on where the texts differ.
fn are_equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differing, (a, b)| differing | (a ^ b)) == 0
}

/// Leads the browser to a page. The URL is a secret: with it, others could sign us in as themselves.
fn redirect(url: &str) -> Response<Full<Bytes>> {
    let Ok(url) = HeaderValue::from_str(url) else {
        return page(StatusCode::NOT_FOUND, NOTHING);
    };
    let mut response = page(StatusCode::FOUND, ELSEWHERE);
    response.headers_mut().insert(LOCATION, url);
    response
}

fn page(status: StatusCode, (title, text): (&str, &str)) -> Response<Full<Bytes>> {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title} · aws-sso</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style>\
         <main><h1>{title}</h1><p>{text}</p></main></html>"
    );
    let mut response = Response::new(Full::new(Bytes::from(html)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        // The code is in the address bar: it must not be sent to another site.
        (REFERRER_POLICY, "no-referrer"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

const SIGNED_IN: (&str, &str) =
    ("You are signed in", "You can close this window and go back to your terminal.");
const FAILED: (&str, &str) =
    ("The sign-in failed", "Your terminal shows the reason. You can close this window.");
const NOT_OURS: (&str, &str) =
    ("Nothing happened", "This page belongs to no running sign-in. Start again: aws-sso login");
const ELSEWHERE: (&str, &str) = ("Signing in", "The page of the sign-in is opened.");
const NOTHING: (&str, &str) = ("Page not found", "You can close this window.");
const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;display:grid;min-height:100vh;\
                     place-items:center;background:#f4f5f7;color:#16191f}main{background:#fff;padding:2rem 3rem;\
                     border-radius:.75rem;box-shadow:0 1px 4px #0002;max-width:32rem}h1{font-size:1.5rem;margin:0}\
                     p{margin:.75rem 0 0}@media(prefers-color-scheme:dark){body{background:#16191f;color:#eee}\
                     main{background:#232831;box-shadow:none}}";

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(query: &str) -> Option<Outcome> {
        let state = Secret::parse("STATE".to_owned()).unwrap();
        read(&format!("/oauth/callback{query}"), &state)
    }

    #[test]
    fn only_our_state_counts() {
        assert!(
            matches!(outcome("?code=a%2Bb&state=STATE"), Some(Outcome::Code(code)) if code == "a+b")
        );
        for other in
            ["", "?code=a", "?code=a&state=", "?code=a&state=STATF", "?code=a&state=STATE1"]
        {
            assert!(outcome(other).is_none(), "{other}");
        }
    }

    #[test]
    fn a_return_that_says_two_things_says_nothing() {
        for odd in
            ["?code=a&state=STATE&state=STATE", "?code=a&code=b&state=STATE", "?code=&state=STATE"]
        {
            assert!(outcome(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn the_description_of_an_error_is_kept() {
        let query = "?error=access_denied&error_description=You+said+no&state=STATE";
        assert!(matches!(outcome(query), Some(Outcome::Error(text)) if text == "You said no"));
    }
}
