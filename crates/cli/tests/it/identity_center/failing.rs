//! AWS that is slow, overburdened or not there, a clock that is off, a start URL that is none.

use super::*;

#[test]
fn a_start_url_that_is_no_portal_is_named() {
    let fake = fake();
    let world = world_of(&fake);
    let wrong =
        instance("corp", &fake).replace(fake.start_url(), "https://nowhere.awsapps.com/start");
    world.write(".aws-sso/config.yaml", &config(&wrong));
    for flag in ["--pkce", "--device-code"] {
        let failed = world.run(&["login", flag]);
        assert_fails(
            &failed,
            1,
            &["eu-central-1 knows no access portal https://nowhere.awsapps.com/start", "of `corp`"],
        );
    }
}

#[test]
fn a_clock_that_is_off_is_mentioned_and_harms_nothing() {
    let options =
        Options { auto_approve: true, clock_offset_seconds: 14 * 60, ..Options::default() };
    let fake = FakeIdentityCenter::start(options);
    let mut world = signed_in(&fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let loaded = world.run(&["ecs", "load", "--profile", "Team1Dev:ReadOnlyAccess"]);
    assert_done(&loaded);
    let said = "this machine's clock is 14 minutes behind AWS's. Set the clock: ";
    assert!(loaded.stderr.contains(said), "{}", loaded.stderr);
}

#[test]
fn a_portal_that_throttles_or_fails_gets_a_clear_error() {
    let fake = fake();
    let mut world = signed_in(&fake);
    world.write(
        ".aws-sso/config.yaml",
        &(config(&instance("corp", &fake)) + "MaxRetry: 2\nMaxBackoff: 1\n"),
    );
    world.set("AWS_SSO", "CORP");
    for (fault, code, said) in [
        // Longer than a program would wait.
        (Fault::Throttled { retry_after: Some(60) }, 1, "too many requests for roles of `corp`"),
        (Fault::ServerError, 1, "the access portal of `corp` is not available"),
        (Fault::Garbage, 1, "the access portal of `corp` is not available"),
        (Fault::Disconnect, 1, "the access portal of `corp` is not available"),
        (Fault::Unauthorized, 3, "the SSO session has ended for `corp`"),
    ] {
        fake.clear_faults();
        fake.fault_always(Operation::GetRoleCredentials, fault);
        let failed = world.run(&["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess"]);
        assert_fails(&failed, code, &[said, "hint: "]);
    }
}
