//! The token that a request needs, for the hint of a refusal. The server does not know what the command needs it for.

use server::wire::Reason;

/// For a server that is not one of this program.
pub(super) const OTHER_TOKEN: &str = "The server was not started by this program. Write its bearer token into a file that only you can read, \
     and add --token-file FILE. If it has no token, leave the option out.";

/// The kind of token that a request needs.
#[derive(Clone, Copy)]
pub(super) enum TokenKind {
    ReadAll,
    LoadOnly,
    Admin,
}

impl TokenKind {
    /// The command that makes such a token and lets the next commands send it.
    pub(super) fn hint(self) -> String {
        let (flag, file) = match self {
            Self::ReadAll => ("--all-slots", "~/.aws-sso-read.token"),
            Self::LoadOnly => ("--load-only", "~/.aws-sso-load.token"),
            Self::Admin => ("--admin", "~/.aws-sso-admin.token"),
        };
        format!(
            "Make a token, and run the command again: aws-sso ecs token create {flag} --file {file} && \
             export AWS_SSO_ECS_TOKEN_FILE={file}"
        )
    }
}

/// Whether a refusal is about the token, or about a missing one.
pub(super) fn is_about_token(reason: Option<Reason>) -> bool {
    use Reason::{
        ExpiredToken, LoadToken, OtherSlots, ReadToken, RevokedToken, SourceNotAllowed,
        TokenRequired, UnknownOwner, UnknownToken,
    };
    matches!(
        reason,
        Some(
            TokenRequired
                | UnknownOwner
                | UnknownToken
                | ExpiredToken
                | RevokedToken
                | OtherSlots
                | ReadToken
                | LoadToken
                | SourceNotAllowed
        )
    )
}
