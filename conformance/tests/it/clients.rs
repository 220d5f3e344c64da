//! The clients: programs with an AWS SDK, each behind a driver with the same protocol.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use fakes::TestEnv;

use crate::sdks;

/// A client, with its name in docs/reference/sdk-support.md.
pub(crate) struct Client {
    pub(crate) name: &'static str,
    /// The command of its driver.
    command: fn(&TestEnv) -> Command,
    /// Whether it reads the account of its credentials and shows it.
    tells_account: bool,
    pub(crate) trust: Trust,
}

/// How a client is made to trust our certificate authority.
pub(crate) enum Trust {
    /// This environment variable.
    Variable(&'static str),
    /// The list of roots in the Python package certifi. There is no variable.
    Certifi,
}

pub(crate) const BOTO3: Client = Client {
    name: "boto3",
    command: |world| python(world, "boto3_driver.py", None),
    tells_account: true,
    trust: Trust::Certifi,
};

pub(crate) const AWS_CLI: Client = Client {
    name: "AWS CLI v1",
    command: |world| python(world, "aws_cli_driver.py", Some("bin/aws")),
    tells_account: false,
    trust: Trust::Certifi,
};

pub(crate) const RUST: Client = Client {
    name: "SDK for Rust",
    command: |world| world.command(env!("CARGO_BIN_EXE_sdk-rust")),
    tells_account: true,
    trust: Trust::Variable("SSL_CERT_FILE"),
};

pub(crate) const JAVASCRIPT: Client = Client {
    name: "SDK for JavaScript v3",
    command: |world| {
        let mut command = world.command("node");
        command.arg(driver("js_driver.cjs")).env("NODE_PATH", sdks().join("js/node_modules"));
        command
    },
    tells_account: false,
    trust: Trust::Variable("NODE_EXTRA_CA_CERTS"),
};

pub(crate) const JAVA: Client = Client {
    name: "SDK for Java v2",
    command: |world| {
        let mut command = world.command("java");
        let jars = sdks().join("java");
        // The compiler that starts faster, for a process of one second; and no warnings about loggers.
        command.args(["-XX:TieredStopAtLevel=1", "-Dslf4j.internal.verbosity=ERROR", "-cp"]);
        command.arg(format!("{0}:{0}/*", jars.display())).arg("JavaDriver");
        command
    },
    tells_account: false,
    trust: Trust::Variable("JAVA_TOOL_OPTIONS"),
};

pub(crate) const GO: Client = Client {
    name: "SDK for Go v2",
    command: |world| python(world, "go_driver.py", Some("bin/juicefs")),
    tells_account: false,
    trust: Trust::Variable("SSL_CERT_FILE"),
};

fn python(world: &TestEnv, name: &str, program: Option<&str>) -> Command {
    let mut command = world.command(sdks().join("bin/python"));
    command.arg(driver(name)).args(program.map(|program| sdks().join(program)));
    command
}

fn driver(name: &str) -> String {
    format!("{}/drivers/{name}", env!("CARGO_MANIFEST_DIR"))
}

impl Client {
    /// Starts the driver, with additional environment variables.
    pub(crate) fn start(&self, world: &TestEnv, variables: &[(&str, &str)]) -> Driver {
        let mut command = (self.command)(world);
        command.envs(variables.iter().copied());
        Driver::start(command)
    }

    /// The driver's answer with these credentials of [`crate::load`].
    pub(crate) fn has(&self, access_key_id: &str) -> String {
        let account = if self.tells_account { "123456789012" } else { "-" };
        format!("{access_key_id} {account} {}", "CANARY-token".len())
    }
}

/// A running driver, which answers each line with one line.
pub(crate) struct Driver {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Driver {
    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdin, stdout }
    }

    /// The version of the SDK.
    pub(crate) fn version(&mut self) -> String {
        self.ask("version")
    }

    /// Credentials of a new default chain: `ACCESS_KEY_ID ACCOUNT LENGTH_OF_TOKEN`, or `error: …`.
    pub(crate) fn get(&mut self) -> String {
        self.ask("new")
    }

    /// Credentials of the previous chain, in the same form.
    pub(crate) fn get_again(&mut self) -> String {
        self.ask("again")
    }

    fn ask(&mut self, what: &str) -> String {
        writeln!(self.stdin, "{what}").unwrap();
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
