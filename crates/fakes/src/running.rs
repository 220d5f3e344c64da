//! A server process: the real binary, started and listening.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A running `aws-sso ecs run`. It is killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
    said: Arc<Mutex<String>>,
    stderr: Option<std::thread::JoinHandle<()>>,
    first_line: String,
    port: u16,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code. `None` if a signal ended it.
    pub code: Option<i32>,
    /// Its output on stdout.
    pub stdout: String,
    /// Its output on stderr.
    pub stderr: String,
}

impl Running {
    /// Starts the server and waits for its first line, which contains the port.
    pub fn start(command: Command) -> Self {
        Self::start_with_stdin(command, Stdio::null())
    }

    /// Like `start`, with the given stdin, such as a socket for the server.
    pub fn start_with_stdin(mut command: Command, stdin: Stdio) -> Self {
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        let stderr = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                *heard.lock().unwrap() += &(line + "\n");
            }
        });
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        let port = first_line.split("127.0.0.1:").nth(1).and_then(|rest| {
            rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok())
        });
        let Some(port) = port else {
            stderr.join().unwrap();
            panic!("no port in {first_line:?}; stderr: {}", said.lock().unwrap());
        };
        Self { child, stdout, said, stderr: Some(stderr), first_line, port }
    }

    /// The port on which it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `127.0.0.1:PORT`, for `--server`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The URL of a path on it.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Its first line on stdout, which contains the variables to export.
    pub fn first_line(&self) -> &str {
        &self.first_line
    }

    /// Opens a connection to it.
    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// Sends bytes on a new connection, and reads until the server closes it.
    pub fn send(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        // The server may answer and close the connection before all bytes are written.
        stream.write_all(bytes).ok();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok();
        String::from_utf8(answer).unwrap()
    }

    /// Sends a request. Returns the status and the body of the answer.
    pub fn request(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (u16, String) {
        let mut request = format!("{method} {target} HTTP/1.1\r\nconnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request += &format!("host: {}\r\n", self.address());
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        request += &format!("content-length: {}\r\n\r\n{body}", body.len());
        split(&self.send(request.as_bytes()))
    }

    /// `GET`.
    pub fn get(&self, target: &str) -> (u16, String) {
        self.request("GET", target, &[], "")
    }

    /// Sends a signal by its name: `TERM`, `HUP`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until its stderr contains a text.
    pub fn wait_until_it_says(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.said.lock().unwrap().contains(text) {
            assert!(Instant::now() < deadline, "the server did not write {text:?} to stderr");
            std::thread::yield_now();
        }
    }

    /// Waits until it ends by itself. Its output must not contain the canary.
    pub fn wait(mut self) -> Finished {
        let deadline = Instant::now() + Duration::from_secs(20);
        let code = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status.code();
            }
            assert!(Instant::now() < deadline, "the server did not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut stdout = self.first_line.clone();
        self.stdout.read_to_string(&mut stdout).unwrap();
        self.stderr.take().unwrap().join().unwrap();
        let stderr = self.said.lock().unwrap().clone();
        let finished = Finished { code, stdout, stderr };
        let output = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!output.contains(crate::CANARY), "a secret was printed: {output}");
        finished
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The status and the body of an HTTP/1.1 answer.
fn split(answer: &str) -> (u16, String) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("not an HTTP answer: {answer:?}")), body.to_owned())
}
