//! A file that holds an authorization token.

use std::io::Read;
use std::path::Path;

use credentials::Secret;

use crate::error::CommandError;

/// What SDKs send in `Authorization`.
pub(crate) struct AuthorizationToken(Secret);

impl AuthorizationToken {
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Reads the token in a file.
pub(crate) fn read(path: &Path) -> Result<AuthorizationToken, CommandError> {
    let failed = |why: &dyn std::fmt::Display| {
        CommandError::failed(format!("the token file {} cannot be used: {why}", path.display()))
    };
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(|error| failed(&error))?;
    file.take(4096).read_to_string(&mut text).map_err(|error| failed(&error))?;
    let secret = Secret::parse(text).map_err(|invalid| failed(&format!("it {invalid}")))?;
    Ok(AuthorizationToken(secret))
}
