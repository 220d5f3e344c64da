//! The sign-in of the AWS CLI: it is used while it is valid, and never changed.

use std::path::PathBuf;
use std::time::SystemTime;

use data_encoding::HEXLOWER;
use fakes::identity_center::{Operation, Options};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::process::{Answer, Request};
use crate::world::{ACCOUNT, INSTANCE, ROLE, World};

/// A world in which only the AWS CLI is signed in.
fn with_aws_cli() -> World {
    let world = World::new(Options::default());
    world.sign_in("elsewhere");
    world.fake.forget_calls();
    write(&world, |_| {});
    world
}

fn path(world: &World) -> PathBuf {
    let name = HEXLOWER.encode(&Sha1::digest(world.fake.start_url()));
    world.home().join("aws-cli").join(name).with_extension("json")
}

/// Writes the file of the AWS CLI, with a change.
fn write(world: &World, change: impl FnOnce(&mut Value)) {
    let session = &world.item("elsewhere")["session"];
    let mut cached = json!({
        "startUrl": world.fake.start_url(),
        "region": world.fake.region(),
        "accessToken": session["access_token"],
        "expiresAt": "2099-12-31T23:59:59Z",
        "clientId": session["refresh"]["client_id"],
        "clientSecret": session["refresh"]["client_secret"],
        "registrationExpiresAt": "2099-12-31T23:59:59Z",
        "refreshToken": session["refresh"]["token"],
    });
    change(&mut cached);
    std::fs::create_dir_all(path(world).parent().unwrap()).unwrap();
    std::fs::write(path(world), cached.to_string()).unwrap();
}

fn file(world: &World) -> (Vec<u8>, SystemTime) {
    let path = path(world);
    (std::fs::read(&path).unwrap(), std::fs::metadata(&path).unwrap().modified().unwrap())
}

#[test]
fn the_token_of_the_aws_cli_is_used_and_its_file_is_never_changed() {
    let world = with_aws_cli();
    let before = file(&world);
    let mut process = world.process();
    process.credentials(ACCOUNT, ROLE).unwrap();
    assert!(process.signed_in());
    process.ask(Request::UpdateCatalogue { only_new: false });
    assert!(matches!(process.answer(), Answer::Catalogue(accounts) if accounts.len() == 3));
    assert_eq!(world.fake.count(Operation::CreateToken), 0);
    assert_eq!(file(&world), before);
}

#[test]
fn the_date_format_of_older_aws_clis_is_read() {
    let world = with_aws_cli();
    write(&world, |cached| {
        cached["expiresAt"] = "2099-12-31T23:59:59UTC".into();
        cached["startUrl"] = format!("{}/#/", world.fake.start_url()).into();
    });
    world.process().credentials(ACCOUNT, ROLE).unwrap();
}

#[test]
fn a_token_of_the_aws_cli_is_never_renewed_by_us() {
    let world = with_aws_cli();
    world.fake.expire_access_tokens();
    let before = file(&world);
    let mut process = world.process();
    let failed = process.credentials(ACCOUNT, ROLE).unwrap_err();
    assert_eq!(failed.problem, "SignInNeeded");
    assert_eq!(failed.text, "AWS has ended the SSO session of the AWS CLI for `corp`");
    assert_eq!(world.fake.count(Operation::CreateToken), 0);
    assert_eq!(file(&world), before);
}

#[test]
fn an_expired_sign_in_and_one_of_another_instance_are_ignored() {
    let world = with_aws_cli();
    for (field, value) in [
        ("expiresAt", "2020-01-01T00:00:00Z"),
        ("expiresAt", "CANARY"),
        ("startUrl", "https://other.awsapps.com/start"),
        ("region", "us-east-1"),
        ("accessToken", "CANARY with a space"),
    ] {
        write(&world, |cached| cached[field] = value.into());
        let mut process = world.process();
        let failed = process.credentials(ACCOUNT, ROLE).unwrap_err();
        assert_eq!(failed.problem, "SignInNeeded", "{field} {value}");
        assert_eq!(failed.text, "nobody is signed in to `corp`", "{field} {value}");
        assert!(!process.signed_in(), "{field} {value}");
    }
    std::fs::write(path(&world), "{\"accessToken\":\"CANARY").unwrap();
    assert!(world.process().credentials(ACCOUNT, ROLE).is_err());
    assert!(world.fake.calls().is_empty());
}

#[test]
fn our_own_sign_in_is_preferred() {
    let world = with_aws_cli();
    world.fake.set_user("bob");
    world.sign_in(INSTANCE);
    let access_key_id = world.process().credentials(ACCOUNT, ROLE).unwrap();
    assert_eq!(world.fake.issued(&access_key_id).unwrap().user, "bob");
}

#[test]
fn a_session_of_the_aws_cli_ends_with_its_token() {
    let world = with_aws_cli();
    let session = world.process().keep_session().unwrap();
    assert!(session.ends_in.unwrap() > 365 * 24 * 3600, "{session:?}");
    assert!((1799..=1800).contains(&session.next_check_in), "{session:?}");
    assert_eq!(world.fake.count(Operation::CreateToken), 0);
}
