//! Lines that people have for aws-sso-cli, in scripts, dotfiles and AWS configs: each works here, or says in one line
//! what to type, and that works.

use fakes::{FakeIdentityCenter, Finished, Running, TestEnv};

use crate::identity_center::{assert_done, config, fake, instance, world_of};

/// What comes of a line.
enum Fate {
    /// It works, and its output begins with this: stdout, or else stderr.
    Works(&'static str),
    /// It fails, and its only line says to type this.
    Type(&'static str),
}

use Fate::{Type, Works};

/// A world in which `aws-sso` is in PATH, `Default` is signed in, and a server runs.
fn world_with_server(fake: &FakeIdentityCenter) -> (TestEnv, Running) {
    let mut world = world_of(fake);
    let path =
        format!("{}:/usr/local/bin:/usr/bin:/bin", world.binary().parent().unwrap().display());
    world.set("PATH", &path).set("SHELL", "/bin/zsh");
    world.set("ARN", "arn:aws:iam::000001111111:role/ReadOnlyAccess");
    world.set("ROLE", "Team1Dev:ReadOnlyAccess");
    world.write(".aws-sso/config.yaml", &config(&instance("Default", fake)));
    assert_done(&world.run(&["login"]));
    let server = world.serve(&[]);
    world.set("AWS_SSO_ECS_SERVER", &server.address());
    (world, server)
}

/// Types a line into a shell. Its output may contain secrets.
fn typed(world: &TestEnv, line: &str) -> Finished {
    let mut shell = world.command("sh");
    Finished::from(shell.args(["-c", line]).output().unwrap())
}

/// The instead of a line that fails.
fn instead(finished: &Finished) -> Option<&str> {
    let (line, rest) = finished.stderr.split_once('\n')?;
    let (_, command) = line.strip_prefix("error: ")?.rsplit_once(". Type: ")?;
    (finished.code == Some(2) && finished.stdout.is_empty() && rest.is_empty()).then_some(command)
}

#[track_caller]
fn check(world: &TestEnv, rows: &[(&str, Fate)]) {
    let mut wrong = Vec::new();
    for (line, fate) in rows {
        let finished = typed(world, line);
        let Finished { code, stdout, stderr } = &finished;
        let is_right = match fate {
            Works("") => (*code, stdout.as_str(), stderr.as_str()) == (Some(0), "", ""),
            Works(begin) => {
                let output = if stdout.is_empty() { stderr } else { stdout };
                *code == Some(0) && output.starts_with(begin)
            }
            Type(command) => instead(&finished) == Some(*command),
        };
        if !is_right {
            wrong.push(format!("{line}\n  {code:?}\n  {stdout}\n  {stderr}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lines_of_an_aws_config_print_credentials() {
    let fake = fake();
    let (world, _server) = world_with_server(&fake);
    let rows = [
        "aws-sso -S \"Default\" process --arn $ARN",
        "aws-sso -u open -S \"Default\" process --arn $ARN",
        "aws-sso --level error --sso Default process --arn $ARN",
        "aws-sso -L warn process -S Default --arn $ARN --sts-refresh",
        "aws-sso process -S=Default -a $ARN",
        "aws-sso process --profile $ROLE --lines",
        "aws-sso process -p $ROLE -b firefox",
        "aws-sso process --account 1111111 --role ReadOnlyAccess",
        "aws-sso process -A 000001111111 -R ReadOnlyAccess",
        "aws-sso --config ~/.aws-sso/config.yaml process --arn $ARN",
        "AWS_SSO=Default aws-sso process --arn $ARN",
        "AWS_SSO= aws-sso process --arn $ARN",
        "AWS_SSO_CONFIG=~/.aws-sso/config.yaml aws-sso process --arn $ARN",
        "AWS_SSO_ROLE_ARN=arn:aws:iam::1:role/x aws-sso process --arn $ARN",
    ];
    check(&world, &rows.map(|line| (line, Works("{\"Version\":1,\"AccessKeyId\":\"ASIAFAK"))));
}

#[test]
fn lines_of_scripts_and_dotfiles_work() {
    let fake = fake();
    let (world, _server) = world_with_server(&fake);
    const TABLE: &str = "AccountIdPad | AccountAlias ";
    const TAGS: &str =
        "arn:aws:iam::000001111111:role/ReadOnlyAccess\n  AccountAlias: Team 1 Dev\n";
    check(
        &world,
        &[
            ("aws-sso", Works(TABLE)),
            ("aws-sso -S Default", Works(TABLE)),
            ("aws-sso list", Works(TABLE)),
            ("aws-sso -L error list -S Default", Works(TABLE)),
            ("aws-sso list -s RoleName --reverse AccountId Profile", Works("AccountId ")),
            ("aws-sso list --sort Profile Arn RoleName", Works("Arn ")),
            ("aws-sso list --csv -P RoleName=Read Profile", Works("Team1Dev:ReadOnlyAccess\n")),
            ("aws-sso list --csv AccountId RoleName", Works("000001111111,AdministratorAccess\n")),
            ("aws-sso list --prefix AccountId=0000 Profile", Works("Profile\n=")),
            ("AWS_SSO_FIELDS='Profile Arn' aws-sso list", Works("Profile ")),
            ("AWS_SSO_FIELD_SORT=RoleName aws-sso list", Works(TABLE)),
            ("AWS_SSO_FIELD_SORT_REVERSE=true aws-sso list", Works(TABLE)),
            ("aws-sso tags --role ReadOnlyAccess", Works(TAGS)),
            ("aws-sso tags -A 1111111 -R ReadOnlyAccess", Works(TAGS)),
            ("aws-sso exec -p $ROLE -- sh -c 'echo $AWS_SSO_PROFILE'", Works("Team1Dev:Read")),
            ("aws-sso -S Default exec -a $ARN --sts-refresh -- echo done", Works("done\n")),
            ("aws-sso exec -A 1111111 -R ReadOnlyAccess -- true", Works("")),
            ("aws-sso exec -n -O -p $ROLE -- sh -c 'echo $AWS_SSO_ROLE_NAME'", Works("ReadOnly")),
            ("AWS_PROFILE=x aws-sso exec --overwrite-env -a $ARN -- env -u HOME true", Works("")),
            ("eval \"$(aws-sso eval -p $ROLE)\"; echo $AWS_ACCESS_KEY_ID", Works("ASIAFAK")),
            ("eval $(aws-sso eval -a $ARN); echo $AWS_SSO_ROLE_ARN", Works("arn:aws:iam::0000011")),
            ("eval $(aws-sso -S Default eval -n -p $ROLE); aws-sso time | grep -c m", Works("1\n")),
            (
                "eval $(aws-sso eval -p $ROLE); eval $(aws-sso eval -r); echo $AWS_SSO_ROLE_NAME",
                Works("ReadOnlyAccess\n"),
            ),
            (
                "eval $(aws-sso eval -p $ROLE); eval $(aws-sso eval -c); env | grep -c ASIA || :",
                Works("0\n"),
            ),
            ("aws-sso time", Works("")),
            ("AWS_SSO_SESSION_EXPIRATION=2020-01-01T00:00:00-05:00 aws-sso time", Works("Expired")),
            ("aws-sso version", Works("aws-sso ")),
            ("aws-sso setup profiles --print", Works("# BEGIN_AWS_SSO_CLI")),
            ("aws-sso setup profiles --diff --aws-config ~/other", Works("--- ")),
            (
                "aws-sso setup profiles --force --aws-config ~/x 2>&1 | tail -n 1",
                Works("Wrote 6 profiles into"),
            ),
            ("aws-sso cache --threads 1", Works("3 accounts, 6 roles; 0 added, 0 removed.")),
            ("aws-sso cache --no-config-check --silent", Works("3 accounts, 6 roles;")),
            ("bash -c 'eval \"$(aws-sso completions --source --shell bash)\"'", Works("")),
            ("aws-sso login --threads 5", Works("You are already signed in to `Default`")),
            ("aws-sso -u exec login --force", Works("Signing in to `Default`")),
            ("aws-sso login -f --url-action exec -b firefox", Works("Signing in to `Default`")),
            ("aws-sso -S Default logout", Works("You are signed out of `Default`.")),
        ],
    );
}

#[test]
fn lines_for_the_ecs_server_work() {
    let fake = fake();
    let (world, server) = world_with_server(&fake);
    let address = server.address();
    let to_server = format!("aws-sso ecs list --server {address}");
    check(
        &world,
        &[
            ("aws-sso ecs profile || echo none", Works("none\n")),
            ("aws-sso ecs list", Works("No profiles are loaded in named slots.")),
            (
                "aws-sso ecs load --profile $ROLE",
                Works("export AWS_CONTAINER_CREDENTIALS_FULL_URI="),
            ),
            ("aws-sso ecs load -a $ARN --sts-refresh", Works("export ")),
            ("aws-sso -S Default ecs load -A 1111111 -R ReadOnlyAccess", Works("export ")),
            ("aws-sso ecs profile", Works("ProfileName ")),
            ("aws-sso ecs load --slotted -p $ROLE", Works("export ")),
            ("aws-sso -L error ecs load -s --arn $ARN", Works("export ")),
            ("aws-sso ecs list", Works("ProfileName ")),
            (&to_server, Works("ProfileName ")),
            ("aws-sso ecs unload --profile $ROLE", Works("Unloaded the slot `Team1Dev:")),
            ("aws-sso ecs unload", Works("Unloaded the default slot.")),
        ],
    );
    drop(server);
    let flags = ["--bind-ip", "127.0.0.1", "--disable-auth", "--disable-ssl", "--lines"];
    let started = world.serve(&flags);
    assert!(started.first_line().starts_with("export AWS_"), "{}", started.first_line());
}

/// Lines for what has another form here.
const OTHERS: [(&str, Fate); 31] = [
    ("aws-sso console -P -d 60", Type("env -u AWS_PROFILE -u AWS_SSO_PROFILE aws-sso console")),
    ("aws-sso config", Type("aws-sso setup")),
    ("aws-sso config-profiles", Type("aws-sso setup profiles")),
    ("aws-sso -S Default config-profiles --diff", Type("aws-sso setup profiles")),
    ("aws-sso config-profiles --open granted-containers", Type("aws-sso setup profiles")),
    ("aws-sso credentials -p a,b", Type("aws-sso setup profiles")),
    ("aws-sso credentials -f ~/.aws/credentials --append", Type("aws-sso setup profiles")),
    ("aws-sso list-sso-roles", Type("aws-sso list AccountId AccountName RoleName")),
    ("aws-sso list --list-fields", Type("aws-sso list --help")),
    ("aws-sso setup wizard", Type("aws-sso setup")),
    ("aws-sso setup wizard --advanced", Type("aws-sso setup")),
    ("aws-sso install-completions", Type("aws-sso completions zsh")),
    ("aws-sso completions -I", Type("aws-sso completions zsh")),
    ("aws-sso completions --uninstall --shell bash", Type("aws-sso completions zsh")),
    ("aws-sso setup completions --install", Type("aws-sso completions zsh")),
    ("source=$(aws-sso setup completions --source)", Type("aws-sso completions zsh")),
    ("SHELL=/usr/bin/fish aws-sso setup completions -I", Type("aws-sso completions fish")),
    ("SHELL=/bin/tcsh aws-sso setup completions -I", Type("aws-sso completions bash")),
    ("aws-sso setup ecs", Type("aws-sso ecs run")),
    ("aws-sso setup ecs auth --bearer-token secret", Type(TOKEN)),
    ("aws-sso setup ecs auth -d", Type(TOKEN)),
    ("aws-sso ecs auth -t secret", Type(TOKEN)),
    ("aws-sso setup ecs ssl -c cert.pem -k key.pem", Type("aws-sso ecs run --tls")),
    ("aws-sso setup ecs ssl --print", Type("aws-sso ecs run --tls")),
    ("aws-sso ecs cert load", Type("aws-sso ecs run --tls")),
    ("aws-sso ecs docker start --bind-ip 0.0.0.0 -d dev", Type(DOCKER)),
    ("aws-sso ecs docker stop", Type(DOCKER)),
    ("aws-sso ecs server --docker --level debug", Type(DOCKER)),
    ("aws-sso ecs server --bind-ip 0.0.0.0 --port 4144", Type(DOCKER)),
    ("aws-sso flush --type sts", Type("aws-sso logout")),
    ("aws-sso flush", Type("aws-sso logout")),
];

const TOKEN: &str = "aws-sso ecs token create --default-slot --file ~/.aws-sso.token";
const DOCKER: &str = "aws-sso ecs env --format docker";

#[test]
fn lines_for_what_has_another_form_say_in_one_line_what_to_type() {
    let fake = fake();
    let (world, _server) = world_with_server(&fake);
    check(&world, &OTHERS);
}

#[test]
fn what_a_line_says_to_type_works() {
    let fake = fake();
    let (world, _server) = world_with_server(&fake);
    let mut commands: Vec<&str> = Vec::new();
    for (_, fate) in &OTHERS {
        if let Type(command) = fate
            && !commands.contains(command)
        {
            commands.push(command);
        }
    }
    for command in commands {
        // What a person answers on a terminal, and what would run for ever.
        let rest = match command {
            "aws-sso setup" => {
                " --start-url https://x.awsapps.com/start --region eu-west-1 --name x"
            }
            "aws-sso setup profiles" => " --yes",
            "aws-sso ecs run" | "aws-sso ecs run --tls" => " --help",
            asks if asks.starts_with("env ") => " --help",
            _ => "",
        };
        let Finished { code, stderr, .. } = typed(&world, &format!("{command}{rest}"));
        assert_eq!(code, Some(0), "{command}: {stderr}");
    }
}

#[test]
fn replaced_commands_and_flags_are_in_no_help_and_no_manual() {
    let fake = fake();
    let (world, _server) = world_with_server(&fake);
    for (line, old) in [
        ("aws-sso --help", "flush"),
        ("aws-sso setup --help", "wizard"),
        ("aws-sso ecs --help", "docker"),
        ("aws-sso ecs run --help", "bind-ip"),
        ("aws-sso completions --help", "--install"),
        ("aws-sso man pages && ls pages/man1", "flush"),
    ] {
        let shown = typed(&world, line);
        assert_eq!(shown.code, Some(0), "{line}: {}", shown.stderr);
        assert!(!shown.stdout.contains(old), "{line}: {}", shown.stdout);
    }
}
