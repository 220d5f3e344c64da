//! Closing and opening an item with age (<https://c2sp.org/age>). No files, no keyrings.

use std::io::{self, Read};
use std::iter;

use age::{DecryptError, Decryptor, scrypt, x25519};
use zeroize::Zeroizing;

use super::passphrase::Passphrase;

/// What closes and opens an item.
pub(super) enum Seal {
    /// The key that a keyring holds.
    Key(x25519::Identity),
    /// What a person knows.
    Passphrase(Passphrase),
    /// Nothing.
    None,
}

/// Why an item doesn't open.
#[derive(Debug)]
pub(super) enum Refused {
    /// It is whole as far as can be seen, and this doesn't open it.
    WrongKey,
    /// It is not what was saved.
    Damaged(&'static str),
}

impl Seal {
    pub(super) fn close(&self, item: &[u8]) -> io::Result<Zeroizing<Vec<u8>>> {
        let sealed = match self {
            Self::Key(key) => age::encrypt(&key.to_public(), item),
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.for_age());
                recipient.set_work_factor(WORK_FACTOR);
                age::encrypt(&recipient, item)
            }
            Self::None => return Ok(Zeroizing::new(item.to_vec())),
        };
        sealed.map(Zeroizing::new).map_err(io::Error::other)
    }

    pub(super) fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
        match self {
            Self::Key(key) => open(key, sealed),
            Self::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(passphrase.for_age());
                identity.set_max_work_factor(MOST_WORK);
                open(&identity, sealed)
            }
            Self::None => Ok(Zeroizing::new(sealed.to_vec())),
        }
    }
}

fn open(identity: &dyn age::Identity, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let decryptor = Decryptor::new_buffered(sealed)
        .map_err(|_| Refused::Damaged("its start is cut off or changed"))?;
    let mut reader = decryptor.decrypt(iter::once(identity)).map_err(|error| match error {
        DecryptError::NoMatchingKeys
        | DecryptError::DecryptionFailed
        | DecryptError::KeyDecryptionFailed => Refused::WrongKey,
        DecryptError::ExcessiveWork { .. } => {
            Refused::Damaged("its passphrase asks for more work than aws-sso ever does")
        }
        _ => Refused::Damaged("its start is cut off or changed"),
    })?;
    // An item is shorter than its envelope: with this room, no copy is left behind by growing.
    let mut item = Zeroizing::new(Vec::with_capacity(sealed.len()));
    match reader.read_to_end(&mut item) {
        Ok(_) => Ok(item),
        Err(_) => Err(Refused::Damaged("it is cut off or changed")),
    }
}

/// The work that guessing a passphrase takes, as the power of two of scrypt's N: 128 MiB and about a second a guess.
/// Tests, whose builds are slow, do with less.
const WORK_FACTOR: u8 = if cfg!(test) { 4 } else { 17 };

/// A file could ask for hours and gigabytes. This is 1 GiB and about ten seconds.
const MOST_WORK: u8 = 20;

#[cfg(test)]
mod tests {
    use age::secrecy::SecretString;

    use super::*;

    fn passphrase() -> Seal {
        Seal::Passphrase(Passphrase::parse("CANARY".to_owned()).unwrap())
    }

    #[test]
    fn what_is_closed_opens_again() {
        for seal in [Seal::Key(x25519::Identity::generate()), passphrase(), Seal::None] {
            for item in [b"x".to_vec(), vec![7; 200_000]] {
                assert_eq!(*seal.open(&seal.close(&item).unwrap()).unwrap(), item);
            }
        }
    }

    #[test]
    fn a_file_that_asks_for_too_much_work_is_refused_at_once() {
        // A real one would take minutes to make: the header says 21, and nothing is worked out.
        let mut recipient = scrypt::Recipient::new(SecretString::from("CANARY"));
        recipient.set_work_factor(4);
        let sealed = age::encrypt(&recipient, b"x").unwrap();
        let at = sealed.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        let line = sealed[at..].iter().position(|byte| *byte == b'\n').unwrap() + at;
        let heavy = [&sealed[..line - 1], b"21", &sealed[line..]].concat();
        let refused = passphrase().open(&heavy).unwrap_err();
        assert!(matches!(refused, Refused::Damaged(why) if why.contains("more work")));
    }
}
