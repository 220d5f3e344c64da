//! Signals and terminals: the command has them as if nobody were between.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use fakes::Terminal;
use rustix::process::Signal;

use super::{ROLE, exec, fake, run, signed_in, started};

/// Says what it gets, and ends at SIGTERM.
const LISTENER: &str = "for s in HUP INT QUIT USR1 USR2; do trap \"echo got $s\" $s; done; \
     trap 'echo got TERM; exit 7' TERM; echo ready; while :; do sleep 0.02; done";

/// The next line that it prints.
fn line(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    line
}

fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn signals_are_forwarded_to_the_command() {
    let fake = fake();
    let world = signed_in(&fake);
    let mut command = started(&world, &exec(&[], &["sh", "-c", LISTENER]));
    // In a group of its own it is in no terminal's foreground, wherever the tests run.
    let mut child = command.process_group(0).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    assert_eq!(line(&mut stdout), "ready\n");
    for signal in ["HUP", "INT", "QUIT", "USR1", "USR2"] {
        send(&child, signal);
        assert_eq!(line(&mut stdout), format!("got {signal}\n"));
    }
    send(&child, "TERM");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "got TERM\n");
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

#[test]
fn with_static_the_command_replaces_our_process() {
    let fake = fake();
    let world = signed_in(&fake);
    let mut command = started(&world, &exec(&["--static"], &["sh", "-c", "echo $$"]));
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    let id = child.id();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), id.to_string());
}

#[test]
fn the_command_inherits_ignored_signals() {
    let fake = fake();
    let world = signed_in(&fake);
    for flags in ["", "--static"] {
        // As nohup(1) does.
        let line = format!(
            "trap '' HUP; exec {} exec -p {ROLE} {flags} -- sh -c 'kill -HUP $$; echo still here'",
            world.binary().display()
        );
        let mut command = world.command("sh");
        command.args(["-c", &line]);
        assert_eq!(world.finish(command, "").stdout, "still here\n", "{flags}");
    }
    let usual = run(&world, &exec(&[], &["sh", "-c", "kill -HUP $$; echo still here"]));
    assert_eq!((usual.code, usual.stdout.as_str()), (Some(128 + 1), ""));
}

#[test]
fn ctrl_c_reaches_the_command_once() {
    let fake = fake();
    let world = signed_in(&fake);
    let listener = "hits=0; trap 'hits=$((hits + 1)); echo hit' INT; trap 'echo counted $hits' USR1; \
                    trap 'exit 9' TERM; echo ready; while :; do sleep 0.02; done";
    let terminal = Terminal::start(started(&world, &exec(&[], &["sh", "-c", listener])), 80, 24);
    terminal.wait_for("ready");
    for count in 1..3 {
        terminal.type_in("\u{3}");
        terminal.wait_until("a hit", |screen| screen.contents().matches("hit").count() == count);
        // Whatever of Ctrl-C were passed on as well would be passed on before this.
        terminal.signal(Signal::USR1);
        terminal.wait_for(&format!("counted {count}"));
    }
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.finish().0.code(), Some(9));
}

#[test]
fn a_job_is_stopped_and_goes_on_as_one() {
    if !fakes::needs_program("bash") {
        return;
    }
    let fake = fake();
    let world = signed_in(&fake);
    let mut shell = world.command("bash");
    shell.args(["--norc", "--noprofile", "-i"]).env("PS1", "$ ").env("TERM", "dumb");
    let terminal = Terminal::start(shell, 120, 24);
    let job = "echo be\"\"gun; read word; echo got $word; exit 4";
    let line = format!("{} exec -p {ROLE} -- sh -c '{job}'", world.binary().display());
    terminal.type_in(&format!("{line}\n"));
    terminal.wait_for("begun");
    terminal.type_in("\u{1a}");
    terminal.wait_for("Stopped");
    terminal.type_in("fg\n");
    terminal.type_in("hello\n");
    terminal.wait_for("got hello");
    terminal.type_in("echo code $?\n");
    terminal.wait_for("code 4");
    terminal.type_in("exit\n");
    terminal.finish();
}

#[test]
fn a_shell_on_a_terminal_has_the_terminal_to_itself() {
    if !fakes::needs_program("bash") {
        return;
    }
    let fake = fake();
    let mut world = signed_in(&fake);
    world.write("shell", "#!/bin/sh\nexec bash --norc --noprofile -i\n");
    let shell = world.home().join("shell");
    std::fs::set_permissions(&shell, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    world.set("SHELL", shell.to_str().unwrap()).set("PS1", "in> ").set("TERM", "dumb");
    let terminal = Terminal::start(started(&world, &["exec", "-p", ROLE]), 120, 24);
    terminal.wait_for("Started a shell with the role `Team1Dev:ReadOnlyAccess`. To leave it: exit");
    terminal.wait_for("in> ");
    // With `exec`: a Ctrl-C while a shell forks another process can get lost in that process.
    terminal.type_in("sh -c 'echo be\"\"gun; exec sleep 1000'\n");
    terminal.wait_for("begun");
    // Ctrl-C is for the shell's own job; the shell lives on, and so do we.
    terminal.type_in("\u{3}");
    terminal.type_in("echo code $?\n");
    terminal.wait_for("code 130");
    terminal.type_in("exit 6\n");
    assert_eq!(terminal.finish().0.code(), Some(6));
}
