//! The operations of the fake: those of AWS, and the two pages for the browser.

use std::fmt;

use hyper::Method;

/// An operation, with AWS's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// `POST /client/register`
    RegisterClient,
    /// `POST /device_authorization`
    StartDeviceAuthorization,
    /// `POST /token`
    CreateToken,
    /// `/authorize`, the page of the authorization code grant
    Authorize,
    /// `/device`, the page where a user code is approved
    VerifyDevice,
    /// `GET /assignment/accounts`
    ListAccounts,
    /// `GET /assignment/roles`
    ListAccountRoles,
    /// `GET /federation/credentials`
    GetRoleCredentials,
    /// `POST /logout`
    Logout,
}

impl Operation {
    /// The operation of a request.
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        match (method.as_str(), path) {
            ("POST", "/client/register") => Some(Self::RegisterClient),
            ("POST", "/device_authorization") => Some(Self::StartDeviceAuthorization),
            ("POST", "/token") => Some(Self::CreateToken),
            ("GET" | "POST", "/authorize") => Some(Self::Authorize),
            ("GET" | "POST", "/device") => Some(Self::VerifyDevice),
            ("GET", "/assignment/accounts") => Some(Self::ListAccounts),
            ("GET", "/assignment/roles") => Some(Self::ListAccountRoles),
            ("GET", "/federation/credentials") => Some(Self::GetRoleCredentials),
            ("POST", "/logout") => Some(Self::Logout),
            _ => None,
        }
    }

    /// Whether it belongs to the portal (service `sso`), which has a quota. The others belong to OIDC (`sso-oidc`).
    pub(super) fn is_of_portal(self) -> bool {
        match self {
            Self::ListAccounts
            | Self::ListAccountRoles
            | Self::GetRoleCredentials
            | Self::Logout => true,
            Self::RegisterClient
            | Self::StartDeviceAuthorization
            | Self::CreateToken
            | Self::Authorize
            | Self::VerifyDevice => false,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
