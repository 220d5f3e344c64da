//! A running server whose files become unreadable.

use std::fs;

use crate::identity_center::signed_in;

use super::{ROLE, fake, key_id, load, until};

/// Credentials of eight seconds, with another key id each second.
const SCRIPT: &str = "end=$(date -u -d '+8 seconds' +%FT%TZ)
printf '{\"Version\":1,\"AccessKeyId\":\"ASIA%s\",\"SecretAccessKey\":\"CANARY-s\",\"SessionToken\":\"CANARY-t\",\"Expiration\":\"%s\"}' $(date +%s) $end
";

#[test]
fn a_file_that_becomes_unreadable_takes_no_slot_from_a_running_server() {
    let fake = fake(8);
    let world = signed_in(&fake);
    world.write("process.sh", SCRIPT);
    let script = world.home().join("process.sh");
    let profile = format!("[profile x]\ncredential_process = sh {}\n", script.display());
    world.write(".aws/config", &profile);
    let server = world.serve(&[]);
    load(&world, &server, &["--profile", ROLE]);
    load(&world, &server, &["--slotted", "--profile", "x"]);
    let both_are_refreshed = |when: &str| {
        let before = ["/", "/slot/x"].map(|target| key_id(&server, target).expect(when));
        until(when, || {
            let now = ["/", "/slot/x"].map(|target| key_id(&server, target).expect(when));
            now[0] != before[0] && now[1] != before[1]
        });
    };
    both_are_refreshed("with its files");
    let odd = format!("  odd = x\n[open\n{profile}region = a\nregion = b\n[sso-session x]\ny\n");
    world.write(".aws/config", &odd);
    both_are_refreshed("with odd lines in the AWS config");
    world.write(".aws-sso/config.yaml", "SSOConfig: [\n");
    fs::remove_file(world.home().join(".aws/config")).unwrap();
    fs::create_dir(world.home().join(".aws/config")).unwrap();
    both_are_refreshed("with files that cannot be read");
}
