//! A sealed environment for the real binary: an empty home directory, and only the variables that a test sets.

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
    /// An environment for this binary: `env!("CARGO_BIN_EXE_aws-sso")`.
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

    /// Sets a variable for later commands.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Unsets a variable for later commands.
    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.variables.remove(name);
        self
    }

    /// Writes a file in the home directory, which others cannot change whatever the umask is. The path is relative to it.
    pub fn write(&self, path: &str, contents: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, contents).unwrap();
        for path in [path.as_path(), path.parent().unwrap()] {
            let mode = std::fs::metadata(path).unwrap().permissions().mode();
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode & !0o022)).unwrap();
        }
    }

    /// Like `write`, with mode 0600 for the file and 0700 for its folder.
    pub fn write_private(&self, path: &str, contents: &str) {
        use std::os::unix::fs::PermissionsExt;
        self.write(path, contents);
        let path = self.home.path().join(path);
        for (path, mode) in [(path.as_path(), 0o600), (path.parent().unwrap(), 0o700)] {
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        }
    }

    /// Runs the binary and waits for its end.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        self.run_with_input(arguments, "")
    }

    /// Like `run`, with this input on stdin.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        let mut command = self.command(&self.binary);
        command.args(arguments);
        self.finish(command, input)
    }

    /// Runs a command with this input on stdin, and waits for its end. Its output must not contain the canary.
    pub fn finish(&self, mut command: Command, input: &str) -> Finished {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut stdin = child.stdin.take().unwrap();
        // A command may end without reading its input.
        stdin.write_all(input.as_bytes()).ok();
        drop(stdin);
        let finished = Finished::from(child.wait_with_output().unwrap());
        let output = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!output.contains(CANARY), "a secret was printed: {output}");
        finished
    }

    /// A command in this environment.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.variables).current_dir(self.home.path());
        command
    }

    /// A command that another user runs, in the root folder. For root only.
    pub fn command_as(&self, uid: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.command("setpriv");
        command.args(["--reuid", uid, "--regid", uid, "--clear-groups"]);
        command.arg(program).current_dir("/");
        command
    }

    /// Starts `aws-sso ecs run` on a free port, with additional arguments, and waits until it listens.
    pub fn serve(&self, arguments: &[&str]) -> Running {
        self.serve_on(0, arguments)
    }

    /// Like `serve`, on this port. The server remembers its slots for this port.
    pub fn serve_on(&self, port: u16, arguments: &[&str]) -> Running {
        let mut command = self.command(&self.binary);
        command.args(["ecs", "run", "--port", &port.to_string()]).args(arguments);
        Running::start(command)
    }
}
