//! `console`: a sign-in URL for a browser, from a federation endpoint of the test's own.

use std::io::Write;
use std::net::TcpListener;
use std::process::Stdio;
use std::thread::{self, JoinHandle};

use fakes::{CANARY, FakeIdentityCenter, Finished, TestEnv};

use crate::identity_center::{config, fake, instance, signed_in};

const ROLE: &str = "Team1Dev:ReadOnlyAccess";
const TOKEN: &str = "CANARY+sign/in=";
const ANSWER: &str = r#"{"SigninToken":"CANARY+sign/in="}"#;

/// Answers one request in this way, and gives what was asked.
fn answer_once(world: &mut TestEnv, status: u16, body: &'static str) -> JoinHandle<String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    world.set("AWS_ENDPOINT_URL_SIGNIN", &format!("http://{address}"));
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        while !is_whole(&asked) {
            let read = fakes::read_once(&stream, &mut buffer).unwrap();
            assert_ne!(read, 0, "the request ends too early");
            asked.extend_from_slice(&buffer[..read]);
        }
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        String::from_utf8(asked).unwrap()
    })
}

fn is_whole(asked: &[u8]) -> bool {
    let asked = String::from_utf8_lossy(asked).to_lowercase();
    let Some((head, body)) = asked.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_some_and(|length| length.parse() == Ok(body.len()))
}

/// What it prints may hold a secret; what it says must not.
fn console(world: &TestEnv, arguments: &[&str]) -> Finished {
    let mut command = world.command(world.binary());
    command.arg("console").args(arguments).stdin(Stdio::null());
    let finished = Finished::from(command.output().unwrap());
    assert!(!finished.stderr.contains(CANARY), "{}", finished.stderr);
    finished
}

fn with_config(world: &TestEnv, fake: &FakeIdentityCenter, more: &str) {
    world.write(".aws-sso/config.yaml", &(config(&instance("corp", fake)) + more));
}

#[test]
fn the_url_signs_in_to_the_home_page_of_the_roles_region() {
    let fake = fake();
    let mut world = signed_in(&fake);
    with_config(&world, &fake, "DefaultRegion: eu-west-3\n");
    let endpoint = answer_once(&mut world, 200, ANSWER);
    let shown = console(&world, &["-p", ROLE, "--print"]);
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
    let (start, query) = shown.stdout.trim_end().split_once('?').unwrap();
    assert!(start.starts_with("http://127.0.0.1:") && start.ends_with("/federation"), "{start}");
    assert_eq!(
        query,
        "Action=login&Issuer=https%3A%2F%2Fcorp.awsapps.com%2Fstart&Destination=https%3A%2F%2F\
         console.aws.amazon.com%2Fconsole%2Fhome%3Fregion%3Deu-west-3&SigninToken=CANARY%2Bsign%2Fin%3D"
    );
    let asked = endpoint.join().unwrap();
    let (head, body) = asked.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /federation HTTP/1.1\r\n"), "{head}");
    assert!(!head.contains(CANARY), "secrets are in the body alone: {head}");
    assert!(
        body.starts_with("Action=getSigninToken&Session=%7B%22sessionId%22%3A%22ASIA"),
        "{body}"
    );
    assert!(body.contains("sessionToken") && body.contains(CANARY));
}

#[test]
fn a_page_and_a_duration_can_be_chosen() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let endpoint = answer_once(&mut world, 200, ANSWER);
    let page = "https://console.aws.amazon.com/s3/home?region=eu-central-1#a&b";
    let arguments = ["-p", ROLE, "--print", "--destination", page, "--duration", "90m"];
    let shown = console(&world, &arguments);
    let encoded = "Destination=https%3A%2F%2Fconsole.aws.amazon.com%2Fs3%2Fhome%3Fregion%3Deu-central-1%23a%26b&";
    assert!(shown.stdout.contains(encoded), "{}", shown.stdout);
    assert!(endpoint.join().unwrap().contains("SessionDuration=5400"));
}

/// The page that the sign-in URL on stdout leads to.
#[track_caller]
fn destination(shown: &Finished) -> String {
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    let (_, rest) = shown.stdout.split_once("&Destination=").unwrap();
    let encoded = rest.split('&').next().unwrap();
    percent_encoding::percent_decode_str(encoded).decode_utf8().unwrap().into_owned()
}

#[test]
fn a_service_is_opened_in_the_region_of_the_flag_the_environment_or_the_role() {
    let fake = fake();
    let mut world = signed_in(&fake);
    with_config(&world, &fake, "DefaultRegion: eu-west-3\n");
    let page = |world: &mut TestEnv, flags: &[&str]| {
        answer_once(world, 200, ANSWER);
        destination(&console(world, &[&["-p", ROLE, "--print"], flags].concat()))
    };
    let ec2 = |region| format!("https://{region}.console.aws.amazon.com/ec2/home?region={region}");
    assert_eq!(page(&mut world, &["--service", "ec2"]), ec2("eu-west-3"));
    world.set("AWS_DEFAULT_REGION", "eu-north-1");
    assert_eq!(page(&mut world, &["-s", "EC2"]), ec2("eu-north-1"));
    assert_eq!(page(&mut world, &["-s", "ec2", "--region", "us-east-2"]), ec2("us-east-2"));
    let home = "https://console.aws.amazon.com/console/home?region=us-east-2";
    assert_eq!(page(&mut world, &["--region", "us-east-2"]), home);
    assert_eq!(page(&mut world, &["-s", "iam"]), "https://console.aws.amazon.com/iam/home");
    // The region of another partition is left out, unless somebody asks for it.
    world.set("AWS_DEFAULT_REGION", "cn-north-1");
    assert_eq!(page(&mut world, &["-s", "ec2"]), "https://console.aws.amazon.com/ec2/home");
    let refused = console(&world, &["-p", ROLE, "--print", "--region", "cn-north-1"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    let told = "error: the region cn-north-1 is not in the partition aws of the role `Team1Dev:ReadOnlyAccess`\n\
                hint: Leave out --region.\n";
    assert_eq!(refused.stderr, told);
}

#[test]
fn a_page_outside_of_the_roles_console_is_refused_before_aws_is_asked() {
    let fake = fake();
    let mut world = signed_in(&fake);
    world.set("AWS_ENDPOINT_URL_SIGNIN", "http://127.0.0.1:1");
    for (page, told) in [
        (
            "https://evil.example/",
            "must be a page of AWS, which is on a host such as console.aws.amazon.com",
        ),
        ("https://aws.amazon.com.evil.example/", "must be a page of AWS"),
        (
            "https://evil.example\\@console.aws.amazon.com/",
            "must be the https:// URL of a console page",
        ),
        ("http://console.aws.amazon.com/", "must be the https:// URL of a console page"),
        (
            "https://console.amazonaws.cn/",
            "error: the page is on console.amazonaws.cn, but the role is in the partition aws",
        ),
    ] {
        let refused = console(&world, &["-p", ROLE, "--print", "--destination", page]);
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{page}");
        assert!(refused.stderr.contains(told), "{page}: {}", refused.stderr);
    }
    let odd = console(&world, &["-p", ROLE, "--print", "--service", "../x"]);
    assert_eq!(odd.code, Some(2));
    assert!(odd.stderr.contains("must be the name of a service, such as ec2 or s3"), "{odd:?}");
}

#[test]
fn a_container_of_the_browser_has_the_colour_and_the_icon_of_the_role() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let opens =
        "UrlExecCommand: [sh, -c, 'echo \"$0\" > opened.new; mv opened.new opened', '%s']\n";
    let tags = "    Accounts:\n      1111111:\n        Tags: {Color: red}\n        Roles:\n          \
                ReadOnlyAccess:\n            Tags: {Icon: tree}\n";
    let text = config(&(instance("corp", &fake) + tags));
    let text: Vec<_> = text.lines().filter(|line| !line.starts_with("Url")).collect();
    for action in ["open-url-in-container", "granted-containers"] {
        let text = format!("{}\nUrlAction: {action}\n{opens}", text.join("\n"));
        world.write(".aws-sso/config.yaml", &text);
        answer_once(&mut world, 200, ANSWER);
        let shown = console(&world, &["-A", "1111111", "-R", "ReadOnlyAccess"]);
        assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), ""), "{}", shown.stderr);
        let opened = world.home().join("opened");
        while !opened.exists() {
            thread::yield_now();
        }
        let url = std::fs::read_to_string(&opened).unwrap();
        std::fs::remove_file(&opened).unwrap();
        let scheme = action.trim_start_matches("open-url-in-");
        assert!(url.starts_with(&format!("ext+{scheme}:name=")), "{url}");
        assert!(url.ends_with("&color=red&icon=tree\n"), "{url}");
    }
}

#[test]
fn an_action_on_the_line_comes_before_that_of_the_config_file() {
    let fake = fake();
    let mut world = signed_in(&fake);
    for words in [["-u", "print", "console"], ["console", "--url-action", "printurl"]] {
        answer_once(&mut world, 200, ANSWER);
        let mut command = world.command(world.binary());
        let shown = Finished::from(command.args(words).args(["-p", ROLE]).output().unwrap());
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""), "{words:?}");
        assert!(shown.stdout.contains("/federation?Action=login"), "{}", shown.stdout);
    }
    let both = console(&world, &["-p", ROLE, "--print", "-u", "clip"]);
    assert_eq!(both.code, Some(2), "{}", both.stderr);
}

#[test]
fn the_duration_of_the_config_file_counts_unless_one_is_given() {
    let fake = fake();
    let mut world = signed_in(&fake);
    with_config(&world, &fake, "ConsoleDuration: 720\n");
    for (arguments, seconds) in [(&[][..], 43_200), (&["--duration", "15m"], 900)] {
        let endpoint = answer_once(&mut world, 200, ANSWER);
        let shown = console(&world, &[&["-p", ROLE, "--print"], arguments].concat());
        assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), ""));
        assert!(endpoint.join().unwrap().contains(&format!("SessionDuration={seconds}")));
    }
}

#[test]
fn the_url_is_passed_to_the_browser_and_not_printed() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let opens =
        "UrlExecCommand: [sh, -c, 'echo \"$0\" > opened.new; mv opened.new opened', '%s']\n";
    let config = config(&instance("corp", &fake));
    let config: Vec<_> = config.lines().filter(|line| !line.starts_with("UrlExec")).collect();
    world.write(".aws-sso/config.yaml", &format!("{}\n{opens}", config.join("\n")));
    answer_once(&mut world, 200, ANSWER);
    let shown = console(&world, &["-p", ROLE]);
    assert_eq!((shown.code, shown.stdout.as_str()), (Some(0), ""), "{}", shown.stderr);
    let told = "Opening the AWS console as `Team1Dev:ReadOnlyAccess`. The credentials expire in ";
    assert!(shown.stderr.starts_with(told), "{}", shown.stderr);
    let opened = world.home().join("opened");
    while !opened.exists() {
        thread::yield_now();
    }
    let url = std::fs::read_to_string(opened).unwrap();
    assert!(url.ends_with("SigninToken=CANARY%2Bsign%2Fin%3D\n"), "{url}");
}

#[test]
fn the_answer_of_the_endpoint_is_never_shown() {
    let fake = fake();
    let mut world = signed_in(&fake);
    for (status, body, code, told) in [
        (400, ANSWER, 1, "error: AWS refuses these credentials for the console (HTTP 400)\n"),
        (500, ANSWER, 1, "is not available: HTTP 500\n"),
        (302, ANSWER, 1, "is not available: HTTP 302\n"),
        (200, "CANARY", 1, "is not available: the answer is not from AWS\n"),
    ] {
        answer_once(&mut world, status, body);
        let failed = console(&world, &["-p", ROLE, "--print"]);
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(code), ""));
        assert!(failed.stderr.contains(told), "{}", failed.stderr);
    }
    answer_once(&mut world, 400, ANSWER);
    let failed = console(&world, &["-p", ROLE, "--print", "--duration", "12h"]);
    assert!(failed.stderr.contains("Leave out --duration"), "{}", failed.stderr);
    assert!(!failed.stderr.contains(TOKEN));
}

#[test]
fn without_a_browser_the_hint_names_print() {
    let fake = fake();
    let mut world = signed_in(&fake);
    let config = config(&instance("corp", &fake));
    let config: Vec<_> = config.lines().filter(|line| !line.starts_with("Url")).collect();
    world.write(".aws-sso/config.yaml", &config.join("\n"));
    world.set("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22");
    let refused = console(&world, &["-p", ROLE]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    let told = "no browser can be opened on this machine, because this is an SSH session";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
    assert!(refused.stderr.contains("aws-sso console --print"), "{}", refused.stderr);
}
