//! boto3 and the AWS CLI read and use the profiles that `aws-sso setup profiles` writes.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use fakes::identity_center::Options;
use fakes::{FakeIdentityCenter, TestEnv};

use crate::{Moto, binary, sdks, world, world_without_aws};

const DRIVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers");

/// Signs in and writes a profile for each role. The path of the program needs quotes.
fn set_up(world: &mut TestEnv, fake: &FakeIdentityCenter) {
    let folder = world.home().join("it's my apps");
    fs::create_dir(&folder).unwrap();
    let program = folder.join("aws-sso");
    symlink(binary(), &program).unwrap();
    world.set("AWS_ENDPOINT_URL_SSO", fake.url()).set("AWS_ENDPOINT_URL_SSO_OIDC", fake.url());
    let config = format!(
        "SSOConfig:\n  corp:\n    SSORegion: {}\n    StartUrl: {}\nSecureStore: json\n\
         ProfileFormat: '{{{{ .AccountAlias }}}}: {{{{ .RoleName }}}}'\n",
        fake.region(),
        fake.start_url()
    );
    world.write(".aws-sso/config.yaml", &config);
    world.write(".aws/config", "[default]\nregion = eu-central-1");
    for command in [&["login", "--device-code"][..], &["setup", "profiles", "--yes"]] {
        let mut started = world.command(&program);
        started.args(command);
        let done = world.finish(started, "");
        assert_eq!(done.code, Some(0), "{}", done.stderr);
    }
}

fn fake() -> FakeIdentityCenter {
    FakeIdentityCenter::start(Options { auto_approve: true, ..Options::default() })
}

#[test]
fn botocore_finds_every_profile_and_splits_its_credential_process_correctly() {
    let (fake, mut world) = (fake(), world_without_aws());
    set_up(&mut world, &fake);
    let mut command: Command = world.command(sdks().join("bin/python"));
    command.arg(format!("{DRIVERS}/profiles.py"));
    let found = world.finish(command, "");
    let found: HashMap<String, Vec<String>> = serde_json::from_str(&found.stdout).unwrap();
    let program = world.home().join("it's my apps/aws-sso");
    let words = found.get("Team 1 Dev: ReadOnlyAccess").unwrap();
    let arn = "arn:aws:iam::000001111111:role/ReadOnlyAccess";
    assert_eq!(words, &[program.to_str().unwrap(), "process", "--arn", arn]);
    let listed = world.run(&["list", "Profile", "--output", "json"]).stdout;
    let listed: Vec<HashMap<String, String>> = serde_json::from_str(&listed).unwrap();
    let names: Vec<&String> = listed.iter().filter_map(|role| role.get("Profile")).collect();
    assert!(!names.is_empty());
    for name in names {
        assert!(found.contains_key(name), "{name} is not in {found:?}");
    }
}

/// A config as aws-sso-cli writes it: the name of the instance in quotes before the command, no quotes around names, other keys
/// from its ConfigVariables.
fn of_aws_sso_cli(program: &str, arns: &[&str]) -> String {
    let profile = |arn: &&str| {
        let name = arn.replace("arn:aws:iam::", "").replace(":role/", ":");
        format!(
            "\n[profile {name}]\ncredential_process = {program} -S \"Default\" process --arn {arn}\n\
             region = eu-central-1\noutput = json\n"
        )
    };
    let profiles: String = arns.iter().map(profile).collect();
    format!("# BEGIN_AWS_SSO_CLI\n{profiles}\n# END_AWS_SSO_CLI\n")
}

#[test]
fn both_aws_clis_and_boto3_use_profiles_that_aws_sso_cli_wrote() {
    let moto = Moto::start();
    let (fake, mut world) = (fake(), world(&moto));
    set_up(&mut world, &fake);
    let yaml = world.home().join(".aws-sso/config.yaml");
    let renamed = fs::read_to_string(&yaml).unwrap().replace("  corp:", "  Default:");
    world.write(".aws-sso/config.yaml", &renamed);
    let signed_in = world.run(&["login", "--device-code"]);
    assert_eq!(signed_in.code, Some(0), "{}", signed_in.stderr);
    let arns = [
        "arn:aws:iam::000001111111:role/AdministratorAccess",
        "arn:aws:iam::000001111111:role/ReadOnlyAccess",
    ];
    world.write(".aws/config", &of_aws_sso_cli(binary().to_str().unwrap(), &arns));
    let of_version_1 = sdks().join("bin/aws");
    for arn in arns {
        let (account, role) = arn.trim_start_matches("arn:aws:iam::").split_once(":role/").unwrap();
        world.set("AWS_PROFILE", &format!("{account}:{role}"));
        let mut command: Command = world.command(sdks().join("bin/python"));
        command.arg(format!("{DRIVERS}/boto3_driver.py"));
        let said = world.finish(command, "new\n").stdout;
        let issued = fake.issued(said.split(' ').next().unwrap()).expect(&said);
        assert_eq!((issued.account_id.as_str(), issued.role_name.as_str()), (account, role));
        // The AWS CLI shows the end of the same access key id, which is kept for a while.
        let end = said.split(' ').next().unwrap().chars().rev().take(4).collect::<Vec<_>>();
        let end: String = end.into_iter().rev().collect();
        for cli in [of_version_1.as_path(), "/usr/bin/aws".as_ref()] {
            let mut command = world.command(cli);
            command.args(["sts", "get-caller-identity", "--endpoint-url", &moto.url]);
            let identity = world.finish(command, "");
            assert_eq!(identity.code, Some(0), "{}", identity.stderr);
            let mut command = world.command(cli);
            command.args(["configure", "list"]);
            let list = world.finish(command, "").stdout;
            let is_ours = |line: &str| line.contains(&end) && line.contains("custom-process");
            assert!(list.lines().any(is_ours), "{end}: {list}");
        }
    }
}

#[test]
fn boto3_and_the_aws_cli_get_credentials_through_a_profile() {
    let moto = Moto::start();
    let (fake, mut world) = (fake(), world(&moto));
    set_up(&mut world, &fake);
    world.set("AWS_PROFILE", "Team 1 Dev: ReadOnlyAccess");
    let mut command: Command = world.command(sdks().join("bin/python"));
    command.arg(format!("{DRIVERS}/boto3_driver.py"));
    let said = world.finish(command, "new\n").stdout;
    let access_key_id = said.split(' ').next().unwrap();
    let issued = fake.issued(access_key_id).expect(&said);
    assert_eq!(issued.account_id, "000001111111");
    assert_eq!(issued.role_name, "ReadOnlyAccess");
    let mut command = world.command(sdks().join("bin/aws"));
    command.args(["sts", "get-caller-identity", "--output", "json", "--endpoint-url", &moto.url]);
    let identity = world.finish(command, "");
    assert_eq!(identity.code, Some(0), "{}", identity.stderr);
}
