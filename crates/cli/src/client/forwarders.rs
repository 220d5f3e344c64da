//! Programs that forward connections of others to a server, and what a person can do. Pure.

use credentials::printable;
use server::wire::{ReaderObject, StatusObject};

use crate::client::address::ServerAddress;

/// Forwarders that have read slots of a server whose own user needs no token.
pub(crate) struct Forwarders {
    /// Their names and process ids.
    pub(crate) programs: String,
    /// The command that starts the server so that a forwarder is of no use without a token.
    pub(crate) command: String,
}

impl Forwarders {
    /// Why it matters.
    pub(crate) const WHY: &str =
        "it forwards connections, and the server takes all of them for yours";

    /// The forwarders of a status. `None`: there are none, or every program needs a token anyway.
    pub(crate) fn of(status: &StatusObject) -> Option<Self> {
        let slots = status.default.iter().chain(&status.slots);
        let mut programs: Vec<String> =
            slots.filter_map(|slot| slot.last_forwarder.as_ref()).map(name).collect();
        programs.sort_unstable();
        programs.dedup();
        (!status.token_required && !programs.is_empty())
            .then(|| Self { programs: programs.join(", "), command: command(status) })
    }
}

/// The name and the process id of a program.
pub(crate) fn name(reader: &ReaderObject) -> String {
    match (&reader.exe, reader.pid) {
        (Some(exe), Some(pid)) => {
            let program = exe.rsplit('/').next().unwrap_or(exe);
            format!("{} (pid {pid})", printable(program))
        }
        _ => format!("user {}", reader.uid),
    }
}

fn command(status: &StatusObject) -> String {
    let port = status.addresses.first().map_or(ServerAddress::DEFAULT_PORT, |at| at.port());
    let port = match port {
        ServerAddress::DEFAULT_PORT => String::new(),
        port => format!(" --port {port}"),
    };
    let tls = if status.scheme == "https" { " --tls" } else { "" };
    format!("aws-sso ecs run{port}{tls} --require-token")
}
