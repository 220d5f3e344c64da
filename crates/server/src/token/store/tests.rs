//! Tests of the file of the root key: it is kept, changed, and never overwritten when damaged.

use credentials::SlotName;
use files::{Access, Durability};

use super::*;
use crate::token::Denied;

const NOW: &str = "2026-11-22T20:16:31Z";
const LATER: &str = "2026-11-22T21:16:31Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn store(home: &tempfile::TempDir) -> TokenStore {
    TokenStore::at(home.path().join("state/tokens.json"))
}

fn create(store: &TokenStore, scope: Scope) -> (AuthorizationToken, Serial) {
    let later = Expiration::parse(LATER).unwrap();
    let (token, grant) = store.create(scope, later, Some("f".to_owned()), now()).unwrap();
    (token, grant.serial)
}

#[test]
fn a_token_is_valid_after_its_maker_has_ended() {
    let home = tempfile::tempdir().unwrap();
    let slots = || vec![SlotName::Default];
    for scope in [Scope::Read(slots()), Scope::Admin, Scope::HandIn(slots()), Scope::HandInAll] {
        let (token, serial) = create(&store(&home), scope.clone());
        let keys = store(&home).prepare(now()).unwrap();
        let grant = keys.check(token.expose(), now()).unwrap();
        assert_eq!((grant.serial, &grant.scope), (serial, &scope));
        let issued = store(&home).list(now()).unwrap().pop().unwrap();
        assert_eq!((&issued.grant, issued.created, issued.is_revoked), (&grant, now(), false));
        assert_eq!(issued.file.as_deref(), Some("f"));
    }
}

#[test]
fn one_token_or_all_tokens_can_be_revoked() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let (first, serial) = create(&store, Scope::Admin);
    let (second, _) = create(&store, Scope::ReadAll);
    store.revoke(&[serial], now()).unwrap();
    let check = |token: &AuthorizationToken| {
        store.prepare(now()).unwrap().check(token.expose(), now()).is_ok()
    };
    assert_eq!((check(&first), check(&second)), (false, true));
    store.revoke_all(now()).unwrap();
    assert_eq!((check(&first), check(&second)), (false, false));
    assert!(store.list(now()).unwrap().is_empty());
    let none = store.revoke(&[serial], now()).unwrap_err();
    assert!(matches!(none, TokenStoreError::NoSuchToken(none) if none == serial));
    assert!(check(&create(&store, Scope::Admin).0), "new tokens are valid");
}

#[test]
fn expired_tokens_are_removed_from_the_list() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    create(&store, Scope::Admin);
    assert!(store.list(LATER.parse().unwrap()).unwrap().is_empty());
    assert_eq!(store.list(now()).unwrap().len(), 1);
}

#[test]
fn a_revoked_token_stays_revoked_after_a_clock_was_far_ahead() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let (revoked, serial) = create(&store, Scope::Admin);
    let (expired, _) = create(&store, Scope::Admin);
    store.revoke(&[serial], now()).unwrap();
    let far: Timestamp = "2026-11-23T06:16:31Z".parse().unwrap();
    let later = Expiration::parse("2026-11-23T07:16:31Z").unwrap();
    store.create(Scope::Admin, later, None, far).unwrap();
    let check = |token: &AuthorizationToken| {
        store.prepare(now()).unwrap().check(token.expose(), now()).unwrap_err()
    };
    assert_eq!(check(&revoked), Denied::Revoked(serial));
    assert!(matches!(check(&expired), Denied::Expired(_)));
    let behind = store.create(Scope::Admin, later, None, now()).unwrap_err();
    assert!(matches!(behind, TokenStoreError::ClockIsBehind(at) if at == far), "{behind}");
    store.revoke_all(now()).unwrap();
    let (new, _) = create(&store, Scope::Admin);
    assert!(store.prepare(now()).unwrap().check(new.expose(), now()).is_ok());
    assert_eq!(check(&revoked), Denied::Revoked(serial));
}

#[test]
fn a_list_of_ten_thousand_revoked_tokens_does_not_grow() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let (first, serial) = create(&store, Scope::Admin);
    let mut contents = store.read().unwrap().unwrap();
    let token = Issued { is_revoked: true, ..contents.issued[0].clone() };
    contents.issued = vec![token; 10_005];
    contents.note_time(now());
    assert_eq!(contents.issued.len(), 10_005, "their tokens have not expired");
    contents.note_time(LATER.parse().unwrap());
    assert_eq!(contents.issued.len(), 10_000);
    assert_eq!(contents.keys().check(first.expose(), now()), Err(Denied::Revoked(serial)));
    contents.note_time("2026-12-22T21:16:31Z".parse().unwrap());
    assert!(contents.issued.is_empty(), "30 days after their expiration");
    assert_eq!(contents.keys().check(first.expose(), now()), Err(Denied::Expired(serial)));
}

#[test]
fn a_full_disk_does_not_prevent_a_revocation() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = fakes::SmallDisk::mount(home.path().join("disk")) else { return };
    let store = TokenStore::at(disk.path().join("tokens.json"));
    let (first, serial) = create(&store, Scope::Admin);
    let (second, _) = create(&store, Scope::Admin);
    disk.fill();
    store.revoke(&[serial], now()).unwrap();
    let check = |token: &AuthorizationToken| {
        store.keys().unwrap().is_some_and(|keys| keys.check(token.expose(), now()).is_ok())
    };
    assert_eq!((check(&first), check(&second)), (false, true));
    store.revoke_all(now()).unwrap();
    assert!(!check(&second));
    disk.make_room();
    assert!(check(&create(&store, Scope::Admin).0), "new tokens are valid");
    assert!(!check(&first) && !check(&second));
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_could_change_keeps_no_key() {
    use std::os::unix::fs::{PermissionsExt, chown};
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    create(&store, Scope::Admin);
    let folder = store.path().parent().unwrap();
    let refused = |said: &str| {
        for error in [store.list(now()).unwrap_err(), store.revoke_all(now()).unwrap_err()] {
            assert!(error.to_string().contains(said), "{error}");
        }
        assert!(store.keys().is_err());
    };
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o720)).unwrap();
    refused("is a folder that other users can write in");
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    assert!(store.list(now()).is_ok());
    if fakes::needs_root() {
        chown(folder, Some(65534), None).unwrap();
        refused("belongs to another user");
    }
}

#[test]
fn no_token_is_in_the_file() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    let (token, _) = create(&store, Scope::Admin);
    let text = std::fs::read_to_string(store.path()).unwrap();
    assert!(!text.contains(token.expose()) && !text.contains(AuthorizationToken::PREFIX));
}

#[test]
fn a_damaged_file_is_never_overwritten() {
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    for json in ["", "{}", "{\"Version\":2,\"Key\":\"\",\"Epoch\":0,\"Issued\":[]}"] {
        let write =
            files::replace(store.path(), json.as_bytes(), Access::Private, Durability::Synced);
        write.unwrap();
        let later = Expiration::parse(LATER).unwrap();
        let error = store.create(Scope::Admin, later, None, now()).unwrap_err();
        assert!(matches!(error, TokenStoreError::Damaged { .. }), "{error}");
        assert!(store.revoke_all(now()).is_err() && store.prepare(now()).is_err());
        assert_eq!(std::fs::read_to_string(store.path()).unwrap(), json);
    }
}

#[cfg(unix)]
#[test]
fn a_key_that_other_users_could_read_makes_no_token() {
    use std::os::unix::fs::PermissionsExt;
    let home = tempfile::tempdir().unwrap();
    let store = store(&home);
    create(&store, Scope::Admin);
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(store.path(), mode).unwrap();
    let error = store.list(now()).unwrap_err().to_string();
    assert!(error.contains("can be read or written by other users"), "{error}");
}
