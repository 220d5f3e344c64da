//! Several processes with one item. A child is this test binary, which runs one of the ignored tests in a folder.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{scope, sleep};
use std::time::Duration;

use super::*;

/// A command that runs a child in the folder.
pub(super) fn child(name: &str, folder: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments(name)).current_dir(folder).stdin(Stdio::null());
    command
}

pub(super) fn arguments(name: &str) -> Vec<String> {
    let (_, module) = module_path!().split_once("::").unwrap();
    let module = module.rsplit_once("::").unwrap().0;
    [&format!("{module}::{name}"), "--exact", "--ignored", "--nocapture"].map(String::from).into()
}

/// A child that counts, until it is dropped.
struct Writer(Child);

impl Writer {
    fn start(folder: &Path) -> Self {
        let mut command = child("children::child_counts_until_killed", folder);
        Self(command.stdout(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The folder of this child. `None` when a person runs the ignored tests.
pub(super) fn own_folder() -> Option<PathBuf> {
    let folder = std::env::current_dir().unwrap();
    (!folder.join("Cargo.toml").exists()).then(|| folder.join("store"))
}

fn count_fifty(store: &SecureStore) {
    for _ in 0..50 {
        count_up(store);
    }
}

#[test]
#[ignore = "a child of other tests"]
fn child_counts_to_fifty() {
    let Some(folder) = own_folder() else { return };
    let store = with_passphrase(&folder, "CANARY");
    count_fifty(&store);
}

#[test]
#[ignore = "a child of other tests"]
fn child_counts_until_killed() {
    let Some(folder) = own_folder() else { return };
    let store = with_passphrase(&folder, "CANARY");
    // It ends by itself, as its parent may have been killed.
    (0..1000).for_each(|_| count_fifty(&store));
}

#[test]
#[ignore = "a child of other tests"]
fn child_counts_once() {
    let Some(folder) = own_folder() else { return };
    count_up(&with_passphrase(&folder, "CANARY"));
}

#[test]
fn processes_that_start_together_make_one_key() {
    for _ in 0..5 {
        let home = tempfile::tempdir().unwrap();
        let mut children = [(); 4].map(|()| {
            let mut command = child("children::child_counts_once", home.path());
            command.stdout(Stdio::null()).spawn().unwrap()
        });
        // A child with another key would have failed.
        for child in &mut children {
            assert!(child.wait().unwrap().success());
        }
        let store = with_passphrase(&home.path().join("store"), "CANARY");
        assert_eq!(counted(&store.read().unwrap().unwrap()), 4);
    }
}

#[test]
fn a_process_killed_at_its_start_does_not_block_others() {
    for round in 0..20 {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("store");
        let mut writer = Writer::start(home.path());
        while !folder.exists() {
            assert!(writer.0.try_wait().unwrap().is_none(), "the writer ended by itself");
        }
        // As below. The key is made before the first item.
        sleep(Duration::from_micros(300 * round));
        drop(writer);
        let store = with_passphrase(&folder, "CANARY");
        let left = store.read().unwrap().map_or(0, |item| counted(&item));
        assert_eq!(count_up(&store), left + 1);
    }
}

#[test]
fn two_processes_and_two_threads_lose_no_update() {
    let home = tempfile::tempdir().unwrap();
    let mut children: Vec<_> = (0..2)
        .map(|_| {
            let mut command = child("children::child_counts_to_fifty", home.path());
            command.stdout(Stdio::null()).spawn().unwrap()
        })
        .collect();
    let store = with_passphrase(&home.path().join("store"), "CANARY");
    scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| count_fifty(&store));
        }
    });
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(counted(&store.read().unwrap().unwrap()), 200);
}

#[test]
fn readers_never_wait_and_never_see_half_an_item() {
    let home = tempfile::tempdir().unwrap();
    let _writer = Writer::start(home.path());
    let store = with_passphrase(&home.path().join("store"), "CANARY");
    let mut last = 0;
    while last < 100 {
        if let Some(item) = store.read().unwrap() {
            let now = counted(&item);
            assert!(now >= last);
            last = now;
        }
    }
}

#[test]
fn a_process_killed_while_it_saves_leaves_a_readable_item_and_no_lock() {
    let home = tempfile::tempdir().unwrap();
    let store = with_passphrase(&home.path().join("store"), "CANARY");
    let mut reached = count_up(&store);
    for round in 0..20 {
        let mut writer = Writer::start(home.path());
        while counted(&store.read().unwrap().unwrap()) == reached {
            assert!(writer.0.try_wait().unwrap().is_none(), "the writer ended by itself");
        }
        // Each round stops the writer at another point of its work, which takes a few milliseconds.
        sleep(Duration::from_micros(700 * round));
        drop(writer);
        let left = counted(&store.read().unwrap().unwrap());
        reached = count_up(&store);
        assert_eq!(reached, left + 1);
    }
}
