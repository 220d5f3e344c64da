//! Forty programs that need one role at the same moment, each with a `credential_process` of its own.

use fakes::identity_center::Operation;
use fakes::{FakeIdentityCenter, TestEnv};

use crate::identity_center::{assert_done, config, fake, instance, world_of};

const PROCESSES: usize = 40;

/// Signed in, under a passphrase, with a running server that has no slot with the role.
fn world(fake: &FakeIdentityCenter) -> (TestEnv, fakes::Running) {
    let mut world = world_of(fake);
    let config = config(&instance("corp", fake)).replace("SecureStore: json", "SecureStore: file");
    world.write(".aws-sso/config.yaml", &config);
    world.set("AWS_SSO_FILE_PASSWORD", "a passphrase");
    assert_done(&world.run(&["login"]));
    let server = world.serve(&["--load", "Team1Dev:ReadOnlyAccess"]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    fake.forget_calls();
    (world, server)
}

#[test]
fn forty_processes_fetch_a_role_once_and_work_out_its_passphrase_once() {
    let fake = fake();
    let (world, _server) = world(&fake);
    let outputs: Vec<_> = std::thread::scope(|scope| {
        let ask = || {
            let mut command = world.command(world.binary());
            command.args([
                "--log-level",
                "debug",
                "process",
                "-A",
                "1111111",
                "-R",
                "AdministratorAccess",
            ]);
            command.output().unwrap()
        };
        let asked: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(ask)).collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    let mut said = String::new();
    for output in &outputs {
        said += &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert_eq!(output.stdout, outputs[0].stdout);
    }
    assert_eq!(fake.count(Operation::GetRoleCredentials), 1);
    if fakes::needs(!said.contains("cannot be shared"), "the keyring of the kernel") {
        assert!(said.matches("opening a key file").count() <= 1, "{said}");
    }
}
