//! Chains of roles: the first from the fake IAM Identity Center, the others assumed at moto's STS.

use std::time::{Duration, Instant};

use fakes::identity_center::Options;
use fakes::{FakeIdentityCenter, TestEnv, port_of_our_own};

use crate::{Moto, sdks, world};

/// An environment that is signed in, with these roles of the account 222222222222 in config.yaml.
fn signed_in(moto: &Moto, fake: &FakeIdentityCenter, roles: &str) -> TestEnv {
    let accounts = "    Accounts:\n      222222222222:\n        Name: Vault\n        Roles:\n";
    sign_in(world(moto), fake, &(accounts.to_owned() + roles))
}

/// Signs an environment in, with additional configuration of the instance.
pub(crate) fn sign_in(mut world: TestEnv, fake: &FakeIdentityCenter, accounts: &str) -> TestEnv {
    world.set("AWS_ENDPOINT_URL_SSO", fake.url()).set("AWS_ENDPOINT_URL_SSO_OIDC", fake.url());
    let (python, region, start_url) = (sdks().join("bin/python"), fake.region(), fake.start_url());
    world.write(
        ".aws-sso/config.yaml",
        &format!(
            "SSOConfig:\n  corp:\n    SSORegion: {region}\n    StartUrl: {start_url}\n{accounts}\
             SecureStore: json\nUrlAction: exec\nUrlExecCommand: ['{}', -c, \
             'import urllib.request,sys;urllib.request.urlopen(sys.argv[1])', '%s']\n",
            python.display()
        ),
    );
    let signed_in = world.run(&["login"]);
    assert_eq!(signed_in.code, Some(0), "{}", signed_in.stderr);
    world
}

const ROLES: &str = "          Hop:
            Via: 1111111:AdministratorAccess
          Last:
            Via: arn:aws:iam::222222222222:role/Hop
            ExternalId: agreed
            SourceIdentity: alice
          Loop:
            Via: 222222222222:Loop
";

#[test]
fn a_chain_of_roles_ends_at_the_last_one() {
    let (moto, fake) = (Moto::start(), fake());
    let world = signed_in(&moto, &fake, ROLES);
    let server = world.serve(&["--load", "Vault:Last"]);
    let body = server.get("/").1;
    assert!(body.contains("arn:aws:iam::222222222222:role/Last"), "{body}");
    // AWS tells an SDK with these credentials the same role.
    let mut command = world.command(sdks().join("bin/aws"));
    command.args(["sts", "get-caller-identity", "--endpoint-url", &moto.url]);
    command.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", server.url("/creds"));
    let identity = world.finish(command, "");
    assert_eq!(identity.code, Some(0), "{}", identity.stderr);
    let session = "arn:aws:sts::222222222222:assumed-role/Last/Hop@222222222222";
    assert!(identity.stdout.contains(session), "{}", identity.stdout);
}

#[test]
fn a_chain_that_leads_back_to_itself_is_an_error() {
    let (moto, fake) = (Moto::start(), fake());
    let world = signed_in(&moto, &fake, ROLES);
    let failed = world.run(&["ecs", "load", "--profile", "Vault:Loop"]);
    assert_eq!(failed.code, Some(1));
    assert!(
        failed.stderr.contains("Via of the role Vault:Loop leads back to itself"),
        "{}",
        failed.stderr
    );
}

#[test]
fn a_profile_with_an_sso_session_uses_our_sign_in() {
    let (moto, fake) = (Moto::start(), fake());
    let world = signed_in(&moto, &fake, ROLES);
    world.write(
        ".aws/config",
        &format!(
            "[sso-session corp]\nsso_start_url = {}\nsso_region = {}\n\
             [profile base]\nsso_session = corp\nsso_account_id = 000001111111\n\
             sso_role_name = AdministratorAccess\n\
             [profile far]\nrole_arn = arn:aws:iam::333333333333:role/Far\nsource_profile = base\n\
             role_session_name = me\n",
            fake.start_url(),
            fake.region()
        ),
    );
    let server = world.serve(&["--load", "far"]);
    let body = server.get("/").1;
    assert!(body.contains("arn:aws:iam::333333333333:role/Far"), "{body}");
}

#[test]
fn chains_and_profiles_are_loaded_again_after_a_kill() {
    let (moto, fake) = (Moto::start(), fake());
    let world = signed_in(&moto, &fake, ROLES);
    world.write(
        ".aws/config",
        "[profile base]\naws_access_key_id = AKIABASE\naws_secret_access_key = CANARY-base\n\
         [profile ops]\nrole_arn = arn:aws:iam::123456789012:role/Ops\nsource_profile = base\n",
    );
    let slots = [("Vault:Last", "222222222222:role/Last"), ("ops", "123456789012:role/Ops")];
    let port = port_of_our_own();
    let server = world.serve_on(port, &[]);
    for (name, _) in slots {
        let load = ["ecs", "load", "--slotted", "--profile", name, "--server", &server.address()];
        assert_eq!(world.run(&load).code, Some(0));
    }
    let before = slots.map(|(name, _)| server.get(&format!("/slot/{name}")).1);
    server.signal("KILL");
    server.wait();
    let server = world.serve_on(port, &[]);
    for ((name, arn), before) in slots.iter().zip(&before) {
        let start = Instant::now();
        let after = loop {
            match server.get(&format!("/slot/{name}")) {
                (200, body) => break body,
                (503, _) if start.elapsed() < Duration::from_secs(30) => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                other => panic!("{name}: {other:?}"),
            }
        };
        assert!(after.contains(arn) && before.contains(arn) && after != *before, "{name}");
    }
}

fn fake() -> FakeIdentityCenter {
    FakeIdentityCenter::start(Options { auto_approve: true, ..Options::default() })
}
