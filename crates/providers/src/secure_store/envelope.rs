//! Closing and opening with age (<https://c2sp.org/age>): an item with a key, a key with a passphrase. Nothing is read or
//! written here.

use std::io::{self, Read};
use std::iter;
use std::path::Path;

use age::{DecryptError, Decryptor, Identity, Recipient};
use files::FileError;
use zeroize::Zeroizing;

use super::error::StoreError;

/// Why an envelope doesn't open.
#[derive(Debug)]
pub(super) enum Refused {
    /// It is whole as far as can be seen, and this doesn't open it.
    WrongKey,
    /// It is not what was saved.
    Damaged(&'static str),
}

/// Closes what will be at the path.
pub(super) fn close(
    recipient: &impl Recipient,
    content: &[u8],
    path: &Path,
) -> Result<Vec<u8>, StoreError> {
    let sealed = age::encrypt(recipient, content);
    sealed.map_err(|error| FileError::unwritable(path, io::Error::other(error)).into())
}

pub(super) fn open(identity: &impl Identity, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let decryptor = Decryptor::new_buffered(sealed)
        .map_err(|_| Refused::Damaged("its start is cut off or changed"))?;
    let mut reader = decryptor.decrypt(iter::once(identity as _)).map_err(|error| match error {
        DecryptError::NoMatchingKeys
        | DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed => Refused::WrongKey,
        DecryptError::ExcessiveWork { .. } => {
            Refused::Damaged("its passphrase asks for more work than aws-sso ever does")
        }
        _ => Refused::Damaged("its start is cut off or changed"),
    })?;
    // The content is shorter than its envelope: with this room, no copy is left behind by growing.
    let mut content = Zeroizing::new(Vec::with_capacity(sealed.len()));
    match reader.read_to_end(&mut content) {
        Ok(_) => Ok(content),
        Err(_) => Err(Refused::Damaged("it is cut off or changed")),
    }
}

#[cfg(test)]
mod tests {
    use age::x25519;

    use super::*;

    #[test]
    fn what_is_closed_opens_again() {
        let key = x25519::Identity::generate();
        for content in [b"x".to_vec(), vec![7; 200_000]] {
            let sealed = close(&key.to_public(), &content, Path::new("")).unwrap();
            assert_eq!(*open(&key, &sealed).unwrap(), content);
        }
    }
}
