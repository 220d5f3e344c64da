//! The parsers of hostile bytes, opened to the fuzz targets in fuzz/ and to nothing else.
#![expect(missing_docs, reason = "a fuzz target speaks by panicking")]

use credentials::Timestamp;

use crate::path::{Resource, path_of};
use crate::wire;

pub fn upload(body: &[u8]) {
    // That it comes back is what is asked of it.
    let _ = wire::read_upload(body, Timestamp::UNIX_EPOCH);
}

pub fn path(path: &str, query: Option<&str>) {
    if let Ok(Resource::Slot(slot)) = Resource::parse(path, query) {
        let again = Resource::parse(&path_of(&slot), None);
        assert!(again == Ok(Resource::Slot(slot)), "a slot's own path names another: {path:?}");
    }
}
