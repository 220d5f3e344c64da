//! Tests that hold for every protection. Those about the system are in the modules below.
#![expect(clippy::print_stdout, reason = "a child tells its parent")]

mod children;
mod keyrings;
mod system;

use std::fs;
use std::path::Path;

use zeroize::Zeroizing;

use credentials::InstanceName;

use super::*;

fn corp() -> InstanceName {
    InstanceName::parse("Corp").unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::parse(text.to_owned()).unwrap()
}

fn with_passphrase(folder: &Path, text: &str) -> SecureStore {
    SecureStore::open(folder, &corp(), None, Some(passphrase(text))).unwrap()
}

fn plain(folder: &Path) -> SecureStore {
    SecureStore::open(folder, &corp(), Some(Protection::Plain), None).unwrap()
}

fn save(store: &SecureStore, item: &[u8]) -> Result<(), StoreError> {
    store.update(|_| Ok((Zeroizing::new(item.to_vec()), ())))
}

/// A change that must not be called.
fn never(_: Option<&[u8]>) -> Result<(Zeroizing<Vec<u8>>, ()), StoreError> {
    panic!("the change must not be called")
}

fn assert_names_key(error: &StoreError, store: &SecureStore) {
    let is_it = matches!(error, StoreError::WrongPassphrase { path } if *path == store.key_path());
    assert!(is_it, "{error}");
}

/// The error, checked: it and its hint hold no secret and are one line each.
fn discreet<T>(result: Result<T, StoreError>) -> StoreError {
    let Err(error) = result else { panic!("it should have failed") };
    for text in [error.to_string(), format!("{error:?}"), error.hint().unwrap_or_default()] {
        assert!(!text.contains("CANARY") && !text.contains("AGE-SECRET"), "{text}");
        assert!(!text.contains('\n'), "{text}");
    }
    error
}

/// Counts up. The item repeats the number, and is long enough that a torn one would show.
fn count_up(store: &SecureStore) -> u64 {
    let counted = store.update(|item| {
        let next = item.map_or(0, counted) + 1;
        Ok::<_, StoreError>((Zeroizing::new(format!("{next:019} ").repeat(500).into_bytes()), next))
    });
    counted.unwrap()
}

fn counted(item: &[u8]) -> u64 {
    assert_eq!(item.len(), 10_000);
    let first = &item[..20];
    assert!(item.chunks(20).all(|chunk| chunk == first), "an item is torn");
    std::str::from_utf8(first).unwrap().trim_end().parse().unwrap()
}

#[test]
fn an_item_is_saved_and_read() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("not/yet/there");
    let store = with_passphrase(&folder, "CANARY pass");
    assert!(store.read().unwrap().is_none());
    assert!(!folder.exists(), "reading creates nothing");
    save(&store, b"CANARY item").unwrap();
    assert_eq!(store.path(), folder.join("corp.file"));
    assert!(!fs::read(store.path()).unwrap().windows(6).any(|bytes| bytes == b"CANARY"));

    let again = with_passphrase(&folder, "CANARY pass");
    assert_eq!(*again.read().unwrap().unwrap(), b"CANARY item");
    let before = again.update(|item| {
        let before = item.unwrap().to_vec();
        Ok::<_, StoreError>((Zeroizing::new(b"CANARY next".to_vec()), before))
    });
    assert_eq!(before.unwrap(), b"CANARY item");
    assert_eq!(*store.read().unwrap().unwrap(), b"CANARY next");
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["corp.file", "corp.key", "corp.lock", "corp.opening.lock"]);
}

#[test]
fn a_failed_change_leaves_the_item_unchanged() {
    let home = tempfile::tempdir().unwrap();
    let store = plain(home.path());
    save(&store, b"old").unwrap();
    let failed: Result<(), StoreError> =
        store.update(|_| Err(StoreError::PassphraseNeeded { new: true }));
    discreet(failed);
    for item in [&b""[..], &vec![0; ITEM_LIMIT + 1]] {
        assert!(matches!(discreet(save(&store, item)), StoreError::Size { .. }));
    }
    assert_eq!(*store.read().unwrap().unwrap(), b"old");
    save(&store, &vec![1; ITEM_LIMIT]).unwrap();
    assert_eq!(store.read().unwrap().unwrap().len(), ITEM_LIMIT);
    assert!(!home.path().join("corp.json.new").exists());
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    save(&with_passphrase(home.path(), "CANARY right"), b"CANARY item").unwrap();
    let files = || ["corp.file", "corp.key"].map(|name| fs::read(home.path().join(name)).unwrap());
    let before = files();

    let wrong = with_passphrase(home.path(), "CANARY wrong");
    assert_names_key(&discreet(wrong.read()), &wrong);
    assert_names_key(&discreet(wrong.update(never)), &wrong);

    let none = SecureStore::open(home.path(), &corp(), None, None).unwrap();
    assert_eq!(
        none.protection(),
        Protection::Passphrase,
        "the protection of the item, without a call to a keyring"
    );
    assert!(matches!(discreet(none.read()), StoreError::PassphraseNeeded { new: false }));
    assert!(matches!(discreet(save(&none, b"x")), StoreError::PassphraseNeeded { new: false }));
    assert_eq!(files(), before);

    // A key without an item is not replaced. The right passphrase uses it again.
    let aside = wrong.set_aside().unwrap().unwrap();
    assert_names_key(&discreet(wrong.update(never)), &wrong);
    save(&with_passphrase(home.path(), "CANARY right"), b"next").unwrap();
    let [_, key] = files();
    assert_eq!(key, before[1]);
    fs::rename(aside, home.path().join("corp.file")).unwrap();
    let right = with_passphrase(home.path(), "CANARY right");
    assert_eq!(*right.read().unwrap().unwrap(), b"CANARY item", "the key opens the renamed item");
}

#[test]
fn without_a_passphrase_no_item_is_made() {
    let home = tempfile::tempdir().unwrap();
    let wanted = Some(Protection::Passphrase);
    let store = SecureStore::open(home.path(), &corp(), wanted, None).unwrap();
    let updated = discreet(store.update(never));
    assert!(matches!(updated, StoreError::PassphraseNeeded { new: true }));
    assert!(!store.path().exists() && !store.key_path().exists());
}

#[test]
fn an_item_with_a_lost_key_file_can_be_replaced() {
    let home = tempfile::tempdir().unwrap();
    let used = with_passphrase(home.path(), "CANARY pass");
    save(&used, b"CANARY item").unwrap();
    let path = used.key_path();
    fs::rename(&path, home.path().join("away")).unwrap();
    assert_eq!(*used.read().unwrap().unwrap(), b"CANARY item", "the key is cached");
    save(&used, b"CANARY item").unwrap();

    let wanted = Some(Protection::Passphrase);
    let without = SecureStore::open(home.path(), &corp(), wanted, None).unwrap();
    for store in [&without, &with_passphrase(home.path(), "CANARY pass")] {
        for error in [discreet(store.read()), discreet(store.update(never))] {
            let StoreError::KeyMissing { path, .. } = &error else { panic!("{error}") };
            assert_eq!(path, used.path());
            assert_eq!(error.hint().unwrap(), "Sign in again: aws-sso login");
        }
    }
    assert!(!path.exists());

    // A store with the lost key in its cache makes a new key as well.
    used.set_aside().unwrap().unwrap();
    save(&used, b"new").unwrap();
    assert_eq!(*with_passphrase(home.path(), "CANARY pass").read().unwrap().unwrap(), b"new");

    // The key of another item opens nothing.
    fs::rename(home.path().join("away"), &path).unwrap();
    let other = with_passphrase(home.path(), "CANARY pass");
    assert!(matches!(discreet(other.read()), StoreError::KeyMissing { .. }));
    assert!(matches!(discreet(save(&other, b"x")), StoreError::KeyMissing { .. }));
}

#[test]
fn no_two_instances_share_a_file() {
    let home = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for name in ["a", "a.key", "a.key.new", "a.file", "a.sign-in", "key"] {
        let instance = InstanceName::parse(name).unwrap();
        for protection in Protection::ALL {
            let store = SecureStore::open(home.path(), &instance, Some(protection), None).unwrap();
            paths.push(store.path().to_owned());
            if protection == Protection::Plain {
                paths.extend([store.key_path(), store.lock_path(), store.sign_in_lock_path()]);
            }
        }
    }
    let drafts: Vec<_> =
        paths.iter().map(|path| PathBuf::from(format!("{}.new", path.display()))).collect();
    paths.extend(drafts);
    let all = paths.len();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), all);
}

#[test]
fn a_truncated_item_or_key_is_damaged_and_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let store = with_passphrase(home.path(), "CANARY pass");
    save(&store, &[b'x'; 3000]).unwrap();
    for cut in [store.path(), &store.key_path()] {
        let whole = fs::read(cut).unwrap();
        for length in (0..whole.len()).step_by(if cut == store.path() { 64 } else { 1 }) {
            fs::write(cut, &whole[..length]).unwrap();
            let reopened = with_passphrase(home.path(), "CANARY pass");
            for error in [discreet(reopened.read()), discreet(reopened.update(never))] {
                let StoreError::Damaged { path, .. } = &error else { panic!("{length}: {error}") };
                assert_eq!(path, cut);
                assert!(error.hint().unwrap().contains(&format!("mv {}", cut.display())));
            }
            assert_eq!(fs::read(cut).unwrap(), whole[..length]);
        }
        fs::write(cut, whole).unwrap();
    }
    assert_eq!(store.read().unwrap().unwrap().len(), 3000);
}

#[test]
fn an_unreadable_item_can_be_set_aside() {
    let home = tempfile::tempdir().unwrap();
    let store = with_passphrase(home.path(), "CANARY pass");
    assert_eq!(store.set_aside().unwrap(), None);
    save(&store, b"x").unwrap();
    let newer = b"age-encryption.org/v9\nCANARY\n---\n".to_vec();
    let garbage = [newer, b"CANARY garbage".to_vec(), vec![0; ITEM_LIMIT * 2]];
    for (n, bytes) in garbage.iter().enumerate() {
        fs::write(store.path(), bytes).unwrap();
        assert!(matches!(discreet(store.read()), StoreError::Damaged { .. }));
        let aside = store.set_aside().unwrap().unwrap();
        assert_eq!(aside, home.path().join(format!("corp.file.unreadable-{}", n + 1)));
        assert_eq!(&fs::read(aside).unwrap(), bytes);
        assert!(store.read().unwrap().is_none());
        save(&store, b"new").unwrap();
        assert_eq!(*store.read().unwrap().unwrap(), b"new");
    }
}

#[test]
fn with_several_items_one_must_be_chosen() {
    let home = tempfile::tempdir().unwrap();
    let by_itself = with_passphrase(home.path(), "CANARY pass");
    save(&plain(home.path()), b"plain").unwrap();
    // Another process was faster. A second item would hide its item.
    assert!(matches!(discreet(save(&by_itself, b"x")), StoreError::Several { .. }));

    let wanted = Some(Protection::Passphrase);
    let chosen =
        SecureStore::open(home.path(), &corp(), wanted, Some(passphrase("CANARY"))).unwrap();
    save(&chosen, b"sealed").unwrap();
    let error = discreet(SecureStore::open(home.path(), &corp(), None, None));
    let text = error.to_string();
    assert!(text.contains("corp.file and ") && text.ends_with("corp.json"), "{text}");
    assert_eq!(*plain(home.path()).read().unwrap().unwrap(), b"plain");
}

#[test]
fn an_open_store_reads_the_changes_of_other_processes() {
    let home = tempfile::tempdir().unwrap();
    let open = with_passphrase(home.path(), "CANARY pass");
    save(&open, b"old").unwrap();
    // Another process sets the item with the lost key aside, and makes a new item and key.
    let sign_in_again = |text: &str, item: &[u8]| {
        fs::remove_file(open.key_path()).unwrap();
        let other = with_passphrase(home.path(), text);
        other.set_aside().unwrap().unwrap();
        assert!(open.read().unwrap().is_none());
        save(&other, item).unwrap();
    };
    sign_in_again("CANARY pass", b"new");
    assert_eq!(*open.read().unwrap().unwrap(), b"new", "with the new key");
    sign_in_again("CANARY other", b"newer");
    assert_names_key(&discreet(open.read()), &open);
}

#[test]
fn an_open_store_reports_an_item_with_another_protection() {
    let home = tempfile::tempdir().unwrap();
    let open = with_passphrase(home.path(), "CANARY pass");
    let wanted = Some(Protection::Passphrase);
    let pass = Some(passphrase("CANARY pass"));
    let chosen = SecureStore::open(home.path(), &corp(), wanted, pass).unwrap();
    save(&open, b"old").unwrap();
    save(&plain(home.path()), b"new").unwrap();
    let error = discreet(open.read()).to_string();
    assert!(error.contains("corp.file and ") && error.ends_with("corp.json"), "{error}");
    assert!(matches!(discreet(open.update(never)), StoreError::Several { .. }));
    assert_eq!(*chosen.read().unwrap().unwrap(), b"old", "a chosen protection is used");
    open.set_aside().unwrap().unwrap();
    let error = discreet(open.read()).to_string();
    assert!(!error.contains("corp.file") && error.ends_with("corp.json"), "{error}");
    let reopened = SecureStore::open(home.path(), &corp(), None, None).unwrap();
    assert_eq!(*reopened.read().unwrap().unwrap(), b"new");
}

#[test]
fn a_keyring_that_this_system_does_not_have_is_named() {
    let home = tempfile::tempdir().unwrap();
    let lacking = if cfg!(windows) { Protection::Keychain } else { Protection::CredentialManager };
    let store = SecureStore::open(home.path(), &corp(), Some(lacking), None).unwrap();
    assert!(store.read().unwrap().is_none());
    let error = discreet(save(&store, b"x"));
    assert!(error.to_string().ends_with("this system has none"), "{error}");
}
