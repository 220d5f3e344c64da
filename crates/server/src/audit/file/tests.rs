use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use files::Fault;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn fault(path: &Path) -> Fault {
    let error = LogFile::open(path).unwrap_err();
    let AuditError::Unusable(unusable) = error else { panic!("{error}") };
    unusable.fault
}

#[test]
fn a_log_that_other_users_could_read_or_change_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit");
    symlink("/dev/null", &path).unwrap();
    assert!(matches!(fault(&path), Fault::Link));
    fs::remove_file(&path).unwrap();
    symlink(home.path().join("elsewhere"), &path).unwrap();
    assert!(matches!(fault(&path), Fault::Link), "also a link without a target");
    fs::remove_file(&path).unwrap();
    assert!(matches!(fault(home.path()), Fault::NotAFile));
    assert!(matches!(fault(Path::new("/dev/null")), Fault::NotAFile));
    for open in [0o604, 0o602, 0o640, 0o660] {
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(open)).unwrap();
        assert!(matches!(fault(&path), Fault::OpenToOthers), "{open:o}");
    }
    fs::remove_file(&path).unwrap();
    fs::set_permissions(home.path(), PermissionsExt::from_mode(0o777)).unwrap();
    assert!(matches!(fault(&path), Fault::FolderWritable));
    fs::set_permissions(home.path(), PermissionsExt::from_mode(0o1777)).unwrap();
    LogFile::open(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn a_log_without_a_folder_is_refused() {
    let refused = LogFile::open(Path::new("/nowhere/audit")).unwrap_err();
    assert!(matches!(refused, AuditError::NoFolder(folder) if folder == Path::new("/nowhere")));
}

#[test]
fn only_one_server_writes_a_log_even_after_rotation() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit");
    let mut log = LogFile::open(&path).unwrap();
    assert!(matches!(LogFile::open(&path), Err(AuditError::InUse(_))));
    log.append(b"a\n").unwrap();
    log.rotate().unwrap();
    assert!(matches!(LogFile::open(&path), Err(AuditError::InUse(_))));
    drop(log);
    // A child that another test is starting also holds the lock until it calls exec.
    while LogFile::open(&path).is_err() {
        std::thread::yield_now();
    }
}

#[test]
fn a_large_log_is_rotated_and_five_older_ones_are_kept() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit");
    let mut log = LogFile::open(&path).unwrap();
    log.largest = 10;
    for number in 0..9 {
        log.append(format!("line {number}\n").as_bytes()).unwrap();
    }
    let found: Vec<_> = files(&path).iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let kept: Vec<_> = (3..9).rev().map(|number| format!("line {number}\n")).collect();
    assert_eq!(found, kept);
    for path in files(&path) {
        assert_eq!(mode(&path), 0o600);
    }
    let names = fs::read_dir(home.path()).unwrap().count();
    assert_eq!(names, 7, "six logs and the lock");
}

#[test]
fn a_log_that_cannot_be_rotated_grows() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit");
    fs::write(home.path().join("audit.4"), "").unwrap();
    fs::create_dir_all(home.path().join("audit.5/full")).unwrap();
    let mut log = LogFile::open(&path).unwrap();
    log.largest = 3;
    log.append(b"a\n").unwrap();
    log.append(b"b\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\n");
}

#[test]
fn no_line_is_joined_to_an_incomplete_line_of_an_earlier_server() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit");
    LogFile::open(&path).unwrap().append(b"whole\n{\"hal").unwrap();
    LogFile::open(&path).unwrap().append(b"next\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "whole\n{\"hal\nnext\n");
}

#[test]
fn a_removed_log_is_created_again_and_no_link_is_followed() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit");
    let mut log = LogFile::open(&path).unwrap();
    fs::rename(&path, home.path().join("by-hand")).unwrap();
    log.append(b"a\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "a\n");
    fs::remove_file(&path).unwrap();
    symlink(home.path().join("by-hand"), &path).unwrap();
    let failed = log.append(b"b\n").unwrap_err();
    assert_eq!((failed.written, failed.error.to_string().as_str()), (0, "it is a symbolic link"));
    assert_eq!(fs::read_to_string(home.path().join("by-hand")).unwrap(), "");
    fs::remove_file(&path).unwrap();
    log.append(b"c\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "c\n");
}

#[test]
fn on_a_full_disk_no_incomplete_line_remains() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = fakes::SmallDisk::mount(home.path().join("disk")) else { return };
    let path = disk.path().join("audit");
    let mut log = LogFile::open(&path).unwrap();
    let line = [&[b'x'; 999][..], b"\n"].concat();
    let lines = line.repeat(70); // more than there is room for
    let failed = log.append(&lines).unwrap_err();
    assert_eq!(failed.error.kind(), io::ErrorKind::StorageFull);
    let kept = fs::read(&path).unwrap();
    assert!(failed.written > 0 && failed.written < 70, "{failed:?}");
    assert_eq!(kept, line.repeat(failed.written as usize));
    fs::remove_file(&path).unwrap();
    log.append(b"again\n").unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "again\n");
}
