//! Tests of modes, owners, links, pipes and locks on a real Unix system.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use credentials::Failure;

use super::*;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn write(path: &Path, bytes: &[u8]) {
    replace(path, bytes, Access::Private, Durability::BestEffort).unwrap();
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// Checks the fault of a private read and the command in its hint.
fn assert_refused(path: &Path, is_it: fn(&Fault) -> bool, command: &str) {
    let error = read_private(path, 8).unwrap_err();
    assert!(is_it(&error.fault), "{error}");
    let failure = Failure::from(error);
    assert!(failure.message.starts_with(&path.display().to_string()), "{failure}");
    assert!(failure.hint.clone().unwrap().contains(command), "{failure:?}");
}

#[test]
fn written_files_are_private() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("new/file");
    write(&path, b"12345678");
    assert_eq!(*read_private(&path, 8).unwrap(), b"12345678");
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    assert!(matches!(read_private(&path, 7).unwrap_err().fault, Fault::TooLarge(7)));
    assert!(matches!(read(&path, 7).unwrap_err().fault, Fault::TooLarge(7)));
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_file_that_other_users_could_read_or_change_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("a file");
    write(&path, b"x");
    let command = format!("chmod 600 '{}'", path.display());
    for open in [0o604, 0o640, 0o602, 0o620, 0o601, 0o666] {
        set_mode(&path, open);
        assert_refused(&path, |fault| matches!(fault, Fault::OpenToOthers), &command);
        assert!(matches!(read_given_key(&path, 8).unwrap_err().fault, Fault::OpenToOthers));
        assert_eq!(read(&path, 8).unwrap(), b"x");
        assert!(check(&path).is_err(), "{open:o}");
    }
    set_mode(&path, 0o400);
    assert!(read_private(&path, 8).is_ok() && check(&path).is_ok());
    assert!(read_private(&home.path().join("none"), 8).unwrap_err().is_missing());
}

#[test]
fn a_link_is_followed_only_for_files_of_a_person() {
    let home = tempfile::tempdir().unwrap();
    let (path, link) = (home.path().join("file"), home.path().join("link"));
    write(&path, b"x");
    symlink(&path, &link).unwrap();
    assert_refused(&link, |fault| matches!(fault, Fault::Link), "ls -l ");
    assert_eq!(read(&link, 8).unwrap(), b"x");
    assert_eq!(*read_given_key(&link, 8).unwrap(), b"x");
    assert!(matches!(check(&link).unwrap_err().fault, Fault::Link));
}

#[test]
fn only_a_plain_file_is_accepted_and_nothing_blocks() {
    let home = tempfile::tempdir().unwrap();
    let pipe = home.path().join("pipe");
    make_pipe(&pipe);
    set_mode(&pipe, 0o600);
    for path in [&pipe, home.path(), Path::new("/dev/null")] {
        assert_refused(path, |fault| matches!(fault, Fault::NotAFile), "ls -ld ");
        for fault in
            [open_to_append(path).unwrap_err().fault, Lock::try_acquire(path).unwrap_err().fault]
        {
            assert!(matches!(fault, Fault::NotAFile), "{}: {fault}", path.display());
        }
        assert!(EditedFile::read(path).is_err());
    }
    for path in [&pipe, home.path()] {
        assert!(matches!(read(path, 8).unwrap_err().fault, Fault::NotAFile));
    }
    assert_eq!(read(Path::new("/dev/null"), 8).unwrap(), b"", "people use it for an empty file");
}

#[test]
fn a_file_of_another_user_is_refused() {
    if !fakes::is_root() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("file");
    write(&path, b"x");
    chown(&path, Some(65534), None).unwrap();
    assert_refused(&path, |fault| matches!(fault, Fault::OtherOwner), "sudo chown ");
    chown(home.path(), Some(65534), None).unwrap();
    for rule in [FolderRule::Own, FolderRule::Safe] {
        let folder = check_folder(home.path(), rule).unwrap_err();
        assert!(matches!(folder.fault, Fault::OtherOwner), "{folder}");
    }
    assert!(matches!(Lock::try_acquire(&path).unwrap_err().fault, Fault::OtherOwner));
    assert!(matches!(check(home.path()).unwrap_err().fault, Fault::OtherOwner));
}

#[test]
fn a_folder_in_which_others_could_replace_our_files_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let rules = [FolderRule::Own, FolderRule::Safe];
    let are_refused = || rules.map(|rule| check_folder(home.path(), rule).is_err());
    for (mode, refused) in [
        (0o755, [false, false]),
        (0o720, [true, true]),
        (0o702, [true, true]),
        (0o1777, [true, false]),
    ] {
        set_mode(home.path(), mode);
        assert_eq!(are_refused(), refused, "{mode:o}");
    }
    set_mode(home.path(), 0o702);
    let locked = Lock::try_acquire(&home.path().join("lock")).unwrap_err();
    assert_eq!(locked.command().unwrap(), format!("chmod go-w {}", home.path().display()));
    let link = home.path().join("link");
    symlink("/", &link).unwrap();
    assert!(matches!(check_folder(&link, FolderRule::Own).unwrap_err().fault, Fault::Link));
    assert!(matches!(
        make_folder(Path::new("/dev/null"), Access::Private).unwrap_err().fault,
        Fault::NotAFolder
    ));
}

#[test]
fn one_process_holds_a_lock_until_it_drops_it() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("new/lock");
    let held = Lock::acquire(&path, Duration::ZERO).unwrap();
    assert!(Lock::try_acquire(&path).unwrap().is_none());
    let error = Lock::acquire(&path, Duration::ZERO).unwrap_err();
    assert!(matches!(error.fault, Fault::Locked), "{error}");
    assert!(error.hint().unwrap().contains("fuser -v /"), "{error:?}");
    drop(held);
    // A child that another test is starting also holds the lock until it calls exec.
    Lock::acquire(&path, Duration::from_secs(10)).unwrap();
    assert_eq!(mode(&path), 0o600);
}

#[test]
fn nothing_is_created_at_the_target_of_a_link() {
    let home = tempfile::tempdir().unwrap();
    let (link, far) = (home.path().join("link"), home.path().join("far"));
    symlink(&far, &link).unwrap();
    assert!(matches!(Lock::try_acquire(&link).unwrap_err().fault, Fault::Link));
    assert!(matches!(open_to_append(&link).unwrap_err().fault, Fault::Link));
    assert!(create(&link, b"x").is_err());
    write(&link, b"x");
    assert!(!far.exists() && !link.is_symlink());
}

#[test]
fn files_of_a_killed_process_are_removed() {
    let home = tempfile::tempdir().unwrap();
    let (path, draft) = (home.path().join("item"), home.path().join("item.new"));
    let lock = Lock::acquire(&home.path().join("lock"), Duration::ZERO).unwrap();
    symlink(home.path().join("far"), &draft).unwrap();
    let replacement = Replacement::start(&path, &lock).unwrap();
    assert_eq!(mode(&draft), 0o600);
    replacement.finish(b"new").unwrap();
    assert_eq!(*read_private(&path, 8).unwrap(), b"new");
    drop(Replacement::start(&path, &lock).unwrap());
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2, "the item and the lock");
}

#[test]
fn a_file_with_commands_can_be_changed_by_its_owner_and_by_root_alone() {
    let home = tempfile::tempdir().unwrap();
    let (path, link) = (home.path().join("config"), home.path().join("link"));
    write(&path, b"x");
    symlink(&path, &link).unwrap();
    for (open, is_fit) in
        [(0o600, true), (0o644, true), (0o444, true), (0o620, false), (0o602, false)]
    {
        set_mode(&path, open);
        assert_eq!(check_writers(&path).is_ok(), is_fit, "{open:o}");
        assert_eq!(check_writers(&link).is_ok(), is_fit, "{open:o}");
    }
    set_mode(&path, 0o600);
    set_mode(home.path(), 0o770);
    let error = check_writers(&path).unwrap_err();
    assert!(matches!(error.fault, Fault::FolderWritable), "{error}");
    set_mode(home.path(), 0o700);
    assert!(check_writers(Path::new("/etc/passwd")).is_ok(), "root's");
    if fakes::needs_root() {
        chown(&path, Some(65534), None).unwrap();
        assert!(matches!(check_writers(&path).unwrap_err().fault, Fault::OtherOwner));
    }
}

#[test]
fn on_a_full_disk_a_file_can_be_overwritten_in_place() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = fakes::SmallDisk::mount(home.path().join("disk")) else { return };
    let path = disk.path().join("file");
    write(&path, b"{\"a\":false}");
    let lock = Lock::acquire(&disk.path().join("lock"), Duration::ZERO).unwrap();
    disk.fill();
    let replace = |bytes| Replacement::start(&path, &lock).and_then(|new| new.finish(bytes));
    assert!(replace(b"{\"a\":true}").unwrap_err().is_disk_full());
    overwrite(&path, b"{\"a\":true}", &lock).unwrap();
    assert_eq!(*read_private(&path, 99).unwrap(), b"{\"a\":true} ");
    assert!(overwrite(&path, &[b'x'; 13], &lock).unwrap_err().is_disk_full());
    assert_eq!(*read_private(&path, 99).unwrap(), b"{\"a\":true} ", "it never grows");
}

#[test]
fn an_unusable_file_is_moved_aside_and_replaces_no_other() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("list");
    assert_eq!(set_aside(&path).unwrap(), None);
    for number in 1..=3 {
        write(&path, &[number]);
        let aside = set_aside(&path).unwrap().unwrap();
        assert_eq!(aside, home.path().join(format!("list.unreadable-{number}")));
        assert_eq!(fs::read(aside).unwrap(), [number]);
    }
    assert!(create(&path, b"a").is_ok() && create(&path, b"b").is_err());
    assert_eq!(fs::read(&path).unwrap(), b"a");
}

#[test]
fn a_change_is_noticed_without_opening_the_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("file");
    let mark = || ChangeMark::of(&path);
    assert_eq!(mark(), None);
    write(&path, b"1");
    let (first, open) = (mark(), open(&path).unwrap());
    assert!(first.is_some() && first == mark() && is_at(&open, &path));
    write(&path, b"2");
    assert!(first != mark() && !is_at(&open, &path));
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    for umask in ["0000", "0077", "0277", "0777"] {
        let home = tempfile::tempdir().unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask $0; exec \"$@\"", umask]).arg(std::env::current_exe().unwrap());
        shell.args(["tests::child_makes_one_of_each", "--exact", "--ignored"]);
        let made = shell.current_dir(home.path()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
        for (path, right) in [
            ("a", 0o700),
            ("a/b", 0o700),
            ("a/b/private", 0o600),
            ("a/b/public", 0o644),
            ("a/b/created", 0o600),
            ("a/b/appended", 0o600),
            ("a/b/lock", 0o600),
            ("a/b/item", 0o600),
            ("man", 0o755),
            ("man/man1", 0o755),
            (".aws", 0o700),
            (".aws/config", 0o600),
        ] {
            assert_eq!(mode(&home.path().join(path)), right, "{path} with umask {umask}");
        }
    }
}

#[test]
#[ignore = "a child of another test"]
fn child_makes_one_of_each() {
    // Not in the folder of this crate, if a person runs all ignored tests there.
    if Path::new("Cargo.toml").exists() {
        return;
    }
    let folder = Path::new("a/b");
    for (name, access) in [("private", Access::Private), ("public", Access::Public)] {
        replace(&folder.join(name), b"x", access, Durability::Synced).unwrap();
    }
    create(&folder.join("created"), b"x").unwrap();
    open_to_append(&folder.join("appended")).unwrap();
    let lock = Lock::acquire(&folder.join("lock"), Duration::ZERO).unwrap();
    Replacement::start(&folder.join("item"), &lock).unwrap().finish(b"x").unwrap();
    make_folder(Path::new("man/man1"), Access::Public).unwrap();
    EditedFile::read(Path::new(".aws/config")).unwrap().replace(b"x").unwrap();
}
