//! Files with one authorization token, in the form that SDKs read: the token and nothing else, readable by the owner
//! alone.

use std::path::Path;

use files::{Fault, FileError};
use server::AuthorizationToken;

use credentials::{Failure, shell_word};

/// Reads the token from a file that no other user can read or write.
pub(crate) fn read(path: &Path) -> Result<AuthorizationToken, Failure> {
    let bytes = files::read_private(path, MAX_BYTES).map_err(refused)?;
    let wrong = |what: &str| {
        Failure::failed(format!("the token file {} {what}", path.display())).with_hint(format!(
            "Write it again: aws-sso ecs token create --default-slot --file {}",
            typed(path)
        ))
    };
    let text = match std::str::from_utf8(&bytes) {
        Ok("") => return Err(wrong("is empty")),
        Ok(text) if text.contains(['\r', '\n']) => {
            return Err(wrong("has a line break, which most SDKs refuse"));
        }
        Ok(text) => text,
        Err(_) => return Err(wrong("is not text")),
    };
    AuthorizationToken::parse(text.to_owned()).map_err(|_| wrong("holds no token of aws-sso"))
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
