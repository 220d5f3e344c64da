//! The current role: what `console` and `exec` use when nobody names a role.

use std::process::Stdio;

use fakes::{CANARY, Finished, TestEnv};

use crate::identity_center::{assert_done, fake, signed_in};
use crate::upload;

const ROLE: &str = "Team1Dev:ReadOnlyAccess";
const OTHER: &str = "Team1Dev:AdministratorAccess";

/// The role that a command gets.
fn exec(world: &TestEnv, flags: &[&str]) -> Finished {
    let mut command = world.command(world.binary());
    command.arg("exec").args(flags).args(["--", "sh", "-c", "echo $AWS_SSO_PROFILE"]);
    let finished = Finished::from(command.stdin(Stdio::null()).output().unwrap());
    assert!(!finished.stderr.contains(CANARY), "{}", finished.stderr);
    finished
}

#[track_caller]
fn assert_is(finished: &Finished, role: &str, note: &str) {
    let shown = (finished.code, finished.stdout.trim_end(), finished.stderr.trim_end());
    assert_eq!(shown, (Some(0), role, note));
}

#[test]
fn the_role_of_the_shell_is_used_unless_one_is_named() {
    let fake = fake();
    let mut world = signed_in(&fake);
    world.set("AWS_PROFILE", OTHER);
    let note = format!("Using the role `{OTHER}` of AWS_PROFILE.");
    assert_is(&exec(&world, &[]), OTHER, &note);
    world.set("AWS_SSO_PROFILE", ROLE);
    let note = format!("Using the role `{ROLE}` of AWS_SSO_PROFILE.");
    assert_is(&exec(&world, &[]), ROLE, &note);
    assert_is(&exec(&world, &["-p", OTHER]), OTHER, "");
    // Within `exec`, a further command has the same role.
    world.unset("AWS_SSO_PROFILE").unset("AWS_PROFILE");
    let binary = world.binary().display().to_string();
    let within = format!("{binary} exec --static -- sh -c 'echo $AWS_SSO_PROFILE'");
    let mut command = world.command(&binary);
    command.args(["exec", "-p", ROLE, "--", "sh", "-c", &within]).stdin(Stdio::null());
    assert_is(&Finished::from(command.output().unwrap()), ROLE, &note);
}

#[test]
fn a_shells_role_that_does_not_exist_is_an_error_that_says_where_it_comes_from() {
    let fake = fake();
    let mut world = signed_in(&fake);
    world.set("AWS_PROFILE", "nobody");
    let failed = exec(&world, &[]);
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    let told = "Using the role `nobody` of AWS_PROFILE.\nerror: there is no role `nobody`";
    assert!(failed.stderr.starts_with(told), "{}", failed.stderr);
}

#[test]
fn whoami_names_the_role_of_the_shell() {
    let fake = fake();
    let mut world = signed_in(&fake);
    assert_eq!(world.run(&["whoami"]).stderr, "");
    world.set("AWS_SSO_PROFILE", "a\u{1b}[2J");
    let shown = world.run(&["whoami"]);
    assert_done(&shown);
    assert_eq!(shown.stderr, "The role of this shell is `a\u{fffd}[2J` (AWS_SSO_PROFILE).\n");
}

#[test]
fn the_slot_that_programs_use_is_the_current_role() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    assert_done(&world.run(&["ecs", "load", "-p", ROLE]));
    assert_done(&world.run(&["ecs", "load", "--slotted", "-p", OTHER]));
    // Without a terminal nobody can choose.
    let in_default = format!("Using the role `{ROLE}` in the default slot.");
    assert_is(&exec(&world, &[]), ROLE, &in_default);
    let chained = exec(&world, &["--chain", "arn:aws:iam::222222222222:role/Ops"]);
    assert_eq!(chained.code, Some(2));
    assert!(chained.stderr.contains("aws-sso exec --profile"), "{}", chained.stderr);
    world.set(
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        &server.url("/slot/Team1Dev:AdministratorAccess"),
    );
    let in_slot = format!("Using the role `{OTHER}` in the slot `{OTHER}`.");
    assert_is(&exec(&world, &[]), OTHER, &in_slot);
    // What was handed in has no source, but it is a role all the same.
    assert_eq!(server.request("PUT", "/slot/handed-in", &[], &upload("handed-in", "ASIA1")).0, 200);
    world.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &server.url("/slot/handed-in"));
    let handed_in = "Using the role `handed-in` in the slot `handed-in`.";
    assert_is(&exec(&world, &[]), "handed-in", handed_in);
    // A URI of something else, and a server that does not run.
    world.set("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.2/creds");
    assert_is(&exec(&world, &[]), ROLE, &in_default);
    world.set("AWS_SSO_ECS_SERVER", "127.0.0.1:1");
    let failed = exec(&world, &[]);
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(2), ""));
    assert!(failed.stderr.starts_with("error: no role is named\n"), "{}", failed.stderr);
}
