//! The status of a server as text. Pure: times are relative to the server's answer. Control characters are replaced.

use std::collections::HashSet;

use credentials::Timestamp;
use server::wire::{SlotObject, State, StatusObject};

use crate::client::forwarders::{Forwarders, name};
use crate::ground::ui::{self, printable};

/// A slot as text.
pub(super) struct Row {
    pub(super) level: Level,
    pub(super) slot: String,
    pub(super) account: String,
    pub(super) role: String,
    /// Time until the credentials expire.
    pub(super) left: String,
    /// The same in thousandths of their lifetime.
    pub(super) thousandths: u16,
    pub(super) state: String,
    /// Time of the next refresh.
    pub(super) next: String,
    pub(super) reads: String,
    /// Time and program of the last read.
    pub(super) last: String,
}

/// The condition of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Good,
    /// It is not known whether the next refresh will succeed.
    Unsure,
    /// A person must act, or the slot serves nothing.
    Bad,
}

/// The program, its addresses and its process.
pub(super) fn server(status: &StatusObject) -> String {
    let scheme = printable(&status.scheme);
    let urls: Vec<String> =
        status.addresses.iter().map(|address| format!("{scheme}://{address}")).collect();
    let user = status.uid.map(|uid| format!(" of user {uid}")).unwrap_or_default();
    let since = Timestamp::from_second(status.started);
    let since = since.map(|at| format!(", since {at}")).unwrap_or_default();
    format!(
        "aws-sso {} at {}: pid {}{user}{since}",
        printable(&status.version),
        urls.join(" and "),
        status.pid
    )
}

/// The options and counters of the server.
pub(super) fn facts(status: &StatusObject) -> String {
    let spoken = if status.scheme == "https" { "HTTPS" } else { "plain HTTP" };
    let token = match status.token_required {
        true => "every program needs a token",
        false => "your own programs need no token",
    };
    let refreshes = match status.refreshes {
        true => "slots are refreshed",
        false => "slots are not refreshed",
    };
    let audit = match (status.audit_log, status.audit_lost) {
        (false, _) => "no audit log".to_owned(),
        (true, 0) => "an audit log".to_owned(),
        (true, lost) => format!("an audit log with {lost} missing records"),
    };
    let connections = match status.connections {
        1 => "1 connection".to_owned(),
        connections => format!("{connections} connections"),
    };
    format!("{spoken}, {token}, {refreshes}, {audit}, {connections}")
}

/// The sign-ins that slots depend on.
pub(super) fn sessions(status: &StatusObject) -> Option<String> {
    let sessions = status.sessions.iter().map(|session| {
        let state = match session.ends {
            _ if session.sign_in_needed => "sign-in needed".to_owned(),
            Some(ends) => format!("ends {}", within(ends.saturating_sub(status.time))),
            None => "end not known yet".to_owned(),
        };
        format!("{} ({state})", printable(&session.instance))
    });
    let sessions: Vec<String> = sessions.collect();
    (!sessions.is_empty()).then(|| format!("SSO sessions: {}", sessions.join(", ")))
}

/// Warnings for a person, without duplicates.
pub(super) fn notices(status: &StatusObject) -> Vec<String> {
    let now = Timestamp::from_second(status.time).unwrap_or_default();
    let mut said = HashSet::new();
    let notices = slots(status).filter_map(|slot| ui::notice(&slot.profile, now));
    let notices = notices.chain(Forwarders::of(status).map(|Forwarders { programs, command }| {
        let why = Forwarders::WHY;
        format!("{programs} has read a slot: {why}. Require a token from every program: {command}")
    }));
    let notices = notices.filter(|notice| said.insert(notice.clone()));
    notices.map(|text| printable(&text).into_owned()).collect()
}

/// All slots, the default one first.
pub(super) fn rows(status: &StatusObject) -> Vec<Row> {
    let default = status.default.iter().map(|slot| {
        let name = format!("(default) {}", slot.profile.profile_name);
        Row::of(&name, slot, status.time)
    });
    let named =
        status.slots.iter().map(|slot| Row::of(&slot.profile.profile_name, slot, status.time));
    default.chain(named).collect()
}

fn slots(status: &StatusObject) -> impl Iterator<Item = &SlotObject> {
    status.default.iter().chain(&status.slots)
}

impl Row {
    fn of(name: &str, slot: &SlotObject, now: i64) -> Self {
        let profile = &slot.profile;
        let text = |text: &str| printable(text).into_owned();
        let known = |known: &Option<String>| known.as_deref().map_or_else(unknown, text);
        Self {
            level: level(slot, now),
            slot: text(name),
            account: known(&profile.account_id),
            role: known(&profile.role_name),
            left: if profile.expiration == 0 { unknown() } else { text(&profile.expires) },
            thousandths: thousandths(slot, now),
            state: profile.state.to_string(),
            next: slot.next_refresh.map_or_else(unknown, |at| within(at.saturating_sub(now))),
            reads: slot.reads.to_string(),
            last: last_read(slot, now),
        }
    }
}

fn unknown() -> String {
    "-".to_owned()
}

fn level(slot: &SlotObject, now: i64) -> Level {
    let left = slot.profile.expiration.saturating_sub(now);
    match slot.profile.state {
        State::Ready if left > EXPIRES_SOON => Level::Good,
        State::Ready | State::Pending | State::Unavailable | State::Unknown => {
            if left <= 0 && slot.profile.expiration > 0 { Level::Bad } else { Level::Unsure }
        }
        State::SignInNeeded | State::Denied | State::Misconfigured | State::Expired => Level::Bad,
    }
}

fn thousandths(slot: &SlotObject, now: i64) -> u16 {
    let expiration = slot.profile.expiration;
    let Some(life) = slot.obtained.map(|obtained| expiration.saturating_sub(obtained)) else {
        return 0;
    };
    let part = expiration.saturating_sub(now).clamp(0, life.max(0)).saturating_mul(1000);
    part.checked_div(life).and_then(|part| u16::try_from(part).ok()).unwrap_or(0)
}

fn last_read(slot: &SlotObject, now: i64) -> String {
    let Some(last) = slot.last_read else { return "never".to_owned() };
    let last_ago = ago(now.saturating_sub(last));
    match &slot.last_reader {
        None => last_ago,
        Some(reader) if last.saturating_sub(reader.time) <= SAME_READ => {
            format!("{last_ago} by {}", name(reader))
        }
        Some(reader) => {
            format!("{last_ago}; {} by {}", ago(now.saturating_sub(reader.time)), name(reader))
        }
    }
}

/// A time in the past as text.
fn ago(seconds: i64) -> String {
    match seconds {
        ..5 => "just now".to_owned(),
        5..60 => format!("{seconds}s ago"),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..86_400 => format!("{}h ago", seconds / 3600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

/// A time in the future as text.
fn within(seconds: i64) -> String {
    match seconds {
        ..1 => "now".to_owned(),
        1..60 => format!("in {seconds}s"),
        60..3600 => format!("in {}m", seconds / 60),
        _ => format!("in {}h {}m", seconds / 3600, seconds % 3600 / 60),
    }
}

pub(super) const NOTHING_LOADED: &str = "Nothing is loaded. Load a role: aws-sso ecs load";
/// Slots with less time left should have been refreshed already.
const EXPIRES_SOON: i64 = 5 * 60;
/// Readers are looked up once a second, so two reads within this time count as one.
const SAME_READ: i64 = 2;

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    pub(in super::super) const NOW: i64 = 1_795_382_191;

    /// A status with these slots; the first is the default one.
    pub(in super::super) fn status(slots: &[Value]) -> StatusObject {
        let (default, named) = match slots {
            [default, named @ ..] => (default.clone(), named),
            [] => (Value::Null, slots),
        };
        let status = json!({
            "Version": "0.1.0", "Pid": 4242, "Uid": 1000, "Started": NOW - 7200, "Time": NOW,
            "Addresses": ["127.0.0.1:4144", "[::1]:4144"], "Scheme": "http",
            "TokenRequired": false, "Refreshes": true, "AuditLog": false, "AuditLost": 0,
            "Connections": 2, "Default": default, "Slots": named,
            "Sessions": [{"Instance": "corp", "Ends": NOW + 720, "SignInNeeded": false}],
        });
        serde_json::from_value(status).unwrap()
    }

    /// A slot with an hour's credentials, of which so many seconds are left.
    pub(in super::super) fn slot(name: &str, left: i64, state: &str, more: Value) -> Value {
        let mut slot = json!({
            "ProfileName": name, "AccountId": "000001111111", "RoleName": "Admin",
            "Expiration": NOW + left, "Expires": format!("{}m", left / 60), "State": state,
            "Obtained": NOW + left - 3600, "Reads": 0,
        });
        slot.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        slot
    }

    fn row(left: i64, state: &str, more: Value) -> Row {
        rows(&status(&[slot("dev", left, state, more)])).remove(0)
    }

    #[test]
    fn the_condition_of_a_slot_follows_from_its_state_and_its_time() {
        for (left, state, level, thousandths) in [
            (3600, "ready", Level::Good, 1000),
            (1800, "ready", Level::Good, 500),
            (300, "ready", Level::Unsure, 83),
            (0, "ready", Level::Bad, 0),
            (1800, "unavailable", Level::Unsure, 500),
            (0, "unavailable", Level::Bad, 0),
            (1800, "of-a-newer-server", Level::Unsure, 500),
            (1800, "sign-in-needed", Level::Bad, 500),
            (1800, "denied", Level::Bad, 500),
            (-60, "expired", Level::Bad, 0),
        ] {
            let row = row(left, state, json!({}));
            assert_eq!((row.level, row.thousandths), (level, thousandths), "{left} {state}");
        }
        let empty = row(0, "pending", json!({"Expiration": 0, "Obtained": null}));
        assert_eq!((empty.level, empty.left.as_str()), (Level::Unsure, "-"));
    }

    #[test]
    fn extreme_numbers_from_another_server_do_not_panic() {
        for (expiration, obtained) in [(i64::MAX, i64::MIN), (i64::MIN, i64::MAX), (5, 5)] {
            let more = json!({"Expiration": expiration, "Obtained": obtained, "LastRead": i64::MIN,
                "NextRefresh": i64::MIN});
            assert!(row(60, "ready", more).thousandths <= 1000);
        }
    }

    #[test]
    fn the_last_reader_is_shown_as_far_as_it_is_known() {
        for (more, said) in [
            (json!({}), "never"),
            (json!({"LastRead": NOW - 3}), "just now"),
            (
                json!({"LastRead": NOW - 130, "LastReader":
                    {"Uid": 1000, "Pid": 4242, "Exe": "/usr/bin/python3", "Time": NOW - 131}}),
                "2m ago by python3 (pid 4242)",
            ),
            (
                json!({"LastRead": NOW - 40, "LastReader": {"Uid": 1001, "Time": NOW - 40}}),
                "40s ago by user 1001",
            ),
            (
                json!({"LastRead": NOW - 40, "LastReader":
                    {"Uid": 1000, "Pid": 7, "Exe": "/a/\u{1b}x", "Time": NOW - 7200}}),
                "40s ago; 2h ago by \u{fffd}x (pid 7)",
            ),
        ] {
            assert_eq!(row(3600, "ready", more).last, said);
        }
    }

    #[test]
    fn a_forwarder_is_shown_with_the_command_that_requires_a_token() {
        let socat = json!({"LastForwarder":
            {"Uid": 1000, "Pid": 7, "Exe": "/usr/bin/socat", "Time": NOW - 7200}});
        let slots = ["a", "b"].map(|name| slot(name, 60, "ready", socat.clone()));
        let mut status = status(&slots);
        assert_eq!(
            notices(&status),
            [
                "socat (pid 7) has read a slot: it forwards connections, and the server takes all of them \
              for yours. Require a token from every program: aws-sso ecs run --require-token"
            ]
        );
        status.addresses = vec!["127.0.0.1:4200".parse().unwrap()];
        status.scheme = "https".to_owned();
        let told = notices(&status).concat();
        assert!(told.ends_with(": aws-sso ecs run --port 4200 --tls --require-token"), "{told}");
        status.token_required = true;
        assert_eq!(notices(&status), [""; 0]);
    }

    #[test]
    fn a_notice_is_shown_once_and_control_characters_are_replaced() {
        let notice = json!({"Reason": "it is\u{9b}31m over", "Hint": "Sign in: aws-sso login"});
        let slots = ["a", "b"].map(|name| slot(name, 60, "sign-in-needed", notice.clone()));
        let status = status(&slots);
        assert_eq!(notices(&status), ["it is\u{fffd}31m over. Sign in: aws-sso login"]);
        assert_eq!(sessions(&status).unwrap(), "SSO sessions: corp (ends in 12m)");
        assert_eq!(
            server(&status),
            "aws-sso 0.1.0 at http://127.0.0.1:4144 and http://[::1]:4144: pid 4242 of user 1000, \
             since 2026-11-22T19:16:31Z"
        );
        assert_eq!(
            facts(&status),
            "plain HTTP, your own programs need no token, slots are refreshed, no audit log, 2 connections"
        );
    }
}
