//! Files with one authorization token, in the form that SDKs read: the token and nothing else, readable by the owner
//! alone.

use std::path::{Path, PathBuf};

use files::{Fault, FileError};
use hyper::header::HeaderValue;
use server::AuthorizationToken;
use zeroize::Zeroizing;

use credentials::{Failure, Secret, shell_word};

/// A token that the client can send.
pub(crate) enum Token {
    /// One that `aws-sso ecs token create` made.
    Ours(AuthorizationToken),
    /// The bearer token of a server that is not ours, such as that of aws-sso-cli, without its `Bearer`.
    Other(Secret, PathBuf),
}

impl Token {
    /// The token, if it is one of ours. Only our server can prove that it knows it.
    pub(crate) fn ours(&self) -> Option<&AuthorizationToken> {
        match self {
            Self::Ours(token) => Some(token),
            Self::Other(..) => None,
        }
    }

    /// The value of `Authorization` for a server. `None`: it gets none, because no token of ours means anything to another
    /// server, and that of aws-sso-cli refuses every token if it has none itself.
    pub(crate) fn header(&self, is_ours: bool) -> Result<Option<HeaderValue>, Failure> {
        let value = match (self, is_ours) {
            (Self::Ours(token), true) => HeaderValue::from_str(token.expose()),
            (Self::Ours(_), false) => return Ok(None),
            (Self::Other(token, _), false) => {
                let text = Zeroizing::new(format!("Bearer {}", token.expose()));
                HeaderValue::from_str(&text)
            }
            (Self::Other(_, path), true) => return Err(wrong(path, "holds no token of aws-sso")),
        };
        let mut value = value.map_err(Failure::failed)?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// Reads a token of ours from a file that no other user can read or write.
pub(crate) fn read(path: &Path) -> Result<AuthorizationToken, Failure> {
    match read_any(path)? {
        Token::Ours(token) => Ok(token),
        Token::Other(..) => Err(wrong(path, "holds no token of aws-sso")),
    }
}

/// Reads a token from a file that no other user can read or write.
pub(crate) fn read_any(path: &Path) -> Result<Token, Failure> {
    let bytes = files::read_private(path, MAX_BYTES).map_err(refused)?;
    let wrong = |what: &str| wrong(path, what);
    let text = match std::str::from_utf8(&bytes) {
        Ok("") => return Err(wrong("is empty")),
        Ok(text) if text.contains(['\r', '\n']) => {
            return Err(wrong("has a line break, which most SDKs refuse"));
        }
        Ok(text) => text,
        Err(_) => return Err(wrong("is not text")),
    };
    if let Ok(token) = AuthorizationToken::parse(text.to_owned()) {
        return Ok(Token::Ours(token));
    }
    let bearer = text.strip_prefix("Bearer ").unwrap_or(text);
    let is_broken = bearer.starts_with(AuthorizationToken::PREFIX);
    match Secret::parse(bearer.to_owned()) {
        Ok(token) if !is_broken => Ok(Token::Other(token, path.to_owned())),
        Ok(_) | Err(_) => Err(wrong("holds no token of aws-sso")),
    }
}

fn wrong(path: &Path, what: &str) -> Failure {
    Failure::failed(format!("the token file {} {what}", path.display())).with_hint(format!(
        "Write it again: aws-sso ecs token create --default-slot --file {}",
        typed(path)
    ))
}

fn refused(error: FileError) -> Failure {
    let path = typed(&error.path);
    let hint = match &error.fault {
        Fault::OpenToOthers => format!(
            "Other users may have read it. Create another token with aws-sso ecs token create --default-slot --file \
             {path}, and revoke this one"
        ),
        Fault::Link => {
            "Use the path of the file itself, not of a link: a link can change".to_owned()
        }
        _ if error.is_missing() => {
            format!("Create it: aws-sso ecs token create --default-slot --file {path}")
        }
        Fault::Unreadable(_)
        | Fault::Unwritable(_)
        | Fault::Unremovable(_)
        | Fault::NotAFile
        | Fault::NotAFolder
        | Fault::Writable
        | Fault::OtherOwner
        | Fault::FolderOpenToOthers
        | Fault::FolderWritable
        | Fault::TooLarge(_)
        | Fault::Locked
        | Fault::Changed => format!("Use a file that aws-sso ecs token create wrote, not {path}"),
    };
    Failure::failed(format!("the token file {error}")).with_hint(hint)
}

fn typed(path: &Path) -> String {
    shell_word(&path.display().to_string()).into_owned()
}

const MAX_BYTES: u64 = AuthorizationToken::MAX_LENGTH as u64;
