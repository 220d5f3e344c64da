//! Sealing and opening with age (<https://c2sp.org/age>): an item with a key, a key with a passphrase. It reads and writes no
//! files.

use std::io::{self, Read};
use std::iter;
use std::path::Path;

use age::{DecryptError, Decryptor, Identity, Recipient};
use files::FileError;
use zeroize::Zeroizing;

use super::error::StoreError;

/// The reason why an envelope does not open.
#[derive(Debug)]
pub(super) enum OpenError {
    /// It seems complete, but this key or passphrase does not open it.
    WrongKey,
    /// It has been changed or cut off.
    Damaged(&'static str),
}

/// Seals the content of the file at `path`.
pub(super) fn seal(
    recipient: &impl Recipient,
    content: &[u8],
    path: &Path,
) -> Result<Vec<u8>, StoreError> {
    let sealed = age::encrypt(recipient, content);
    sealed.map_err(|error| FileError::unwritable(path, io::Error::other(error)).into())
}

pub(super) fn open(
    identity: &impl Identity,
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let decryptor = Decryptor::new_buffered(sealed)
        .map_err(|_| OpenError::Damaged("its start is cut off or changed"))?;
    let mut reader = decryptor.decrypt(iter::once(identity as _)).map_err(|error| match error {
        DecryptError::NoMatchingKeys
        | DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed => OpenError::WrongKey,
        DecryptError::ExcessiveWork { .. } => {
            OpenError::Damaged("opening it takes more work than aws-sso ever asks for")
        }
        DecryptError::InvalidHeader
        | DecryptError::InvalidMac
        | DecryptError::Io(_)
        | DecryptError::UnknownFormat
        | _ => OpenError::Damaged("its start is cut off or changed"),
    })?;
    // The content is shorter than its envelope. A buffer that grows would leave copies of secrets behind.
    let mut content = Zeroizing::new(Vec::with_capacity(sealed.len()));
    match reader.read_to_end(&mut content) {
        Ok(_) => Ok(content),
        Err(_) => Err(OpenError::Damaged("it is cut off or changed")),
    }
}

#[cfg(test)]
mod tests {
    use age::x25519;

    use super::*;

    #[test]
    fn a_sealed_content_can_be_opened() {
        let key = x25519::Identity::generate();
        for content in [b"x".to_vec(), vec![7; 200_000]] {
            let sealed = seal(&key.to_public(), &content, Path::new("")).unwrap();
            assert_eq!(*open(&key, &sealed).unwrap(), content);
        }
    }
}
