//! A sealed world for the real binary: a fresh home, and an environment with nothing in it but what a test puts there.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{CANARY, Finished, Running};

/// A home directory and an environment for one test.
#[derive(Debug)]
pub struct TestEnv {
    binary: PathBuf,
    home: tempfile::TempDir,
    variables: BTreeMap<String, String>,
}

impl TestEnv {
    /// A world for this binary: `env!("CARGO_BIN_EXE_aws-sso")`.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut variables = BTreeMap::new();
        variables.insert("HOME".to_owned(), home.path().to_str().unwrap().to_owned());
        variables.insert("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned());
        variables.insert("COLUMNS".to_owned(), "100".to_owned());
        variables.insert("AWS_EC2_METADATA_DISABLED".to_owned(), "true".to_owned());
        Self { binary: binary.into(), home, variables }
    }

    /// The binary under test.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// The home directory.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Sets a variable for what is run from now on.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Unsets a variable for what is run from now on.
    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.variables.remove(name);
        self
    }

    /// Writes a file below the home directory.
    pub fn write(&self, path: &str, contents: &str) {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }

    /// Writes a file below the home directory that nobody else may read, in folders that nobody else may enter.
    pub fn write_private(&self, path: &str, contents: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(path, contents);
        let path = self.home.path().join(path);
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        }
    }

    /// Runs the binary to its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.run_with_input(arguments, "")
    }

    /// Runs the binary to its end, with this on stdin.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        let mut command = self.command(&self.binary);
        command.args(arguments);
        self.finish(command, input)
    }

    /// Runs any command in this world, to its end, with this on stdin. Its output must hold no canary.
    pub fn finish(&self, mut command: Command, input: &str) -> Finished {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut stdin = child.stdin.take().unwrap();
        // A command that has ended without reading is no failure of the test.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let finished = Finished::from(child.wait_with_output().unwrap());
        let output = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!output.contains(CANARY), "a secret was printed: {output}");
        finished
    }

    /// A command in this world.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.variables).current_dir(self.home.path());
        command
    }

    /// Starts `aws-sso ecs run` on a free port, with these further arguments, and waits until it listens.
    pub fn serve(&self, arguments: &[&str]) -> Running {
        self.serve_on(0, arguments)
    }

    /// The same on a port that is known beforehand, on which it remembers its slots.
    pub fn serve_on(&self, port: u16, arguments: &[&str]) -> Running {
        let mut command = self.command(&self.binary);
        command.args(["ecs", "run", "--port", &port.to_string()]).args(arguments);
        Running::start(command)
    }
}
