//! Files on disk: opened, checked, replaced and locked here and nowhere else.
//!
//! A file of ours is for our user alone: mode 0600, in a folder with mode 0700, whatever the umask is. It is checked when it
//! is read, on the open file, so that no other file can take its place between the check and the use. It is replaced as a
//! whole. Nothing here waits for the far end of a pipe.
//!
//! Where the system has no such modes (elsewhere than on Unix), the folder's own protection is all there is.
//!
//! This crate knows no path of its own and no format: paths are passed in, and bytes are bytes.
#![expect(clippy::disallowed_methods, reason = "this is where files are opened and written")]

mod access;
mod change_mark;
mod edited_file;
mod error;
mod folder;
mod lock;
mod read;
mod rename;
mod replace;

pub use access::{Access, check, open_to_append};
pub use change_mark::{ChangeMark, FileId, file_id, is_at};
pub use edited_file::EditedFile;
pub use error::{Fault, FileError};
pub use folder::{FolderRule, check_folder, make_folder};
pub use lock::Lock;
pub use read::{open, read, read_given_key, read_private};
pub use rename::{exists, remove, rename, set_aside};
pub use replace::{Durability, Replacement, create, replace};

#[cfg(test)]
#[cfg(unix)]
mod tests;
