//! AWS is slow, throttles or is unreachable, or the configuration is wrong.

use std::thread;
use std::time::{Duration, Instant};

use fakes::FakeIdentityCenter;
use fakes::identity_center::{Fault, Operation, Options};

use super::{ROLE, SLOT, fake, key_id, load, note, options, profile, until, upload_of_source};
use crate::identity_center::{
    assert_done, config, end_access_token, instance, signed_in, world_of,
};

/// A slot is served until its credentials expire, then it is 503, and after the fault it is served again.
fn assert_outlives(fault: Fault) {
    let fake = fake(6);
    let world = signed_in(&fake);
    let server = world.serve(&[]);
    load(&world, &server, &["--profile", ROLE]);
    let first = key_id(&server, "/");
    until("a first refresh", || key_id(&server, "/") != first);
    fake.fault_always(Operation::GetRoleCredentials, fault);
    fake.forget_calls();
    until("the fault is reported", || profile(&server)["Reason"].is_string());
    assert_eq!(profile(&server)["State"], "unavailable");
    assert!(key_id(&server, "/").is_some(), "credentials that have not expired are served");
    until("the credentials expire", || key_id(&server, "/").is_none());
    assert_eq!(profile(&server)["Expires"], "Expired", "they are served until they expire");
    let answer = server.send(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let answer = answer.to_lowercase();
    assert!(answer.starts_with("http/1.1 503 "), "{answer}");
    assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    fake.clear_faults();
    let took = until("new credentials are served", || key_id(&server, "/").is_some());
    note(&format!("after {fault:?} it was served within {took:?}"));
    assert_eq!(profile(&server)["State"], "ready");
    server.signal("TERM");
    let stderr = server.wait().stderr;
    assert_eq!(stderr.matches("warning: ").count(), 2, "short life and fault: {stderr}");
}

#[test]
fn while_the_portal_fails_slots_are_served_until_they_expire_and_then_refreshed() {
    let faults = [Fault::Throttled { retry_after: None }, Fault::ServerError, Fault::Disconnect];
    thread::scope(|scope| {
        faults.into_iter().for_each(|fault| drop(scope.spawn(move || assert_outlives(fault))));
    });
}

/// The server checks a wrong configuration again within a minute.
#[test]
fn an_instance_is_named_while_it_is_not_configured_and_used_once_it_is() {
    let fake = fake(3600);
    let world = world_of(&fake);
    let other = config(&instance("other", &fake));
    world.write(".aws-sso/config.yaml", &other);
    let server = world.serve(&[]);
    let upload = upload_of_source(&fake, ROLE, "ReadOnlyAccess");
    assert_eq!(server.request("PUT", "/", &[], &upload).0, 200);
    until("the slot is misconfigured", || profile(&server)["State"] == "misconfigured");
    let (status, body) = server.get("/");
    assert_eq!(status, 404);
    let said = format!(
        "no instance `corp` with the start URL {} is in the configuration of the server",
        fake.start_url()
    );
    assert!(body.contains(&said) && body.contains("aws-sso doctor"), "{body}");
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    assert_done(&world.run(&["login"]));
    let start = Instant::now();
    while key_id(&server, "/").is_none() {
        assert!(start.elapsed() < Duration::from_secs(80), "a minute and a margin");
        thread::sleep(Duration::from_millis(50));
    }
    note(&format!("the new configuration was used within {:?}", start.elapsed()));
}

#[test]
fn a_hundred_slots_that_fail_at_once_are_each_reported() {
    let world = crate::world();
    let port = fakes::port_of_our_own();
    let digest = "0".repeat(64);
    let slot = |number| {
        format!(
            r#"{{"Slot":"p{number}","ProfileName":"p{number}","Source":{{"Profile":"p{number}","ConfigFile":"/c","CredentialsFile":"/d","Digest":"{digest}"}},"Due":1}}"#
        )
    };
    let slots: Vec<String> = (0..100).map(slot).collect();
    let list = format!("{{\"Version\":2,\"Slots\":[{}]}}", slots.join(","));
    world.write(&format!(".local/state/aws-sso/slots-{port}.json"), &list);
    let server = world.serve_on(port, &[]);
    until("all slots are misconfigured", || {
        server.get("/slot").1.matches("misconfigured").count() == 100
    });
    // All events are reported before the answer to another request.
    assert_eq!(server.get("/").0, 404);
    server.signal("TERM");
    let stderr = server.wait().stderr;
    assert!(!stderr.contains("an event was not reported"), "{stderr}");
    for number in 0..100 {
        assert_eq!(stderr.matches(&format!("`p{number}`")).count(), 1, "{number}: {stderr}");
    }
}

/// The server is stopped during a call that AWS never answers.
#[test]
fn a_server_that_is_stopped_does_not_wait_for_aws() {
    for (operation, signal) in
        [(Operation::GetRoleCredentials, "TERM"), (Operation::CreateToken, "INT")]
    {
        let fake = fake(3600);
        let world = signed_in(&fake);
        let server = world.serve(&["--log-level", "trace"]);
        load(&world, &server, &["--profile", ROLE]);
        if operation == Operation::CreateToken {
            end_access_token(&world, &fake);
        }
        fake.fault_always(operation, Fault::Hang);
        let before = fake.count(operation);
        let upload = upload_of_source(&fake, ROLE, "ReadOnlyAccess");
        assert_eq!(server.request("PUT", SLOT, &[], &upload).0, 200);
        until("AWS has the call", || fake.count(operation) > before);
        let start = Instant::now();
        server.signal(signal);
        // This also searches the log for secrets.
        let ended = server.wait();
        note(&format!("SIG{signal} during {operation}: {:?}", start.elapsed()));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(
            ended.stderr.contains("a refresh begins"),
            "the log has this line: {}",
            ended.stderr
        );
        // The calls time out after 15 and 45 seconds, so the server has not waited for AWS.
        assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    }
}

#[test]
fn a_clock_behind_aws_is_reported_once_and_credentials_expire_by_the_clock_of_aws() {
    let behind = Options { clock_offset_seconds: 600, ..options(20) };
    let fake = FakeIdentityCenter::start(behind);
    let world = signed_in(&fake);
    let server = world.serve(&[]);
    load(&world, &server, &["--profile", ROLE]);
    let first = key_id(&server, "/");
    until("a second refresh", || fake.count(Operation::GetRoleCredentials) >= 3);
    assert_ne!(key_id(&server, "/"), first);
    // AWS's clock is ten minutes ahead: compared with our clock, the expiration would be more than 10 minutes away.
    let left = profile(&server)["Expires"].as_str().unwrap().to_owned();
    assert_eq!(left, "< 1m");
    server.signal("TERM");
    let stderr = server.wait().stderr;
    let warning = "this machine's clock is 10 minutes behind AWS's. Set the clock: ";
    assert_eq!(stderr.matches(warning).count(), 1, "{stderr}");
}
