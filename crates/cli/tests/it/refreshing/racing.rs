//! The server and commands, or two actions of the server, work at the same time without disturbing each other.

use std::thread;
use std::time::Duration;

use fakes::FakeIdentityCenter;
use fakes::identity_center::{Operation, Options};

use super::{
    OTHER_ROLE, OTHER_SLOT, ROLE, SLOT, fake, key_id, note, refused, until, upload_of_source,
};
use crate::identity_center::{assert_done, signed_in};
use crate::upload;

#[test]
fn a_slow_fetch_does_not_undo_a_later_load_or_unload() {
    let fake = fake(3600);
    let world = signed_in(&fake);
    let server = world.serve(&[]);
    fake.latency(Duration::from_secs(2));
    fake.forget_calls();
    let put = |target: &str, body: &str| {
        assert_eq!(server.request("PUT", target, &[], body).0, 200);
    };
    put("/", &upload_of_source(&fake, ROLE, "ReadOnlyAccess"));
    put(SLOT, &upload_of_source(&fake, ROLE, "ReadOnlyAccess"));
    until("both are being fetched", || fake.count(Operation::GetRoleCredentials) == 2);
    assert_eq!(server.request("DELETE", "/", &[], "").0, 200);
    put(SLOT, &upload(ROLE, "ASIAHANDED"));
    // This fetch begins after the others, so it ends after them.
    put(OTHER_SLOT, &upload_of_source(&fake, OTHER_ROLE, "ReadOnlyAccess"));
    until("the later fetch has ended", || key_id(&server, OTHER_SLOT).is_some());
    assert_eq!(server.get("/").0, 404);
    assert_eq!(key_id(&server, SLOT).as_deref(), Some("ASIAHANDED"));
    assert!(!server.get("/slot").1.contains("unavailable"));
}

/// An access token expires every few seconds, and each refresh token works once: sending one twice ends the session.
#[test]
fn the_server_and_commands_never_sign_each_other_out() {
    let fake = FakeIdentityCenter::start(Options {
        auto_approve: true,
        // A token with less than 30 seconds left is not used.
        access_token_life: Duration::from_secs(33),
        refresh_grace: Duration::ZERO,
        credentials_life: Duration::from_secs(8),
        ..Options::default()
    });
    let world = signed_in(&fake);
    let server = world.serve(&["--load", OTHER_ROLE]);
    fake.forget_calls();
    thread::scope(|scope| {
        let loads = |client: usize| {
            let role = ["ReadOnlyAccess", "AdministratorAccess"][client % 2];
            let name = ["Team1Dev", "ZürichBüro", "payments-prod"][client % 3];
            let profile = format!("{name}:{role}");
            for _ in 0..4 {
                let address = server.address();
                let load =
                    ["ecs", "load", "--slotted", "--profile", &profile, "--server", &address];
                assert_done(&world.run(&load));
                assert!(key_id(&server, "/").is_some(), "the server's own slot is served");
            }
        };
        (0..20).map(|client| scope.spawn(move || loads(client))).for_each(drop);
    });
    until("the token was renewed a few times", || fake.count(Operation::CreateToken) >= 3);
    assert_eq!(refused(&fake), 0);
    assert_eq!(fake.count(Operation::Authorize), 0, "nobody had to sign in");
    let states = server.get("/slot").1;
    assert_eq!(states.matches("ProfileName").count(), 6, "{states}");
    assert!(!states.contains("sign-in-needed") && key_id(&server, "/").is_some(), "{states}");
    note(&format!("{} tokens, {} calls", fake.count(Operation::CreateToken), fake.calls().len()));
    assert_done(&world.run(&["whoami"]));
}
