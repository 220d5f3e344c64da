//! Who else could read or change a file: looked at on the open file, so that no other can be put in its place between
//! the look and the use.

pub(super) use system::{check_file, make_private_folder, open_folder, open_private};

#[cfg(unix)]
mod system {
    use std::fs::{DirBuilder, File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    use rustix::fs::OFlags;

    use crate::secure_store::error::{Exposure, StoreError};
    use crate::secure_store::file::failed;

    pub(in crate::secure_store) fn make_private_folder(folder: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(folder)
    }

    /// Opens the folder, if it is its owner's alone to write in.
    pub(in crate::secure_store) fn open_folder(folder: &Path) -> Result<Option<File>, StoreError> {
        let mut options = File::options();
        let file = open(options.read(true), folder, OFlags::DIRECTORY)?;
        let metadata = file.metadata().map_err(failed("look at", folder))?;
        let writable = (metadata.mode() & 0o022 != 0).then_some(Exposure::WritableByOthers);
        refuse(folder, not_ours(&metadata).or(writable))?;
        Ok(Some(file))
    }

    /// Opens a file, which if it is made is its owner's alone; never through a symbolic link.
    pub(in crate::secure_store) fn open_private(
        options: &mut OpenOptions,
        path: &Path,
    ) -> Result<File, StoreError> {
        // NONBLOCK: opening a pipe would wait for its other end.
        open(options.mode(0o600), path, OFlags::NONBLOCK)
    }

    /// Refuses what isn't a plain file that its owner alone can open.
    pub(in crate::secure_store) fn check_file(
        file: &File,
        path: &Path,
    ) -> Result<Metadata, StoreError> {
        let metadata = file.metadata().map_err(failed("look at", path))?;
        let exposure = if !metadata.is_file() {
            Some(Exposure::WrongKind)
        } else {
            let open = (metadata.mode() & 0o077 != 0).then_some(Exposure::OpenToOthers);
            not_ours(&metadata).or(open)
        };
        refuse(path, exposure)?;
        Ok(metadata)
    }

    fn open(options: &mut OpenOptions, path: &Path, flags: OFlags) -> Result<File, StoreError> {
        let flags = OFlags::NOFOLLOW | flags;
        options.custom_flags(flags.bits().cast_signed()).open(path).map_err(|error| {
            // For a link in the place of a folder, systems give different errors.
            let reason = match path.symlink_metadata() {
                Ok(metadata) if metadata.is_symlink() => Exposure::Link,
                _ if error.kind() == io::ErrorKind::NotADirectory => Exposure::WrongKind,
                _ => return failed("open", path)(error),
            };
            StoreError::Insecure { path: path.to_owned(), reason }
        })
    }

    fn not_ours(metadata: &Metadata) -> Option<Exposure> {
        let own = rustix::process::geteuid().as_raw();
        (metadata.uid() != own).then_some(Exposure::OwnedByAnother)
    }

    fn refuse(path: &Path, exposure: Option<Exposure>) -> Result<(), StoreError> {
        match exposure {
            Some(reason) => Err(StoreError::Insecure { path: path.to_owned(), reason }),
            None => Ok(()),
        }
    }
}

/// Elsewhere there are no modes: the folder's access list, which it has from the person's profile, is all that keeps
/// others out. Links and wrong kinds are refused, though not on the open file.
#[cfg(not(unix))]
mod system {
    use std::fs::{self, File, Metadata, OpenOptions};
    use std::io;
    use std::path::Path;

    use crate::secure_store::error::{Exposure, StoreError};
    use crate::secure_store::file::failed;

    pub(in crate::secure_store) fn make_private_folder(folder: &Path) -> io::Result<()> {
        fs::create_dir(folder)
    }

    /// Checks the folder; there is nothing to open.
    pub(in crate::secure_store) fn open_folder(folder: &Path) -> Result<Option<File>, StoreError> {
        let metadata = folder.symlink_metadata().map_err(failed("open", folder))?;
        match exposure(&metadata, metadata.is_dir()) {
            Some(reason) => Err(StoreError::Insecure { path: folder.to_owned(), reason }),
            None => Ok(None),
        }
    }

    pub(in crate::secure_store) fn open_private(
        options: &mut OpenOptions,
        path: &Path,
    ) -> Result<File, StoreError> {
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => {
                Err(StoreError::Insecure { path: path.to_owned(), reason: Exposure::Link })
            }
            _ => options.open(path).map_err(failed("open", path)),
        }
    }

    pub(in crate::secure_store) fn check_file(
        file: &File,
        path: &Path,
    ) -> Result<Metadata, StoreError> {
        let metadata = file.metadata().map_err(failed("look at", path))?;
        match exposure(&metadata, metadata.is_file()) {
            Some(reason) => Err(StoreError::Insecure { path: path.to_owned(), reason }),
            None => Ok(metadata),
        }
    }

    fn exposure(metadata: &Metadata, is_right_kind: bool) -> Option<Exposure> {
        let link = metadata.is_symlink().then_some(Exposure::Link);
        link.or((!is_right_kind).then_some(Exposure::WrongKind))
    }
}
