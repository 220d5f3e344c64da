//! IAM Identity Center with the real binary: setup, sign-in, lists, loading, sign-out. The browser is a line of
//! Python, the fake approves by itself. (With a real browser and STS: conformance/.)

mod access_token;
mod failing;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use fakes::identity_center::{Fault, Operation, Options};
use fakes::{FakeIdentityCenter, Finished, SmallDisk, TestEnv};

use crate::world;

/// What opens the URL, follows its redirects, and so comes back to us.
const BROWSER: &str = "import urllib.request,sys;urllib.request.urlopen(sys.argv[1])";

pub(crate) fn fake() -> FakeIdentityCenter {
    FakeIdentityCenter::start(Options { auto_approve: true, ..Options::default() })
}

/// A world whose AWS is the fake.
pub(crate) fn world_of(fake: &FakeIdentityCenter) -> TestEnv {
    let mut world = world();
    world.set("AWS_ENDPOINT_URL_SSO", fake.url()).set("AWS_ENDPOINT_URL_SSO_OIDC", fake.url());
    world
}

/// What a config.yaml says beside its instances: no keyring, and our browser.
pub(crate) fn config(instances: &str) -> String {
    // Wherever it is on this machine: a sealed world has a short PATH.
    let which = Command::new("sh").args(["-c", "command -v python3"]).output().unwrap();
    let python = String::from_utf8(which.stdout).unwrap();
    format!(
        "SSOConfig:\n{instances}SecureStore: json\nUrlAction: exec\n\
         UrlExecCommand: [{}, -c, '{BROWSER}', '%s']\n",
        python.trim()
    )
}

pub(crate) fn instance(name: &str, fake: &FakeIdentityCenter) -> String {
    format!("  {name}:\n    SSORegion: {}\n    StartUrl: {}\n", fake.region(), fake.start_url())
}

/// A world that is configured and signed in.
pub(crate) fn signed_in(fake: &FakeIdentityCenter) -> TestEnv {
    let world = world_of(fake);
    world.write(".aws-sso/config.yaml", &config(&instance("corp", fake)));
    assert_done(&world.run(&["login"]));
    world
}

/// The token on the disk has ended, and the portal takes it no more.
pub(crate) fn end_access_token(world: &TestEnv, fake: &FakeIdentityCenter) {
    let item = world.home().join(".local/state/aws-sso/corp.json");
    let mut json: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&item).unwrap()).unwrap();
    json["session"]["expires_at"] = 1_000_000_000.into();
    std::fs::write(&item, json.to_string()).unwrap();
    fake.expire_access_tokens();
    fake.forget_calls();
}

#[track_caller]
pub(crate) fn assert_done(finished: &Finished) {
    assert_eq!(finished.code, Some(0), "{}{}", finished.stdout, finished.stderr);
}

#[track_caller]
pub(crate) fn assert_fails(finished: &Finished, code: i32, said: &[&str]) {
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(code), ""), "{}", finished.stderr);
    for said in said {
        assert!(finished.stderr.contains(said), "{said:?} is not in: {}", finished.stderr);
    }
}

#[test]
fn list_reuses_the_names_that_the_sign_in_stored() {
    let fake = fake();
    let world = signed_in(&fake);
    let names = world.home().join(".cache/aws-sso/corp.names");
    let made = std::fs::metadata(&names).unwrap().modified().unwrap();
    assert!(world.run(&["list"]).stdout.contains("ReadOnlyAccess"));
    assert_eq!(std::fs::metadata(&names).unwrap().modified().unwrap(), made);
}

#[test]
fn a_program_that_opens_the_url_is_not_given_the_password() {
    let fake = fake();
    let mut world = world_of(&fake);
    let seen = "[sh, -c, 'env > seen; exec \"$@\"', sh, ";
    let config = config(&instance("corp", &fake))
        .replace("UrlExecCommand: [", &format!("UrlExecCommand: {seen}"));
    world.write(".aws-sso/config.yaml", &config);
    world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
    assert_done(&world.run(&["login"]));
    let environment = std::fs::read_to_string(world.home().join("seen")).unwrap();
    assert!(environment.contains("AWS_ENDPOINT_URL_SSO="), "{environment}");
    assert!(!environment.contains("AWS_SSO_FILE_PASSWORD"), "{environment}");
}

#[test]
fn from_nothing_to_a_loaded_role_in_three_commands() {
    let fake = fake();
    let mut world = world_of(&fake);
    world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
    assert_done(&world.run(&["setup", "--start-url", fake.start_url(), "--region", fake.region()]));
    let signed_in = world.run(&["login", "--device-code"]);
    assert_done(&signed_in);
    assert!(
        signed_in.stderr.contains("Check that the page shows this code"),
        "{}",
        signed_in.stderr
    );
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let loaded =
        world.run(&["ecs", "load", "--account", "1111111", "--role", "AdministratorAccess"]);
    assert_done(&loaded);
    assert!(loaded.stderr.contains("Loaded `Team1Dev:AdministratorAccess`"), "{}", loaded.stderr);
    let (status, body) = server.get("/");
    assert_eq!(status, 200);
    let arn = "arn:aws:iam::000001111111:role/AdministratorAccess";
    assert!(body.contains(arn) && body.contains("\"AccountId\":\"000001111111\""), "{body}");
}

#[test]
fn setup_says_what_is_missing_and_changes_no_file_that_is_there() {
    let fake = fake();
    let world = world_of(&fake);
    assert_fails(
        &world.run(&["setup"]),
        1,
        &["--start-url is missing", "hint: Run: aws-sso setup"],
    );
    world.write(".config/aws-sso/config.yaml", &config(&instance("corp", &fake)));
    let arguments =
        ["setup", "--start-url", "https://other.awsapps.com/start", "--region", "eu-west-1"];
    let shown = world.run(&[&arguments[..], &["--name", "other"]].concat());
    assert_done(&shown);
    assert!(shown.stdout.contains("  \"other\":\n    SSORegion: eu-west-1\n"), "{}", shown.stdout);
    let other = world.run(&[&arguments[..], &["--name", "Corp"]].concat());
    assert_fails(&other, 1, &["has another `Corp`", "Choose another name"]);
    let file = std::fs::read_to_string(world.home().join(".config/aws-sso/config.yaml")).unwrap();
    assert_eq!(file, config(&instance("corp", &fake)));
}

#[test]
fn nobody_is_asked_to_sign_in_unless_they_want_to() {
    let fake = fake();
    let world = world_of(&fake);
    world.write(".aws-sso/config.yaml", &config(&instance("corp", &fake)));
    for command in [
        &["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess"][..],
        &["ecs", "load", "--profile", "Team1Dev:ReadOnlyAccess"],
        &["cache"],
    ] {
        assert_fails(&world.run(command), 3, &["nobody is signed in to `corp`", "aws-sso login"]);
    }
    let unknown = world.run(&["list"]);
    assert!(
        unknown.stderr.contains("The roles of `corp` are not known yet."),
        "{}",
        unknown.stderr
    );
    assert_eq!(fake.calls().len(), 0, "nothing was asked of AWS, and no browser was opened");
}

#[test]
fn with_auto_login_a_command_on_a_terminal_signs_in() {
    let fake = fake();
    let mut world = world_of(&fake);
    let config = config(&instance("corp", &fake)) + "AutoLogin: true\n";
    world.write(".aws-sso/config.yaml", &config);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let load = ["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess"];
    assert_fails(&world.run(&load), 3, &["nobody is signed in"]);
    // On a terminal, where a person sees what is going on.
    let mut command = world.command("script");
    let on_terminal = format!("{} {}", world.binary().display(), load.join(" "));
    command.args(["-qec", &on_terminal, "/dev/null"]);
    assert_done(&world.finish(command, ""));
    assert_eq!(fake.count(Operation::Authorize), 1);
    assert_eq!(server.get("/").0, 200);
}

#[test]
fn roles_are_found_by_name_account_and_arn_and_have_slots_of_their_own() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let server = world.serve(&["--load", "payments-prod:ReadOnlyAccess"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    assert!(server.get("/profile").1.contains("payments-prod:ReadOnlyAccess"));
    let arn = "arn:aws:iam::100000000002:role/ReadOnlyAccess";
    for source in [
        &["--profile", "ZürichBüro:ReadOnlyAccess"][..],
        &["--arn", arn],
        &["-A", "100000000002", "-R", "ReadOnlyAccess"],
    ] {
        assert_done(&world.run(&[&["ecs", "load", "--slotted"], source].concat()));
        let (status, body) = server.get("/slot/Z%C3%BCrichB%C3%BCro:ReadOnlyAccess");
        assert_eq!(status, 200, "{body}");
        assert!(body.contains(arn), "{body}");
        assert_done(&world.run(&["ecs", "unload", "--all"]));
    }
    assert_eq!(fake.count(Operation::GetRoleCredentials), 2, "credentials that are kept are used");
    let elsewhere =
        world.run(&["ecs", "load", "--arn", "arn:aws-cn:iam::100000000002:role/ReadOnlyAccess"]);
    assert_fails(&elsewhere, 1, &["`corp` is not in the partition of this ARN"]);
}

#[test]
fn a_role_that_is_not_yours_is_denied_by_aws_and_said_so() {
    let fake = fake();
    let world = signed_in(&fake);
    let denied = world.run(&["ecs", "load", "-A", "1111111", "-R", "Nobody"]);
    assert_fails(
        &denied,
        1,
        &[
            "AWS does not give you the role Nobody in the account 000001111111",
            "aws-sso list",
            "aws-sso cache",
        ],
    );
    let unknown = world.run(&["ecs", "load", "--profile", "nobody"]);
    assert_fails(
        &unknown,
        1,
        &["there is no role `nobody`, and no profile of that name in", "aws-sso list"],
    );
}

#[test]
fn roles_are_listed_for_people_and_programs() {
    let fake = fake();
    let world = signed_in(&fake);
    let table = world.run(&["list", "--sort", "RoleName", "--filter", "AccountAlias=*prod"]);
    let rows: Vec<_> = table.stdout.lines().collect();
    assert_eq!(rows[0], "AccountIdPad | AccountAlias  | RoleName            | Profile");
    assert!(rows[2].contains("AdministratorAccess") && rows[3].contains("ReadOnlyAccess"));
    assert_eq!(rows.len(), 4);
    let json = world.run(&["list", "--output", "json"]).stdout;
    let roles: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(roles.len(), 6);
    assert_eq!(roles[0]["AccountId"], "000001111111");
    let csv = world.run(&["list", "--output", "csv", "Profile", "SSO", "--reverse"]).stdout;
    assert!(csv.starts_with("Profile,SSO\npayments-prod:ReadOnlyAccess,corp\n"), "{csv}");
    assert_eq!(world.run(&["list", "Colour"]).code, Some(2));
    assert_eq!(world.run(&["list", "--filter", "prod"]).code, Some(2));
}

#[test]
fn who_is_signed_in_is_told_until_they_sign_out() {
    let fake = fake();
    let world = signed_in(&fake);
    let json = world.run(&["whoami", "--output", "json"]).stdout;
    let identities: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&identities[0]["SignedIn"], &identities[0]["Refreshes"]),
        (&true.into(), &true.into())
    );
    assert_done(&world.run(&["logout"]));
    assert_eq!(fake.count(Operation::Logout), 1);
    let nobody = world.run(&["whoami"]);
    assert_eq!(nobody.code, Some(3));
    assert!(nobody.stdout.contains("corp     | -    | no"), "{}", nobody.stdout);
    let load = world.run(&["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess"]);
    assert_fails(&load, 3, &["nobody is signed in"]);
}

#[test]
fn sign_out_works_locally_even_if_aws_does_not_answer() {
    let fake = fake();
    let world = signed_in(&fake);
    fake.fault_always(Operation::Logout, Fault::Disconnect);
    let failed = world.run(&["logout"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert_eq!(world.run(&["whoami"]).code, Some(3));
}

#[test]
fn a_user_of_the_aws_cli_needs_no_file_of_ours() {
    let fake = fake();
    let mut world = world_of(&fake);
    world.set("AWS_SSO_FILE_PASSWORD", "CANARY-passphrase");
    world.write(
        ".aws/config",
        &format!(
            "[sso-session corp]\nsso_start_url = {}/#/\nsso_region = {}\n\
             [profile mine]\nsso_session = corp\nsso_account_id = 000001111111\nsso_role_name = ReadOnlyAccess\n",
            fake.start_url(),
            fake.region()
        ),
    );
    let needed = world.run(&["ecs", "load", "--profile", "mine"]);
    assert_fails(&needed, 3, &["nobody is signed in to `corp`", "hint: Sign in: aws-sso login"]);
    assert_done(&world.run(&["login", "--device-code"]));
    let server = world.serve(&["--load", "mine"]);
    assert!(server.get("/").1.contains("arn:aws:iam::000001111111:role/ReadOnlyAccess"));
    let of_catalogue = "payments-prod:ReadOnlyAccess";
    let loaded =
        world.run(&["ecs", "load", "--profile", of_catalogue, "--server", &server.address()]);
    assert_done(&loaded);
    assert!(!world.home().join(".aws/sso").exists(), "the AWS CLI's own files are not written");
}

#[test]
fn two_identities_on_one_start_url_never_get_each_others_credentials() {
    let fake = fake();
    let mut world = world_of(&fake);
    let both = instance("alice", &fake) + &instance("bob", &fake);
    world.write(".aws-sso/config.yaml", &config(&both));
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    for user in ["alice", "bob"] {
        fake.set_user(user);
        assert_done(&world.run(&["login", "--sso", user]));
    }
    for user in ["alice", "bob", "alice"] {
        let load = ["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess", "--sso", user];
        assert_done(&world.run(&load));
        let body: serde_json::Value = serde_json::from_str(&server.get("/").1).unwrap();
        let issued = fake.issued(body["AccessKeyId"].as_str().unwrap()).unwrap();
        assert_eq!(issued.user, user);
    }
    let ambiguous = world.run(&["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess"]);
    assert_fails(&ambiguous, 1, &["several instances", "--sso or AWS_SSO: alice, bob"]);
}

#[test]
fn another_identity_in_the_same_place_starts_with_nothing() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let server = world.serve(&["--load", "Team1Dev:ReadOnlyAccess"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    fake.set_user("bob");
    assert_done(&world.run(&["login", "--force"]));
    assert_done(&world.run(&["ecs", "load", "--profile", "Team1Dev:ReadOnlyAccess"]));
    let body: serde_json::Value = serde_json::from_str(&server.get("/").1).unwrap();
    assert_eq!(fake.issued(body["AccessKeyId"].as_str().unwrap()).unwrap().user, "bob");
}
