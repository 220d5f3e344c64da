//! The server of the fake: HTTP/1.1 on 127.0.0.1, on one thread.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::answer::{Answer, PortalError};
use super::fault::Course;
use super::form::Form;
use super::operation::Operation;
use super::state::{ApiRequest, State};
use super::{oidc, pages, portal, random};

/// Maximum size of a request's body.
const MAX_BODY_BYTES: usize = 64 * 1024;
/// The path of the list of calls, which AWS does not have.
const CALLS: &str = "/_calls";

type Shared = Arc<Mutex<State>>;

/// Why a connection is closed without an answer.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A listening server. When it is dropped, it stops at once, with unfinished calls.
pub(super) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Makes a listening socket. Returns it and its URL.
pub(super) fn listen(port: u16) -> io::Result<(TcpListener, String)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let url = format!("http://{}", listener.local_addr()?);
    Ok((listener, url))
}

impl Server {
    pub(super) fn start(listener: TcpListener, shared: Shared) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("fake-aws".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, shared) => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        // A panic of the thread is on stderr already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn accept(listener: TcpListener, shared: Shared) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    loop {
        // The process has no more file descriptors. Other threads may close some.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            continue;
        };
        // An answer is one small write. It must not wait for an acknowledgement.
        stream.set_nodelay(true).ok();
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

async fn serve(stream: TcpStream, shared: Shared) {
    let service = service_fn(|request| answer(request, Arc::clone(&shared)));
    // An error means that the peer has closed the connection, or that a fault closes it.
    http1::Builder::new()
        .header_read_timeout(None)
        .serve_connection(TokioIo::new(stream), service)
        .await
        .ok();
}

async fn answer(
    request: Request<Incoming>,
    shared: Shared,
) -> Result<Response<Full<Bytes>>, Failure> {
    let answer = match Operation::of(request.method(), request.uri().path()) {
        Some(operation) => perform(operation, request, &shared).await?,
        None if request.uri().path() == CALLS => calls(request.method(), &shared),
        None => PortalError::ResourceNotFound.because("There is no such operation"),
    };
    let now = shared.lock().unwrap().now();
    let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&now)?;
    Ok(answer.into_response(&date, &random::id(36)))
}

async fn perform(
    operation: Operation,
    request: Request<Incoming>,
    shared: &Shared,
) -> Result<Answer, Failure> {
    let (number, latency) = {
        let mut state = shared.lock().unwrap();
        (state.calls.begin(operation), state.options.latency)
    };
    let (head, body) = request.into_parts();
    let token = head.headers.get("x-amz-sso_bearer_token");
    let request = ApiRequest {
        method: head.method,
        query: Form::parse(head.uri.query().unwrap_or_default()),
        bearer_token: token.and_then(|token| token.to_str().ok()).map(str::to_owned),
        body: Limited::new(body, MAX_BODY_BYTES).collect().await?.to_bytes(),
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let course = {
        let mut state = shared.lock().unwrap();
        let fault = state.faults.next(operation).map(|fault| fault.course(operation));
        let course = match fault {
            None => Course::Answer(answer_to(&mut state, operation, &request)),
            Some(Course::LoseAnswer) => {
                answer_to(&mut state, operation, &request);
                Course::Disconnect
            }
            Some(other) => other,
        };
        if let Course::Answer(answer) = &course {
            state.calls.answered(number, answer.status);
        }
        course
    };
    match course {
        Course::Answer(answer) => Ok(answer),
        Course::Hang => std::future::pending().await,
        Course::Disconnect | Course::LoseAnswer => Err("closed by a fault".into()),
    }
}

/// Answers a request.
fn answer_to(state: &mut State, operation: Operation, request: &ApiRequest) -> Answer {
    if operation.is_of_portal() && !state.takes_call() {
        let refused = PortalError::TooManyRequests.because("HTTP 429 Unknown Code");
        return refused.retry_after(state.options.retry_after);
    }
    let outcome = match operation {
        Operation::RegisterClient => oidc::register_client(state, &request.body),
        Operation::StartDeviceAuthorization => {
            oidc::start_device_authorization(state, &request.body)
        }
        Operation::CreateToken => oidc::create_token(state, &request.body),
        Operation::Authorize => pages::authorize(state, request),
        Operation::VerifyDevice => pages::verify_device(state, request),
        Operation::ListAccounts => portal::list_accounts(state, request),
        Operation::ListAccountRoles => portal::list_account_roles(state, request),
        Operation::GetRoleCredentials => portal::role_credentials(state, request),
        Operation::Logout => portal::logout(state, request),
    };
    outcome.unwrap_or_else(|refused| refused)
}

/// `GET` returns a summary of the calls. `DELETE` removes them.
fn calls(method: &Method, shared: &Shared) -> Answer {
    let mut state = shared.lock().unwrap();
    let answer = Answer::json(200, &state.calls.summary());
    if method == Method::DELETE {
        state.calls.forget();
    }
    answer
}
