//! A small file system, for tests with a full disk.

use std::fs::{File, create_dir_all, remove_file};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of 64 KiB. It is unmounted when it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one in a folder, which is created. Prints a reason and returns `None` where that is not possible.
    pub fn mount(folder: impl Into<PathBuf>) -> Option<Self> {
        if !crate::needs_root() {
            return None;
        }
        let folder = folder.into();
        create_dir_all(&folder).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs"]).arg(&folder);
        let is_mounted = mount.status().is_ok_and(|status| status.success());
        crate::needs(is_mounted, "the right to mount a small disk").then_some(Self { folder })
    }

    /// The folder in which it is mounted.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Fills it to the last byte.
    pub fn fill(&self) {
        let mut filler = File::create(self.folder.join("filler")).unwrap();
        while filler.write_all(&[0; 512]).is_ok() {}
    }

    /// Removes the file that fills it.
    pub fn make_room(&self) {
        remove_file(self.folder.join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.folder).status().ok();
    }
}
