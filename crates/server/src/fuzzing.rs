//! The parsers of hostile bytes, only for the fuzz targets in fuzz/. A fault is a panic.

use credentials::Timestamp;

use crate::path::{Resource, path_of};
use crate::token::{AuthorizationToken, Claims};
use crate::wire;

pub fn token(bytes: &[u8]) {
    if let Some(claims) = Claims::read(bytes) {
        assert_eq!(claims.write(), bytes, "two tokens have the same content");
    }
    if let Ok(text) = str::from_utf8(bytes) {
        // That it comes back is what is asked of it.
        AuthorizationToken::parse(text.to_owned()).map(|token| token.claimed_serial()).ok();
    }
}

pub fn upload(body: &[u8]) {
    // That it comes back is what is asked of it.
    wire::read_upload(body, Timestamp::UNIX_EPOCH).ok();
}

pub fn path(target: &[u8]) {
    let Ok(target) = str::from_utf8(target) else { return };
    let (path, query) =
        target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    if let Ok(Resource::Slot(slot)) = Resource::parse(path, query) {
        let again = Resource::parse(&path_of(&slot), None);
        assert!(
            again.ok() == Some(Resource::Slot(slot)),
            "a slot's own path names another: {target:?}"
        );
    }
}
