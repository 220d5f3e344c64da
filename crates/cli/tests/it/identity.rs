//! Which role is meant is decided by its source alone: what reads alike is never taken for it.

use std::process::Stdio;

use fakes::{Finished, Running, TestEnv};

use crate::identity_center::{assert_done, assert_fails, config, fake, instance, world_of};
use crate::{session, upload, world};

const ROLE: &str = "Team1Dev:AdministratorAccess";
const ARN: &str = "arn:aws:iam::000001111111:role/AdministratorAccess";

/// A profile whose keys have this id.
fn profile(world: &TestEnv, name: &str, key: &str) -> String {
    let file = format!("{key}.json");
    world.write(&file, &session(key));
    format!("[profile {name}]\ncredential_process = cat {}\n", world.home().join(file).display())
}

fn process(world: &TestEnv, arguments: &[&str]) -> Finished {
    let mut command = world.command(world.binary());
    command.arg("process").args(arguments).stdin(Stdio::null());
    Finished::from(command.output().unwrap())
}

#[track_caller]
fn assert_key(finished: &Finished, key: &str) {
    assert_done(finished);
    assert!(finished.stdout.contains(&format!("\"{key}\"")), "{}", finished.stdout);
}

/// A world with a server, and the profile `dev` of two AWS configs: the first is in force.
fn two_configs() -> (TestEnv, Running) {
    let mut world = world();
    for (folder, key) in [("a", "ASIAFIRST"), ("b", "ASIASECOND")] {
        world.write(&format!("{folder}/config"), &profile(&world, "dev", key));
    }
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    use_config(&mut world, "a");
    (world, server)
}

fn use_config(world: &mut TestEnv, folder: &str) {
    let path = world.home().join(folder).join("config").to_str().unwrap().to_owned();
    world.set("AWS_CONFIG_FILE", &path);
}

/// How often the credential_process has run is told by nothing; so the keys in its file are other ones now.
fn change_keys(world: &TestEnv, key: &str, into: &str) {
    world.write(&format!("{key}.json"), &session(into));
}

#[test]
fn a_profile_of_another_file_is_another_role() {
    for load in [&["--slotted"][..], &[]] {
        let (mut world, _server) = two_configs();
        assert_done(&world.run(&[&["ecs", "load", "--profile", "dev"], load].concat()));
        change_keys(&world, "ASIAFIRST", "ASIALATER");
        assert_key(&process(&world, &["--profile", "dev"]), "ASIAFIRST");
        use_config(&mut world, "b");
        assert_key(&process(&world, &["--profile", "dev"]), "ASIASECOND");
    }
}

#[test]
fn a_profile_that_was_edited_is_another_role_and_one_that_is_gone_is_none() {
    let (world, _server) = two_configs();
    assert_done(&world.run(&["ecs", "load", "--slotted", "--profile", "dev"]));
    let edited = profile(&world, "dev", "ASIAEDITED");
    world.write("a/config", &edited);
    assert_key(&process(&world, &["--profile", "dev"]), "ASIAEDITED");
    // What leads to no other credentials doesn't make another role of it.
    world.write("a/config", &(profile(&world, "dev", "ASIAFIRST") + "region = eu-west-1\n"));
    change_keys(&world, "ASIAFIRST", "ASIALATER");
    assert_key(&process(&world, &["--profile", "dev"]), "ASIAFIRST");
    world.write("a/config", "");
    assert_fails(&process(&world, &["--profile", "dev"]), 1, &["no profile `dev`"]);
}

#[test]
fn credentials_passed_in_by_hand_do_not_count_as_a_role() {
    let (world, server) = two_configs();
    server.request("PUT", "/slot/dev", &[], &upload("dev", "ASIAHANDED"));
    server.request("PUT", "/", &[], &upload("dev", "ASIAHANDED"));
    assert_key(&process(&world, &["--profile", "dev"]), "ASIAFIRST");
    server.request("PUT", "/slot/other", &[], &upload("other", "ASIAHANDED"));
    assert_fails(&process(&world, &["--profile", "other"]), 1, &["no profile `other`"]);
}

#[test]
fn a_role_of_an_instance_is_not_a_profile_of_the_same_name() {
    let fake = fake();
    let mut world = world_of(&fake);
    let both = instance("profile", &fake) + &instance("Other", &fake);
    world.write(".aws-sso/config.yaml", &config(&both));
    world.write(".aws/config", &profile(&world, ROLE, "ASIAPROFILE"));
    assert_done(&world.run(&["login", "--sso", "profile"]));
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    assert_done(&world.run(&["ecs", "load", "--slotted", "--profile", ROLE, "--sso", "Other"]));
    let of_role = process(&world, &["--sso", "profile", "--profile", ROLE]);
    assert_done(&of_role);
    assert!(!of_role.stdout.contains("ASIAPROFILE"), "{}", of_role.stdout);
    assert!(of_role.stdout.contains("\"AccountId\":\"000001111111\""), "{}", of_role.stdout);
}

#[test]
fn the_chosen_instance_is_never_replaced_by_another_with_the_same_role() {
    let fake = fake();
    let mut world = world_of(&fake);
    // Two identities: two names for one start URL in one file.
    let both = format!("{}{}", instance("Corp", &fake), instance("corp2", &fake));
    world.write(".aws-sso/config.yaml", &config(&both));
    let session = format!(
        "[sso-session corp2]\nsso_start_url = {}\nsso_region = {}\n[profile x]\nsso_session = corp2\n\
         sso_account_id = 000001111111\nsso_role_name = AdministratorAccess\n",
        fake.start_url(),
        fake.region()
    );
    world.write(".aws/config", &session);
    assert_done(&world.run(&["login", "--sso", "corp2"]));
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    assert_done(&world.run(&["ecs", "load", "--profile", "x"]));
    for role in [&["--account", "1111111", "--role", "AdministratorAccess"][..], &["--arn", ARN]] {
        let of_corp = [&["process", "--sso", "Corp"], role].concat();
        assert_fails(&world.run(&of_corp), 3, &["hint: Sign in: aws-sso login --sso Corp"]);
        let of_corp = [&["exec", "--sso", "Corp"], role, &["--", "true"]].concat();
        assert_fails(&world.run(&of_corp), 3, &["hint: Sign in: aws-sso login --sso Corp"]);
        assert_done(&process(&world, &[&["--sso", "corp2"], role].concat()));
    }
    let both = world.run(&["process", "--sso", "Corp", "--profile", "x"]);
    assert_fails(&both, 2, &["the profile `x` signs in to `corp2`"]);
}

#[test]
fn an_sso_session_is_not_the_instance_of_its_name_in_config_yaml() {
    let (of_yaml, of_aws) = (fake(), fake());
    let world = world_of(&of_aws);
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &of_yaml)));
    let start_url = of_aws.start_url().replace("/start", "/another");
    let section = format!(
        "[sso-session corp]\nsso_start_url = {start_url}\nsso_region = {}\n[profile x]\nsso_session = corp\n\
         sso_account_id = 000001111111\nsso_role_name = AdministratorAccess\n",
        of_aws.region()
    );
    world.write(".aws/config", &section);
    let finished = world.run(&["process", "--profile", "x"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(3), ""), "{}", finished.stderr);
    assert_eq!(of_yaml.count(fakes::identity_center::Operation::GetRoleCredentials), 0);
}

#[test]
fn roles_with_the_same_name_are_distinguished_and_the_fix_is_shown() {
    let fake = fake();
    let world = world_of(&fake);
    let both = config(&(instance("corp", &fake) + &instance("other", &fake)));
    world.write(".aws-sso/config.yaml", &both);
    for name in ["corp", "other"] {
        assert_done(&world.run(&["login", "--sso", name]));
    }
    let listed = world.run(&["list"]);
    assert!(listed.stdout.lines().next().unwrap().trim_end().ends_with("SSO"), "{}", listed.stdout);
    assert!(listed.stderr.contains("put {{ .SSO }} into ProfileFormat"), "{}", listed.stderr);
    let one = world.run(&["list", "--sso", "corp"]);
    assert_eq!(one.stderr, "");
    let printed = world.run(&["setup", "profiles", "--print"]);
    assert!(
        printed.stderr.contains("another instance has a role of that name"),
        "{}",
        printed.stderr
    );
    let mended = both
        + "ProfileFormat: '{{ .SSO }}:{{ .AccountName }}{{ .AccountAlias }}:{{ .RoleName }}'\n";
    world.write(".aws-sso/config.yaml", &mended);
    assert_eq!(world.run(&["list"]).stderr, "");
    assert!(
        !world.run(&["setup", "profiles", "--print"]).stderr.contains("left out, because another")
    );
}

#[test]
fn a_named_slot_of_another_source_is_replaced_only_with_the_flag() {
    let (mut world, server) = two_configs();
    let load = ["ecs", "load", "--slotted", "--profile", "dev"];
    for _ in 0..2 {
        assert_done(&world.run(&load));
    }
    use_config(&mut world, "b");
    let said = [
        "the slot `dev` was loaded from another source (profile dev)",
        "hint: Replace it: aws-sso ecs load --slotted --replace --profile dev",
    ];
    assert_fails(&world.run(&load), 1, &said);
    let shared = ["exec", "--shared", "--profile", "dev", "--", "true"];
    assert_fails(&world.run(&shared), 1, &said);
    assert!(server.get("/slot/dev").1.contains("ASIAFIRST"));
    let replaced = world.run(&[&load[..], &["--replace"]].concat());
    assert_done(&replaced);
    assert!(
        replaced.stderr.contains("into the slot `dev` instead of `dev`"),
        "{}",
        replaced.stderr
    );
    assert!(server.get("/slot/dev").1.contains("ASIASECOND"));
    assert_eq!(server.request("PUT", "/slot/other", &[], &upload("other", "ASIAHANDED")).0, 200);
    // What was handed in may be handed in again.
    assert_eq!(server.request("PUT", "/slot/other", &[], &upload("other", "ASIAAGAIN")).0, 200);
    let default = world.run(&["ecs", "load", "--profile", "dev"]);
    assert!(!default.stderr.contains("instead of"), "{}", default.stderr);
    use_config(&mut world, "a");
    let default = world.run(&["ecs", "load", "--profile", "dev"]);
    assert!(
        default.stderr.contains("into the default slot instead of `dev`"),
        "{}",
        default.stderr
    );
}
