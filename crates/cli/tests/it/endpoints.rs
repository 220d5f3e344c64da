//! Which hosts of AWS are called, seen by a proxy that lets nothing through.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use fakes::identity_center::Options;
use fakes::{FakeIdentityCenter, TestEnv};

use crate::identity_center::signed_in;
use crate::world;

/// A world whose only way out is a proxy that refuses, and the first host that is asked of it.
fn first_host(mut world: TestEnv, arguments: &[&str]) -> String {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    world.set("HTTPS_PROXY", &format!("http://{}", proxy.local_addr().unwrap()));
    let serving = thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n").ok();
        line
    });
    let failed = world.run(arguments);
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    serving.join().unwrap().split(' ').nth(1).unwrap().to_owned()
}

/// A world with an instance in this region, and somebody signed in until 2099.
fn world_in(region: &str, variables: &[(&str, &str)]) -> TestEnv {
    let mut world = world();
    for (name, value) in variables {
        world.set(name, value);
    }
    let start_url = "https://corp.awsapps.com/start";
    world.write(
        ".aws-sso/config.yaml",
        &format!(
            "SSOConfig:\n  corp: {{SSORegion: {region}, StartUrl: {start_url}}}\n\
             SecureStore: json\nMaxRetry: 1\n"
        ),
    );
    world.write_private(
        ".local/state/aws-sso/corp.json",
        &format!(
            r#"{{"version":1,"start_url":"{start_url}","region":"{region}","session":
                {{"access_token":"CANARY","expires_at":4070908800,"refresh":null}}}}"#
        ),
    );
    world
}

#[test]
fn partitions_fips_and_dual_stack_reach_every_service() {
    let (fips, dual) = (("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_USE_DUALSTACK_ENDPOINT", "true"));
    for (region, variables, oidc, portal) in [
        (
            "eu-central-1",
            &[][..],
            "oidc.eu-central-1.amazonaws.com",
            "portal.sso.eu-central-1.amazonaws.com",
        ),
        (
            "cn-north-1",
            &[],
            "oidc.cn-north-1.amazonaws.com.cn",
            "portal.sso.cn-north-1.amazonaws.com.cn",
        ),
        (
            "us-gov-west-1",
            &[fips],
            "oidc.us-gov-west-1.amazonaws.com",
            "portal.sso.us-gov-west-1.amazonaws.com",
        ),
        (
            "us-east-1",
            &[fips],
            "oidc-fips.us-east-1.amazonaws.com",
            "portal.sso-fips.us-east-1.amazonaws.com",
        ),
        ("eu-west-1", &[dual], "oidc.eu-west-1.api.aws", "portal.sso.eu-west-1.api.aws"),
    ] {
        let login = first_host(world_in(region, variables), &["login", "--force", "--pkce"]);
        assert_eq!(login, format!("{oidc}:443"));
        let load = ["ecs", "load", "-A", "1111111", "-R", "ReadOnlyAccess"];
        assert_eq!(first_host(world_in(region, variables), &load), format!("{portal}:443"));
    }
}

#[test]
fn an_arn_has_the_partition_of_the_instance() {
    let options =
        Options { region: "cn-north-1".to_owned(), auto_approve: true, ..Options::default() };
    let fake = FakeIdentityCenter::start(options);
    let world = signed_in(&fake);
    let server = world.serve(&["--load", "Team1Dev:ReadOnlyAccess"]);
    let body = server.get("/").1;
    assert!(
        body.contains("\"RoleArn\":\"arn:aws-cn:iam::000001111111:role/ReadOnlyAccess\""),
        "{body}"
    );
}
