//! The real keyrings of Linux, each in a session of its own. The tests remove their keys again.
#![cfg(target_os = "linux")]

use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::thread;

use fakes::{needs, needs_program};

use super::children::{arguments, child, own_folder};
use super::*;

/// The output of the child, checked: the child ran and succeeded.
fn ran(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert!(!text.contains("CANARY"), "{text}");
    text
}

/// The child with a bus and a Secret Service of its own.
fn with_secret_service(home: &Path, start: &str, name: &str) -> Command {
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c", start]).arg(std::env::current_exe().unwrap());
    command.args(arguments(name)).current_dir(home);
    for variable in ["HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME"] {
        command.env(variable, home);
    }
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command
}

/// The life of a key in this keyring.
fn live_with(protection: Protection, folder: &Path) {
    let wanted = Some(protection);
    let store = SecureStore::open(folder, &corp(), wanted, None).unwrap();
    save(&store, b"CANARY item").unwrap();
    let again = SecureStore::open(folder, &corp(), None, None).unwrap();
    assert_eq!(again.protection(), protection);
    assert_eq!(*again.read().unwrap().unwrap(), b"CANARY item");
    assert!(!fs::read(again.path()).unwrap().windows(6).any(|bytes| bytes == b"CANARY"));

    // A second home folder of the same person has another key, which does not open an item of the first.
    let other_folder = folder.with_file_name("other");
    let other = SecureStore::open(&other_folder, &corp(), wanted, None).unwrap();
    save(&other, b"x").unwrap();
    fs::copy(store.path(), other.path()).unwrap();
    let other = SecureStore::open(&other_folder, &corp(), wanted, None).unwrap();
    assert!(matches!(discreet(other.read()), StoreError::KeyMissing { .. }));

    // Without its key, an item is not overwritten. It can be set aside.
    let gone_folder = folder.with_file_name("gone");
    files::make_folder(&gone_folder, Access::Private).unwrap();
    let gone = SecureStore::open(&gone_folder, &corp(), wanted, None).unwrap();
    fs::copy(store.path(), gone.path()).unwrap();
    assert!(matches!(discreet(gone.read()), StoreError::KeyMissing { .. }));
    assert!(matches!(discreet(save(&gone, b"x")), StoreError::KeyMissing { .. }));
    assert_eq!(fs::read(gone.path()).unwrap(), fs::read(store.path()).unwrap());
    gone.set_aside().unwrap().unwrap();
    save(&gone, b"again").unwrap();
    assert_eq!(*gone.read().unwrap().unwrap(), b"again");

    // The key is used again for a new item, also by a process that has cached it.
    again.set_aside().unwrap().unwrap();
    save(&again, b"next").unwrap();
    assert_eq!(*store.read().unwrap().unwrap(), b"next");

    // The kernel would keep the keys for days, and allows 200 per user.
    for store in [store, other, gone] {
        let name = store.key_name().unwrap();
        keyring::remove(protection, name.clone()).unwrap();
        assert!(keyring::find(protection, name, keyring::ANSWER_TIMEOUT).unwrap().is_none());
    }
}

#[test]
#[ignore = "a child of other tests"]
fn child_lives_with_secret_service() {
    let Some(folder) = own_folder() else { return };
    live_with(Protection::SecretService, &folder);
    let other = InstanceName::parse("other").unwrap();
    let chosen = SecureStore::open(&folder, &other, None, None).unwrap();
    assert_eq!(chosen.protection(), Protection::SecretService, "it works, so it is chosen");
}

#[test]
#[ignore = "a child of other tests"]
fn child_lives_with_kernel_keyring() {
    let Some(folder) = own_folder() else { return };
    match keyring::find(Protection::KernelKeyring, "nothing".to_owned(), keyring::ANSWER_TIMEOUT) {
        Ok(_) => live_with(Protection::KernelKeyring, &folder),
        Err(error) => println!("not allowed: {error}"),
    }
}

#[test]
#[ignore = "a child of other tests"]
fn child_keeps_an_item_with_secret_service() {
    let Some(folder) = own_folder() else { return };
    let wanted = Some(Protection::SecretService);
    save(&SecureStore::open(&folder, &corp(), wanted, None).unwrap(), b"CANARY item").unwrap();
}

#[test]
#[ignore = "a child of other tests"]
fn child_finds_no_secret_service() {
    let Some(folder) = own_folder() else { return };
    let other = InstanceName::parse("other").unwrap();
    let chosen = SecureStore::open(&folder, &other, None, None).unwrap();
    assert_ne!(chosen.protection(), Protection::SecretService);
    let wanted = Some(Protection::SecretService);
    let store = SecureStore::open(&folder, &corp(), wanted, None).unwrap();
    if !store.path().exists() {
        save(&plain(&folder), b"CANARY item").unwrap();
        fs::rename(plain(&folder).path(), store.path()).unwrap();
    }
    let before = fs::read(store.path()).unwrap();
    let error = discreet(store.update(never));
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error}");
    assert_eq!(fs::read(store.path()).unwrap(), before);
    println!("{error}");
}

#[test]
fn a_key_lives_in_the_secret_service() {
    if !needs_program("dbus-run-session") || !needs_program("gnome-keyring-daemon") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let start = "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec \"$0\" \"$@\"";
    let name = "keyrings::child_lives_with_secret_service";
    ran(&with_secret_service(home.path(), start, name).output().unwrap());
}

#[test]
fn there_is_a_time_limit_for_a_locked_secret_service() {
    if !needs_program("dbus-run-session") || !needs_program("gnome-keyring-daemon") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    // One daemon makes the keyring with a passphrase and a key. The next daemon does not get the passphrase.
    let keep = arguments("keyrings::child_keeps_an_item_with_secret_service").join(" ");
    let start = format!(
        "printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null && \"$0\" {keep} && \
         gnome-keyring-daemon --replace --components=secrets >/dev/null && exec \"$0\" \"$@\""
    );
    let name = "keyrings::child_finds_no_secret_service";
    ran(&with_secret_service(home.path(), &start, name).output().unwrap());
}

#[test]
fn a_key_lives_in_the_kernel() {
    if !needs_program("keyctl") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new("keyctl");
    command.args(["session", "-"]).arg(std::env::current_exe().unwrap());
    command.args(arguments("keyrings::child_lives_with_kernel_keyring")).current_dir(home.path());
    let said = ran(&command.output().unwrap());
    needs(!said.contains("not allowed"), "the right to use the keyring of the kernel");
}

#[test]
fn without_a_bus_another_protection_is_chosen() {
    let home = tempfile::tempdir().unwrap();
    let mut command = child("keyrings::child_finds_no_secret_service", home.path());
    command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus");
    ran(&command.output().unwrap());
}

#[test]
fn there_is_a_time_limit_for_a_silent_bus() {
    let home = tempfile::tempdir().unwrap();
    let socket: PathBuf = home.path().join("bus");
    let bus = UnixListener::bind(&socket).unwrap();
    // It accepts connections and never answers.
    thread::spawn(move || {
        let mut silent = Vec::new();
        for connection in bus.incoming() {
            silent.push(connection);
        }
    });
    let mut command = child("keyrings::child_finds_no_secret_service", home.path());
    command.env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()));
    let said = ran(&command.output().unwrap());
    let seconds = keyring::UNLOCK_TIMEOUT.as_secs();
    assert!(said.contains(&format!("no answer within {seconds} seconds")), "{said}");
}
