//! Who may use a file: the modes of new files, and the check of existing ones.

use std::fs::{File, Metadata, OpenOptions};
use std::path::Path;

use crate::{Fault, FileError};

/// Who may read a file that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only our user: files get the mode 0600, folders 0700.
    Private,
    /// Everyone, for certificates and manual pages: files get the mode 0644, folders 0755.
    Public,
}

/// What a file must be before it is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A plain file, not a link, that belongs to our user and that no other user can open.
    Private,
    /// A plain file that only its owner can open.
    Closed,
    /// A plain file, or a device, because people use /dev/null for an empty file. A device does not block either.
    Any,
}

/// Opens a file that follows the rule. A pipe or a folder is refused without waiting.
pub(crate) fn open(
    options: &mut OpenOptions,
    path: &Path,
    rule: Rule,
) -> Result<(File, Metadata), FileError> {
    let opened = system::open(options, path, rule).and_then(|file| {
        let metadata = file.metadata()?;
        Ok((file, metadata))
    });
    let (file, metadata) = opened.map_err(|error| match path.symlink_metadata() {
        Ok(metadata) if metadata.is_symlink() && rule == Rule::Private => Fault::Link.of(path),
        _ if path.metadata().is_ok_and(|metadata| !metadata.is_file()) => Fault::NotAFile.of(path),
        _ => FileError::unreadable(path, error),
    })?;
    match fault(&metadata, rule) {
        Some(fault) => Err(fault.of(path)),
        None => Ok((file, metadata)),
    }
}

/// Opens a file of ours for reading and appending. Creates it if it does not exist.
///
/// # Errors
/// Other users could read or change it, it is not a plain file, or it cannot be opened.
pub fn open_to_append(path: &Path) -> Result<File, FileError> {
    open_or_make(File::options().read(true).append(true).create(true), path)
}

/// Opens or creates a file of ours, with the right mode whatever the umask is.
pub(crate) fn open_or_make(options: &mut OpenOptions, path: &Path) -> Result<File, FileError> {
    let (file, metadata) = open(options, path, Rule::Private)?;
    if !has_mode(&metadata, 0o400) || !has_mode(&metadata, 0o200) {
        let set = set_file_access(&file, Access::Private);
        set.map_err(|error| FileError::unwritable(path, error))?;
    }
    Ok(file)
}

/// Checks that only our user can use a file or folder, without opening it.
///
/// # Errors
/// It does not exist, or other users can use it.
pub fn check(path: &Path) -> Result<(), FileError> {
    let metadata = path.symlink_metadata().map_err(|error| FileError::unreadable(path, error))?;
    let fault = match metadata.is_dir() {
        true if is_others(&metadata) => Some(Fault::OtherOwner),
        true => has_mode(&metadata, 0o077).then_some(Fault::FolderOpenToOthers),
        false => fault(&metadata, Rule::Private),
    };
    fault.map_or(Ok(()), |fault| Err(fault.of(path)))
}

fn fault(metadata: &Metadata, rule: Rule) -> Option<Fault> {
    let is_right_kind = metadata.is_file() || (rule == Rule::Any && is_device(metadata));
    if metadata.is_symlink() {
        Some(Fault::Link)
    } else if !is_right_kind {
        Some(Fault::NotAFile)
    } else if rule == Rule::Private && is_others(metadata) {
        Some(Fault::OtherOwner)
    } else if rule != Rule::Any && has_mode(metadata, 0o077) {
        Some(Fault::OpenToOthers)
    } else {
        None
    }
}

use system::is_device;
pub use system::own_uid;
pub(crate) use system::{has_mode, is_others, is_roots, set_file_access, set_folder_access};

#[cfg(unix)]
mod system {
    use std::fs::{self, File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{
        FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
    };
    use std::path::Path;
    use std::sync::LazyLock;

    use rustix::fs::OFlags;

    use super::{Access, Rule};

    pub(super) fn open(options: &mut OpenOptions, path: &Path, rule: Rule) -> io::Result<File> {
        let follow = match rule {
            Rule::Private => OFlags::NOFOLLOW,
            Rule::Closed | Rule::Any => OFlags::empty(),
        };
        // NONBLOCK, because opening a pipe would wait for its other end.
        let flags = (OFlags::NONBLOCK | follow).bits().cast_signed();
        options.mode(0o600).custom_flags(flags).open(path)
    }

    pub(super) fn is_device(metadata: &Metadata) -> bool {
        metadata.file_type().is_char_device()
    }

    pub(crate) fn is_others(metadata: &Metadata) -> bool {
        Some(metadata.uid()) != own_uid()
    }

    /// The user id of this process. `None`: other users have the same one, as it appears here.
    ///
    /// In a user namespace (user_namespaces(7)), all users outside of it have the overflow uid. If it is ours as well, neither
    /// the owner of a file nor the owner of a connection tells our user from others.
    pub fn own_uid() -> Option<u32> {
        static IS_SHARED: LazyLock<bool> = LazyLock::new(|| {
            let is_overflow = read("/proc/sys/kernel/overflowuid") == own().to_string();
            let identity = ["0", "0", "4294967295"];
            is_overflow && !read("/proc/self/uid_map").split_whitespace().eq(identity)
        });
        let own = own();
        (!*IS_SHARED).then_some(own)
    }

    fn own() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    /// The content of a file of the kernel. Empty if it does not exist: another system has no user namespaces.
    fn read(path: &str) -> String {
        fs::read_to_string(path).unwrap_or_default().trim().to_owned()
    }

    /// Whether root owns it, who can do everything anyway.
    pub(crate) fn is_roots(metadata: &Metadata) -> bool {
        metadata.uid() == 0
    }

    /// Whether the mode has any of these bits.
    pub(crate) fn has_mode(metadata: &Metadata, bits: u32) -> bool {
        metadata.mode() & bits != 0
    }

    /// Sets the mode of a new file, because the umask may have removed bits.
    pub(crate) fn set_file_access(file: &File, access: Access) -> io::Result<()> {
        file.set_permissions(Permissions::from_mode(match access {
            Access::Private => 0o600,
            Access::Public => 0o644,
        }))
    }

    /// Sets the mode of a new folder.
    pub(crate) fn set_folder_access(folder: &Path, access: Access) -> io::Result<()> {
        let mode = match access {
            Access::Private => 0o700,
            Access::Public => 0o755,
        };
        fs::set_permissions(folder, Permissions::from_mode(mode))
    }
}

#[cfg(not(unix))]
mod system {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    use super::{Access, Rule};

    pub(super) fn open(options: &mut OpenOptions, path: &Path, rule: Rule) -> io::Result<File> {
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() && rule == Rule::Private => {
                Err(io::ErrorKind::PermissionDenied.into())
            }
            _ => options.open(path),
        }
    }

    pub(super) fn is_device(_: &Metadata) -> bool {
        false
    }

    pub(crate) fn is_others(_: &Metadata) -> bool {
        false
    }

    /// There are no user ids.
    pub fn own_uid() -> Option<u32> {
        None
    }

    pub(crate) fn is_roots(_: &Metadata) -> bool {
        false
    }

    pub(crate) fn has_mode(_: &Metadata, _: u32) -> bool {
        false
    }

    pub(crate) fn set_file_access(_: &File, _: Access) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn set_folder_access(_: &Path, _: Access) -> io::Result<()> {
        Ok(())
    }
}
