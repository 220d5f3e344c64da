//! AWS and its clock, who is signed in, and the files of a person.

use fakes::FakeIdentityCenter;
use fakes::identity_center::{Fault, Operation, Options};

use super::{found, set_mode, sick, take_over};
use crate::identity_center::{config, fake, instance, signed_in, world_of};

#[test]
fn doctor_reports_a_wrong_clock_and_an_aws_that_does_not_answer() {
    let fake = FakeIdentityCenter::start(Options {
        auto_approve: true,
        clock_offset_seconds: 14 * 60,
        ..Options::default()
    });
    let world = signed_in(&fake);
    let mend = found(&world, "problem", "clock is 14 minutes behind AWS's");
    assert_eq!(mend, "sudo timedatectl set-ntp true");
    fake.fault_always(Operation::ListAccounts, Fault::Garbage);
    found(&world, "problem", "AWS does not answer for IAM Identity Center in eu-central-1");
}

#[test]
fn doctor_reports_a_missing_sign_in_and_the_command_that_signs_in() {
    let fake = fake();
    let world = signed_in(&fake);
    assert_eq!(world.run(&["logout"]).code, Some(0));
    fake.forget_calls();
    let mend = found(&world, "warning", "nobody is signed in to `corp`");
    assert_eq!(mend, "aws-sso login");
    let mut typed = world.command("sh");
    typed.args(["-c", &mend.replace("aws-sso", world.binary().to_str().unwrap())]);
    assert_eq!(world.finish(typed, "").code, Some(0));
    let sick = sick(&world);
    assert!(!sick.iter().any(|(_, said, _)| said.contains("signed in")), "{sick:#?}");
}

#[test]
fn doctor_reports_a_missing_keyring_before_the_first_sign_in() {
    let fake = fake();
    let world = world_of(&fake);
    let file = config(&instance("corp", &fake)).replace("json", "secret-service");
    world.write(".aws-sso/config.yaml", &file);
    let mend = found(&world, "problem", "the sign-in to `corp` cannot be read: the Secret Service");
    assert!(mend.contains("SecureStore: file"), "{mend}");
}

#[test]
fn files_that_others_can_open_are_closed() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let folder = world.home().join(".local/state/aws-sso");
    for (path, mode, fault) in [
        (folder.clone(), 0o755, "is a folder that other users can open"),
        (folder.join("corp.json"), 0o640, "can be read or written by other users"),
    ] {
        set_mode(path.to_str().unwrap(), mode);
        let said = format!("{} {fault}: what is in it opens your sign-ins", path.display());
        let mend = found(&world, "problem", &said);
        take_over(&mut world, &mend);
        assert!(!sick(&world).iter().any(|(_, said, _)| said.contains("other users")));
    }
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let fake = fake();
    let world = world_of(&fake);
    world.write(".aws-sso/config.yaml", "SSOConfig: [\n");
    found(&world, "problem", "config.yaml");
    world.write(
        ".aws-sso/config.yaml",
        &format!("{}Colour: red\n", config(&instance("corp", &fake))),
    );
    found(&world, "warning", "Colour");
    world.write(".aws/config", "[default\n");
    let mend = found(&world, "problem", ".aws/config");
    assert_eq!(mend, format!("${{EDITOR:-vi}} +1 {}", world.home().join(".aws/config").display()));
}
