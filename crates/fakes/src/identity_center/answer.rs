//! Answers, and AWS's errors with the names, statuses and bodies of botocore's service models.

use http_body_util::Full;
use hyper::Response;
use hyper::body::Bytes;
use serde_json::{Value, json};

/// An answer to a request.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Answer {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self { status, headers, body: body.to_string() }
    }

    /// A 200 without a body.
    pub(super) fn empty() -> Self {
        Self { status: 200, headers: Vec::new(), body: String::new() }
    }

    pub(super) fn html(status: u16, body: &str) -> Self {
        let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
        Self { status, headers, body: body.to_owned() }
    }

    pub(super) fn redirect(location: String) -> Self {
        Self { status: 302, headers: vec![("location", location)], body: String::new() }
    }

    pub(super) fn retry_after(mut self, seconds: Option<u32>) -> Self {
        self.headers.extend(seconds.map(|seconds| ("retry-after", seconds.to_string())));
        self
    }

    /// Makes a response of hyper, with these additional headers.
    pub(super) fn into_response(self, date: &str, request_id: &str) -> Response<Full<Bytes>> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response
            .header("cache-control", "no-store")
            .header("date", date)
            .header("x-amzn-requestid", request_id)
            .body(Full::new(Bytes::from(self.body)))
            .unwrap()
    }

    fn exception(status: u16, name: &str, body: &Value) -> Self {
        let mut answer = Self::json(status, body);
        answer.headers.push(("x-amzn-errortype", name.to_owned()));
        answer
    }
}

/// An error of the service `sso-oidc`.
#[derive(Clone, Copy, Debug)]
pub(super) enum OidcError {
    AccessDenied,
    AuthorizationPending,
    ExpiredToken,
    InternalServer,
    InvalidClient,
    InvalidClientMetadata,
    InvalidGrant,
    InvalidRedirectUri,
    InvalidRequest,
    InvalidScope,
    SlowDown,
    UnauthorizedClient,
    UnsupportedGrantType,
}

impl OidcError {
    pub(super) fn because(self, description: &str) -> Answer {
        let (status, code) = match self {
            Self::AccessDenied => (400, "access_denied"),
            Self::AuthorizationPending => (400, "authorization_pending"),
            Self::ExpiredToken => (400, "expired_token"),
            Self::InternalServer => (500, "server_error"),
            Self::InvalidClient => (401, "invalid_client"),
            Self::InvalidClientMetadata => (400, "invalid_client_metadata"),
            Self::InvalidGrant => (400, "invalid_grant"),
            Self::InvalidRedirectUri => (400, "invalid_redirect_uri"),
            Self::InvalidRequest => (400, "invalid_request"),
            Self::InvalidScope => (400, "invalid_scope"),
            Self::SlowDown => (400, "slow_down"),
            Self::UnauthorizedClient => (400, "unauthorized_client"),
            Self::UnsupportedGrantType => (400, "unsupported_grant_type"),
        };
        let body = json!({"error": code, "error_description": description});
        Answer::exception(status, &format!("{self:?}Exception"), &body)
    }
}

/// An error of the service `sso`, the portal. `Forbidden` is in no model, but AWS returns it.
#[derive(Clone, Copy, Debug)]
pub(super) enum PortalError {
    Forbidden,
    InternalFailure,
    InvalidRequest,
    ResourceNotFound,
    TooManyRequests,
    Unauthorized,
}

impl PortalError {
    pub(super) fn because(self, message: &str) -> Answer {
        let (status, name) = match self {
            Self::Forbidden => (403, "ForbiddenException"),
            Self::InternalFailure => (500, "InternalFailure"),
            Self::InvalidRequest => (400, "InvalidRequestException"),
            Self::ResourceNotFound => (404, "ResourceNotFoundException"),
            Self::TooManyRequests => (429, "TooManyRequestsException"),
            Self::Unauthorized => (401, "UnauthorizedException"),
        };
        Answer::exception(status, name, &json!({"message": message}))
    }
}
