//! Tests of the file of the root key: it is kept, changed, and never overwritten when damaged.

use credentials::SlotName;
use files::{Access, Durability};

use super::*;

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
    let scope = Scope::Read(vec![SlotName::Default]);
    let (token, serial) = create(&store(&home), scope.clone());
    let keys = store(&home).prepare(now()).unwrap();
    let grant = keys.check(token.expose(), now()).unwrap();
    assert_eq!((grant.serial, &grant.scope), (serial, &scope));
    let [issued] = &store(&home).list(now()).unwrap()[..] else { panic!() };
    assert_eq!((&issued.grant, issued.created, issued.is_revoked), (&grant, now(), false));
    assert_eq!(issued.file.as_deref(), Some("f"));
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
