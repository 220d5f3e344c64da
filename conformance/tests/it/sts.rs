//! `ecs load` with credentials of moto's STS.

use fakes::Terminal;

use crate::{Moto, get_caller_identity, uri_of, world, world_without_aws};

const CONFIG: &str = "\
[default]
aws_access_key_id = AKIALONGTERM
aws_secret_access_key = CANARY-long-term
region = eu-central-1

[profile ops]
role_arn = arn:aws:iam::123456789012:role/team/Ops
source_profile = default
role_session_name = me

[profile china]
role_arn = arn:aws-cn:iam::123456789012:role/Ops
source_profile = default
region = cn-north-1
";

#[test]
fn a_role_is_assumed_from_a_source_profile() {
    let moto = Moto::start();
    let mut world = world(&moto);
    world.write(".aws/config", CONFIG);
    let server = world.serve(&["--default", "ops"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let body = server.get("/").1;
    assert!(body.contains("\"RoleArn\":\"arn:aws:iam::123456789012:role/Ops\""), "{body}");
    assert!(body.contains("\"AccountId\":\"123456789012\""), "{body}");
    let shown = world.run(&["ecs", "profile", "--output", "json"]).stdout;
    let start = "{\"ProfileName\":\"ops\",\"AccountId\":\"123456789012\",\"RoleName\":\"Ops\",";
    assert!(shown.starts_with(start), "{shown}");
    std::fs::remove_dir_all(world.home().join(".aws")).unwrap();
    let identity = get_caller_identity(&world, &moto, &server.url("/creds"));
    assert!(identity.stdout.contains(":assumed-role/Ops/me\""), "{}", identity.stdout);
}

#[test]
fn a_person_is_asked_for_the_code_of_an_mfa_device() {
    let moto = Moto::start();
    let mut world = world(&moto);
    let with_mfa = "mfa_serial = arn:aws:iam::123456789012:mfa/me\n\
                    duration_seconds = 7200\n[profile china]";
    world.write(".aws/config", &CONFIG.replace("[profile china]", with_mfa));
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let start = || {
        let mut command = world.command(world.binary());
        command.args(["ecs", "load", "--profile", "ops"]);
        let terminal = Terminal::start(command, 120, 10);
        terminal.wait_for("Code of the MFA device arn:aws:iam::123456789012:mfa/me:");
        terminal
    };
    let wrong = start();
    wrong.type_in("12345\r");
    let (status, screen) = wrong.finish();
    assert!(!status.success() && screen.contents().contains("a code has 6 digits"));
    let right = start();
    right.type_in("123456\r");
    let (status, screen) = right.finish();
    assert!(status.success(), "{}", screen.contents());
    assert!(screen.contents().contains("; it expires in "), "{}", screen.contents());
    assert!(server.get("/").1.contains("role/Ops"));
}

#[test]
fn the_partition_of_a_role_is_kept() {
    let moto = Moto::start();
    let mut world = world(&moto);
    world.write(".aws/config", CONFIG);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    uri_of(&world.run(&["ecs", "load", "--arn", "arn:aws-cn:iam::123456789012:role/Ops"]));
    let body = server.get("/").1;
    assert!(body.contains("\"RoleArn\":\"arn:aws-cn:iam::123456789012:role/Ops\""), "{body}");
}

/// The names and the block are such that the SDK for Rust could not read the file itself.
#[test]
fn roles_are_assumed_in_every_way_that_a_profile_can_say() {
    let moto = Moto::start();
    let mut world = world_without_aws();
    world.write("token", "eyJhbGciOiJub25lIn0.e30.");
    let config = "  odd = x\n\
        [profile \"by token\"]\nrole_arn = arn:aws:iam::123456789012:role/Token\n\
        web_identity_token_file = HOME/token\nservices = local\n\
        [profile by-environment]\nrole_arn: arn:aws:iam::123456789012:role/Environment\n\
        credential_source: Environment\nservices = local # of moto\n\
        [profile top]\nrole_arn = arn:aws:iam::210987654321:role/team/Top\n\
        source_profile = with space\nservices = local\n\
        [profile 'with space']\nrole_arn = arn:aws:iam::123456789012:role/Mid\nsource_profile = keys\n\
        [profile keys]\n  aws_access_key_id = AKIAX\n  aws_secret_access_key = CANARY-key\n\
        [services local]\nsts =\n  # here\n  endpoint_url = STS\n";
    let home = world.home().to_str().unwrap().to_owned();
    world.write(".aws/config", &config.replace("STS", &moto.url).replace("HOME", &home));
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    world.set("AWS_ACCESS_KEY_ID", "AKIAENV").set("AWS_SECRET_ACCESS_KEY", "CANARY-env");
    for (profile, role) in [
        ("by token", "123456789012:role/Token"),
        ("by-environment", "123456789012:role/Environment"),
        ("top", "210987654321:role/Top"),
    ] {
        let loaded = world.run(&["ecs", "load", "--profile", profile]);
        assert_eq!(loaded.code, Some(0), "{profile}: {}", loaded.stderr);
        let body = server.get("/").1;
        assert!(body.contains(&format!("\"RoleArn\":\"arn:aws:iam::{role}\"")), "{body}");
    }
}

#[test]
fn long_term_keys_are_exchanged_for_a_session() {
    let moto = Moto::start();
    let mut world = world(&moto);
    world.write(".aws/config", CONFIG);
    let server = world.serve(&["--load", "default"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let body = server.get("/").1;
    assert!(body.contains("\"Token\":\"") && body.contains("\"Expiration\":\""), "{body}");
    assert!(!body.contains("AKIALONGTERM") && !body.contains("CANARY-long-term"), "{body}");
    world.set("AWS_ACCESS_KEY_ID", "AKIAENV").set("AWS_SECRET_ACCESS_KEY", "CANARY-env");
    uri_of(&world.run(&["ecs", "load", "--from-env"]));
    assert!(!server.get("/").1.contains("AKIAENV"));
}

#[test]
fn an_sts_that_cannot_be_reached_is_an_error_with_a_hint() {
    let moto = Moto::start();
    let mut world = world(&moto);
    world.write(".aws/config", CONFIG);
    world.set("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    for profile in ["default", "ops"] {
        let failed = world.run(&["ecs", "load", "--profile", profile]);
        assert_eq!(failed.code, Some(1));
        assert!(failed.stderr.contains("hint: Check the network"), "{}", failed.stderr);
    }
}
