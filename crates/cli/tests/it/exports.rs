//! `ecs env`: what real shells make of it.

use std::collections::BTreeMap;

use fakes::TestEnv;

use crate::trust::world_with_authority;
use crate::world;

/// Means something to every shell, and is a file's name.
const HOSTILE: &str =
    "it's \"$(touch RAN)\" `touch RAN`; touch RAN & (touch RAN) \\ \\' $HOME %A% * é\n!";
const TOKEN: &str = "awssso_QUJDREVGR0g";

/// Variables that SDKs would look at before our server, or that are added to.
fn misled_world() -> TestEnv {
    let mut world = world();
    for name in [
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    ] {
        world.set(name, "");
    }
    world.unset("AWS_EC2_METADATA_DISABLED");
    // Without it, fish takes each byte for a character.
    world.set("LC_ALL", "C.UTF-8");
    let binary = world.binary().to_str().unwrap().to_owned();
    world.set("AWS_SSO_BINARY", &binary);
    world
}

/// The environment that a command sees after this line of a shell.
fn environment_after(world: &TestEnv, shell: &str, line: &str) -> BTreeMap<String, String> {
    let mut command = world.command(shell);
    command.args(["-c", &format!("{line}\nenv -0")]);
    let shown = world.finish(command, "");
    assert_eq!(shown.code, Some(0), "{shell}: {}", shown.stderr);
    let pairs = shown.stdout.split_terminator('\0').map(|pair| pair.split_once('=').unwrap());
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn assert_uses_the_server(environment: &BTreeMap<String, String>, path: &str) {
    let uri = format!("http://127.0.0.1:4144{path}");
    assert_eq!(environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], uri);
    assert_eq!(environment["AWS_EC2_METADATA_DISABLED"], "true");
    for name in environment.keys().filter(|name| name.starts_with("AWS_")) {
        let ours = [
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "AWS_EC2_METADATA_DISABLED",
            "AWS_SSO_BINARY",
        ];
        assert!(ours.contains(&name.as_str()), "{name} is still set");
    }
}

#[test]
fn no_value_is_ever_run_by_a_shell_and_every_sdk_is_led_to_the_server() {
    for (shell, line) in [
        ("bash", "eval \"$(\"$AWS_SSO_BINARY\" ecs env ARGUMENTS)\""),
        ("dash", "eval \"$(\"$AWS_SSO_BINARY\" ecs env ARGUMENTS)\""),
        ("zsh", "eval \"$(\"$AWS_SSO_BINARY\" ecs env ARGUMENTS)\""),
        ("fish", "$AWS_SSO_BINARY ecs env --format fish ARGUMENTS | source"),
    ] {
        if !fakes::needs_program(shell) {
            continue;
        }
        let mut world = misled_world();
        world.write_private(&format!("tokens/{HOSTILE}"), TOKEN);
        let file = world.home().join("tokens").join(HOSTILE).to_str().unwrap().to_owned();
        world
            .set("NO_PROXY", HOSTILE)
            .set("TOKEN_FILE", &file)
            .set("SLOT", &HOSTILE.replace('\n', ""));
        let line = line.replace("ARGUMENTS", "--profile \"$SLOT\" --token-file \"$TOKEN_FILE\"");
        let environment = environment_after(&world, shell, &line);
        let slot = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"].split_once("/s/").unwrap().1;
        assert_uses_the_server(&environment, &format!("/s/{slot}"));
        assert_eq!(environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"], TOKEN, "{shell}");
        assert_eq!(environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], file, "{shell}");
        let past = format!("{HOSTILE},127.0.0.1,localhost,169.254.170.2,169.254.170.23");
        assert_eq!(environment["NO_PROXY"], past, "{shell}");
        assert_eq!(environment["no_proxy"], past, "{shell}");
        assert!(!world.home().join("RAN").exists(), "{shell} ran a value");
    }
}

#[test]
fn an_eval_without_quotes_and_a_second_one_mean_the_same() {
    for shell in ["bash", "dash", "zsh"] {
        if !fakes::needs_program(shell) {
            continue;
        }
        let world = misled_world();
        let once = "eval $($AWS_SSO_BINARY ecs env)";
        let environment = environment_after(&world, shell, &format!("set -eu\n{once}\n{once}"));
        assert_uses_the_server(&environment, "/creds");
        assert!(!environment.contains_key("AWS_CONTAINER_AUTHORIZATION_TOKEN"), "{shell}");
        assert_eq!(environment["NO_PROXY"].matches("localhost").count(), 1);
    }
}

#[test]
fn fish_warns_of_a_universal_variable_and_leaves_it_to_its_owner() {
    if !fakes::needs_program("fish") {
        return;
    }
    let mut world = misled_world();
    world.unset("AWS_PROFILE");
    let mut fish = world.command("fish");
    fish.args(["-c", "set -Ux AWS_PROFILE prod; $AWS_SSO_BINARY ecs env --format fish | source"]);
    let shown = world.finish(fish, "");
    let warning = "warning: AWS_PROFILE is a universal variable and stays: set -eU AWS_PROFILE\n";
    assert_eq!((shown.code, shown.stderr.as_str()), (Some(0), warning));
    assert_eq!(environment_after(&world, "fish", "true")["AWS_PROFILE"], "prod");
}

#[test]
fn a_dotenv_file_is_read_by_a_shell_and_by_node() {
    let mut world = misled_world();
    world.set("NO_PROXY", "*.corp \"#1\",é");
    let shown = world.run(&["ecs", "env", "--format", "dotenv", "--profile", "it's"]);
    world.write(".env", &shown.stdout);
    world.unset("NO_PROXY");
    let past = "*.corp \"#1\",é,127.0.0.1,localhost,169.254.170.2,169.254.170.23";
    let uri = "http://127.0.0.1:4144/s/aXQncw";
    let environment = environment_after(&world, "sh", "set -a; . ./.env");
    assert_eq!(environment["NO_PROXY"], past);
    assert_eq!(environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"], uri);
    if fakes::needs_program("node") {
        let script = "process.stdout.write(process.env.NO_PROXY + '|' + \
                      process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI)";
        let mut node = world.command("node");
        node.args(["--env-file=.env", "-e", script]);
        assert_eq!(world.finish(node, "").stdout, format!("{past}|{uri}"));
    }
}

#[test]
fn a_container_gets_the_token_and_no_token_file() {
    let world = misled_world();
    world.write_private("private/token", TOKEN);
    for format in ["docker", "compose"] {
        let shown = world.run(&["ecs", "env", "--token-file", "private/token", "--format", format]);
        assert_eq!(shown.code, Some(0), "{}", shown.stderr);
        assert!(
            shown.stdout.contains(TOKEN) && !shown.stdout.contains("_FILE"),
            "{}",
            shown.stdout
        );
        assert!(shown.stderr.contains("the container itself"), "{}", shown.stderr);
        assert!(!shown.stderr.contains("--user"), "a token is enough: {}", shown.stderr);
    }
}

#[test]
fn a_default_profile_that_would_win_gets_a_warning() {
    for (file, contents, key) in [
        (
            "credentials",
            "[default]\naws_access_key_id = AKIA\naws_secret_access_key = x\n",
            "aws_access_key_id",
        ),
        ("config", "[default]\nsso_session = corp\n[sso-session corp]\n", "sso_session"),
        ("config", "[profile default]\ncredential_process = cat x\n", "credential_process"),
        ("config", "[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = y\n", "role_arn"),
        ("config", "[default]\nlogin_session = x\n", "login_session"),
    ] {
        let world = world();
        world.write(&format!(".aws/{file}"), contents);
        let shown = world.run(&["ecs", "env"]);
        assert_eq!(shown.code, Some(0));
        let variable = match file {
            "config" => "AWS_CONFIG_FILE",
            _ => "AWS_SHARED_CREDENTIALS_FILE",
        };
        let path = world.home().join(".aws").join(file);
        assert_eq!(
            shown.stderr,
            format!(
                "warning: SDKs use the [default] profile of {} before the server, because it has {key}. \
                 Rename it, or point {variable} at another file.\n",
                path.display()
            )
        );
    }
    for harmless in [
        "[default]\nregion = eu-central-1\n[profile x]\naws_access_key_id = AKIA\n",
        "[default]\nrole_arn = arn:aws:iam::1:role/x\ncredential_source = EcsContainer\n",
    ] {
        let world = world();
        world.write(".aws/config", harmless);
        assert_eq!(world.run(&["ecs", "env"]).stderr, "");
    }
}

#[test]
fn a_server_that_sdks_would_not_ask_is_refused_or_warned_of() {
    let far = world().run(&["ecs", "env", "--server", "192.0.2.1:4144"]);
    assert_eq!((far.code, far.stdout.as_str()), (Some(1), ""));
    assert!(far.stderr.contains("it is not on this host"), "{}", far.stderr);
    for server in ["[::1]:4144", "127.0.0.2:4144", "host.docker.internal:4144"] {
        let odd = world().run(&["ecs", "env", "--server", server]);
        assert_eq!(odd.code, Some(0));
        assert!(odd.stderr.contains("from 127.0.0.1 only"), "{server}: {}", odd.stderr);
    }
    for server in ["localhost:4144", "127.0.0.1:4144"] {
        assert_eq!(world().run(&["ecs", "env", "--server", server]).stderr, "");
    }
}

#[test]
fn a_token_file_that_is_none_is_an_error_that_shows_nothing_of_it() {
    let world = world();
    for (name, contents) in [("newline", "awssso_QUJD\n"), ("empty", ""), ("missing", "")] {
        if name != "missing" {
            world.write_private(&format!("private/{name}"), contents);
        }
        let failed = world.run(&["ecs", "env", "--token-file", &format!("private/{name}")]);
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{name}");
        assert!(!failed.stderr.contains("QUJD"), "{}", failed.stderr);
    }
}

#[test]
fn a_server_with_https_comes_with_what_makes_programs_trust_it() {
    let mut world = world_with_authority();
    let state = world.home().join(".local/state/aws-sso");
    let path = |name: &str| state.join(name).to_str().unwrap().to_owned();
    let binary = world.binary().to_str().unwrap().to_owned();
    let corporate = world.home().join("corporate.pem");
    std::fs::copy(state.join("ecs-authority.pem"), &corporate).unwrap();
    world.set("B", &binary).set("JAVA_TOOL_OPTIONS", "-Xmx1g");
    let line = "eval \"$($B ecs env --server https://localhost:4144)\"";
    let environment = environment_after(&world, "sh", &format!("{line}; {line}"));
    let java = format!("-Xmx1g -Djavax.net.ssl.trustStore={}", path("ecs-authority-bundle.jks"));
    for (name, value) in [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://localhost:4144/creds"),
        ("SSL_CERT_FILE", &path("ecs-authority-bundle.pem")),
        ("AWS_CA_BUNDLE", &path("ecs-authority-bundle.pem")),
        ("NODE_EXTRA_CA_CERTS", &path("ecs-authority.pem")),
        ("JAVA_TOOL_OPTIONS", &java),
    ] {
        assert_eq!(environment[name], value, "{name}");
    }
    world.set("NODE_EXTRA_CA_CERTS", corporate.to_str().unwrap());
    world.set("JAVA_TOOL_OPTIONS", "-Djavax.net.ssl.trustStore=/corporate.jks");
    let environment = environment_after(&world, "sh", line);
    assert_eq!(environment["NODE_EXTRA_CA_CERTS"], path("ecs-authority-bundle.pem"));
    assert_eq!(environment["JAVA_TOOL_OPTIONS"], "-Djavax.net.ssl.trustStore=/corporate.jks");
    let shown = world.run(&["ecs", "env", "--server", "https://localhost:4144"]);
    assert!(shown.stderr.contains("names another trust store"), "{}", shown.stderr);
}

#[test]
fn a_server_with_https_and_a_given_certificate_changes_nobodys_trust() {
    let shown = world().run(&["ecs", "env", "--server", "https://dev.example:443"]);
    assert_eq!(shown.code, Some(0));
    assert!(shown.stdout.contains("'https://dev.example:443/creds'"), "{}", shown.stdout);
    assert!(shown.stdout.contains(",dev.example'"), "past proxies: {}", shown.stdout);
    assert!(!shown.stdout.contains("SSL_CERT_FILE"), "{}", shown.stdout);
}
