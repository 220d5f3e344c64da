//! Full disks, links, modes and owners on a real Unix system.
#![cfg(unix)]

use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::process::Command;

use fakes::SmallDisk;
use files::Fault;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Reading and writing are refused for this reason.
fn assert_insecure(store: &SecureStore, is_it: fn(&Fault) -> bool, hint: &str) {
    for error in [discreet(store.read()), discreet(save(store, b"new"))] {
        assert!(matches!(&error, StoreError::File(error) if is_it(&error.fault)), "{error}");
        assert!(error.hint().unwrap().starts_with(hint), "{error:?}");
    }
}

#[test]
fn folder_and_files_are_private_to_their_owner() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("store");
    save(&plain(&folder), b"x").unwrap();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("corp.json")), 0o600);
    assert_eq!(mode(&folder.join("corp.lock")), 0o600);
}

#[test]
fn exposed_files_are_refused_with_the_command_that_closes_them() {
    let home = tempfile::tempdir().unwrap();
    let store = plain(home.path());
    save(&store, b"CANARY").unwrap();
    for exposed in [0o640, 0o604, 0o620, 0o601] {
        set_mode(store.path(), exposed);
        assert_insecure(
            &store,
            |fault| matches!(fault, Fault::OpenToOthers),
            "Close it to other users: chmod 600 /",
        );
    }
    set_mode(store.path(), 0o600);
    for exposed in [0o720, 0o702] {
        set_mode(home.path(), exposed);
        assert_insecure(
            &store,
            |fault| matches!(fault, Fault::FolderWritable),
            "Close it to other users: chmod go-w /",
        );
    }
    set_mode(home.path(), 0o755);
    assert_eq!(*store.read().unwrap().unwrap(), b"CANARY");
    set_mode(&home.path().join("corp.lock"), 0o644);
    assert!(matches!(discreet(save(&store, b"x")), StoreError::File(_)));
}

#[test]
fn links_are_not_followed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("store");
    save(&plain(&folder), b"CANARY").unwrap();

    let link = home.path().join("link");
    symlink(&folder, &link).unwrap();
    assert_insecure(
        &plain(&link),
        |fault| matches!(fault, Fault::Link),
        "Show its target: ls -l /",
    );
    assert_insecure(
        &plain(&link.join("")),
        |fault| matches!(fault, Fault::Link),
        "Show its target: ls -l /",
    );

    let store = plain(&folder);
    fs::rename(store.path(), home.path().join("elsewhere")).unwrap();
    symlink(home.path().join("elsewhere"), store.path()).unwrap();
    assert_insecure(&store, |fault| matches!(fault, Fault::Link), "Show its target: ls -l /");
    assert_eq!(fs::read(home.path().join("elsewhere")).unwrap(), b"CANARY");

    // The link itself is set aside, not its target.
    assert!(store.set_aside().unwrap().unwrap().is_symlink());
    symlink(home.path().join("elsewhere"), folder.join("corp.json.new")).unwrap();
    save(&store, b"new").unwrap();
    assert_eq!(fs::read(home.path().join("elsewhere")).unwrap(), b"CANARY");
    assert!(!store.path().is_symlink());
}

#[test]
fn other_kinds_of_files_are_refused_without_waiting() {
    let home = tempfile::tempdir().unwrap();
    let store = plain(home.path());
    fs::create_dir(store.path()).unwrap();
    assert_insecure(&store, |fault| matches!(fault, Fault::NotAFile), "Show what it is");
    fs::remove_dir(store.path()).unwrap();
    // Opening a pipe without a writer would hang.
    assert!(Command::new("mkfifo").arg(store.path()).status().unwrap().success());
    assert_insecure(&store, |fault| matches!(fault, Fault::NotAFile), "Show what it is");
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    discreet(plain(&file).read());
}

#[test]
fn files_of_another_user_are_refused() {
    if !fakes::needs_root() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let store = plain(home.path());
    save(&store, b"CANARY").unwrap();
    chown(store.path(), Some(65534), None).unwrap();
    assert_insecure(
        &store,
        |fault| matches!(fault, Fault::OtherOwner),
        "If it is yours, become its owner: sudo chown",
    );
    chown(store.path(), Some(0), None).unwrap();
    chown(home.path(), Some(65534), None).unwrap();
    assert_insecure(
        &store,
        |fault| matches!(fault, Fault::OtherOwner),
        "If it is yours, become its owner: sudo chown",
    );
}

#[test]
fn a_full_disk_leaves_the_old_item_unchanged() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(home.path().join("disk")) else { return };
    let store = with_passphrase(disk.path(), "CANARY");
    save(&store, &[b'a'; 20_000]).unwrap();
    for _ in 0..3 {
        let error = discreet(save(&store, &[b'b'; 60_000]));
        assert!(error.to_string().contains("No space left on device"), "{error}");
        assert!(error.hint().unwrap().contains("Free some disk space"), "{error:?}");
        assert_eq!(*store.read().unwrap().unwrap(), [b'a'; 20_000]);
    }
    save(&store, &[b'c'; 20_000]).unwrap();
    assert_eq!(*store.read().unwrap().unwrap(), [b'c'; 20_000]);
}
