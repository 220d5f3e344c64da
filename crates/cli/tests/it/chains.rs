//! `--chain`: roles that are assumed from the one that a person names, at an STS of the test's own. (conformance/ uses moto's.)

use std::io::Write as _;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use fakes::{CANARY, Finished, TestEnv};
use serde_json::Value;

use crate::identity_center::{assert_done, fake, signed_in};
use crate::{session, world};

const ROLE: &str = "Team1Dev:ReadOnlyAccess";
const HOP: &str = "arn:aws:iam::222222222222:role/Hop";
const OPS: &str = "arn:aws:iam::333333333333:role/team/x/Ops";

/// Starts an STS that answers AssumeRole with a key that is named after the role, and gives what was asked: the access
/// key that signed the call, and the ARN of the role.
pub(crate) fn sts(world: &mut TestEnv) -> Receiver<(String, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    world.set("AWS_ENDPOINT_URL_STS", &format!("http://{}", listener.local_addr().unwrap()));
    let (sender, asked) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = request(&stream);
            if !asked.contains("RoleArn=") {
                let refused = b"HTTP/1.1 403 X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                stream.write_all(refused).unwrap();
                continue;
            }
            let key = between(&asked, "Credential=", "/").to_owned();
            let arn = between(&asked, "RoleArn=", "&");
            let arn = percent_encoding::percent_decode_str(arn).decode_utf8().unwrap().into_owned();
            let role = arn.rsplit('/').next().unwrap();
            let answer = format!(
                "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA{role}</AccessKeyId>\
                 <SecretAccessKey>CANARY-secret</SecretAccessKey><SessionToken>CANARY-token</SessionToken>\
                 <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
            );
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                answer.len()
            );
            stream.write_all(format!("{head}{answer}").as_bytes()).unwrap();
            sender.send((key, arn)).unwrap();
        }
    });
    asked
}

fn request(stream: &std::net::TcpStream) -> String {
    let (mut asked, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = fakes::read_once(stream, &mut buffer).unwrap();
        asked.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&asked);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length =
            between(&head.to_lowercase(), "content-length: ", "\r").parse::<usize>().unwrap();
        if read == 0 || body.len() >= length {
            return text.into_owned();
        }
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split(end).next().unwrap()
}

fn run(world: &TestEnv, arguments: &[&str]) -> Finished {
    let mut command = world.command(world.binary());
    let finished = Finished::from(command.args(arguments).stdin(Stdio::null()).output().unwrap());
    assert!(!finished.stderr.contains(CANARY), "{}", finished.stderr);
    finished
}

#[test]
fn each_role_of_the_chain_is_assumed_with_the_one_before() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let asked = sts(&mut world);
    let chain = ["process", "-p", ROLE, "--chain", HOP, "--chain", OPS];
    let printed = run(&world, &chain);
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    let json: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(json["AccessKeyId"], "ASIAOps");
    assert_eq!(json["AccountId"], "333333333333");
    let calls: Vec<_> = asked.try_iter().collect();
    let [(portal, first), (hop, second)] = calls.as_slice() else { panic!("{calls:?}") };
    assert_eq!(fake.issued(portal).unwrap().role_name, "ReadOnlyAccess");
    assert_eq!((first.as_str(), hop.as_str(), second.as_str()), (HOP, "ASIAHop", OPS));
}

#[test]
fn a_command_gets_the_last_role_and_its_names() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let _asked = sts(&mut world);
    let names = "echo $AWS_SSO_PROFILE $AWS_SSO_ACCOUNT_ID $AWS_SSO_ROLE_NAME $AWS_ACCESS_KEY_ID";
    let chain = ["exec", "-p", ROLE, "--chain", OPS];
    for (flags, key) in [(&["--static"][..], " ASIAOps"), (&[], "")] {
        let shown = run(&world, &[&chain[..], flags, &["--", "sh", "-c", names]].concat());
        let expected = format!("333333333333:Ops 333333333333 Ops{key}\n");
        assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), expected.as_str()), "{shown:?}");
    }
}

#[test]
fn within_a_command_the_last_role_of_its_chain_is_the_current_one() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let asked = sts(&mut world);
    let binary = world.binary().display().to_string();
    let within =
        format!("{binary} exec --static -- sh -c 'echo $AWS_SSO_PROFILE $AWS_ACCESS_KEY_ID'");
    let shown = run(&world, &["exec", "-p", ROLE, "--chain", OPS, "--", "sh", "-c", &within]);
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), "333333333333:Ops ASIAOps\n"));
    assert_eq!(shown.stderr, "Using the role `333333333333:Ops` of AWS_SSO_PROFILE.\n");
    assert_eq!(asked.try_iter().count(), 1);
}

#[test]
fn the_server_keeps_a_chained_role_fresh_and_process_finds_it_there() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let asked = sts(&mut world);
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    let loaded = run(&world, &["ecs", "load", "--slotted", "-p", ROLE, "--chain", OPS]);
    assert_done(&loaded);
    assert!(loaded.stderr.contains("Loaded `333333333333:Ops`"), "{}", loaded.stderr);
    assert!(loaded.stderr.contains("keeps it fresh"), "{}", loaded.stderr);
    let status = server.get("/status").1;
    assert!(status.contains(&format!("ReadOnlyAccess > {OPS}")), "{status}");
    // Without a sign-in of its own, only the server can give it.
    let calls = asked.try_iter().count();
    let empty = world.home().join("elsewhere").to_str().unwrap().to_owned();
    world.set("XDG_STATE_HOME", &empty);
    let printed = run(&world, &["process", "-p", ROLE, "--chain", OPS]);
    assert!(printed.stdout.contains("ASIAOps"), "{printed:?}");
    assert_eq!(asked.try_iter().count(), 0, "after {calls}");
    let other = run(&world, &["process", "-p", ROLE, "--chain", HOP]);
    assert_eq!((other.code, other.stdout.as_str()), (Some(3), ""), "{other:?}");
}

#[test]
fn a_chain_that_cannot_be_is_refused_before_aws_is_asked() {
    let fake = fake();
    let world = signed_in(&fake);
    let eleven = ["--chain", HOP].repeat(11);
    let refused = run(&world, &[&["process", "-p", ROLE], &eleven[..]].concat());
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    let told = "error: the chain has 11 roles after `Team1Dev:ReadOnlyAccess`, and at most 10 are possible\n";
    assert_eq!(refused.stderr, told);
    let wrong = run(&world, &["process", "-p", ROLE, "--chain", "Ops"]);
    assert_eq!(wrong.code, Some(2));
    assert!(wrong.stderr.contains("arn:aws:iam::123456789012:role/Name"), "{}", wrong.stderr);
    let stdin = ["ecs", "load", "--from-stdin", "--chain", OPS];
    let refused = world.run_with_input(&stdin, &session("ASIA1"));
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

#[test]
fn a_chain_from_another_profile_belongs_into_the_aws_config() {
    let world = world();
    world.write(".aws/config", "[profile dev]\ncredential_process = false\n");
    let refused = run(&world, &["exec", "-p", "dev", "--chain", OPS, "--", "true"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    let told = "error: --chain starts from a role of IAM Identity Center, and `dev` is another kind of profile of the AWS config\n\
                hint: Write the chain as a profile of the AWS config, and use that: role_arn = \
                arn:aws:iam::333333333333:role/team/x/Ops and source_profile = dev\n";
    assert_eq!(refused.stderr, told);
}
