//! Files on disk. Only this crate opens, checks, replaces and locks them.
//!
//! Only our user can use our files: they have mode 0600, in a folder with mode 0700, whatever the umask is. The check
//! is on the open file, so that no other file can replace it between the check and the use. A file is replaced as a
//! whole. Nothing here waits for the other end of a pipe.
//!
//! On systems without such modes (not Unix), only the folder protects the files.
//!
//! This crate has no paths of its own and knows no format: paths and bytes are passed in.
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
mod writers;

pub use access::{Access, check, open_to_append, own_uid};
pub use change_mark::{ChangeMark, FileId, file_id, is_at};
pub use edited_file::EditedFile;
pub use error::{Fault, FileError};
pub use folder::{FolderRule, check_folder, make_folder};
pub use lock::Lock;
pub use read::{open, read, read_given_key, read_private};
pub use rename::{exists, remove, rename, set_aside};
pub use replace::{Durability, Replacement, create, overwrite, replace};
pub use writers::check_writers;

#[cfg(test)]
#[cfg(unix)]
mod tests;
