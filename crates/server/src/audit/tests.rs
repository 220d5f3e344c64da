use std::fs;
use std::path::Path;

use credentials::{Principal, ProfileName, SlotName};
use fakes::{FakeClock, SmallDisk};

use super::*;
use crate::refusal::Refusal;
use crate::request::Verb;

const NOON: &str = "2026-11-22T12:00:00.5Z";

fn name(text: &str) -> ProfileName {
    ProfileName::parse(text).unwrap()
}

fn record(verb: Verb, slot: SlotName, outcome: Result<(), Refusal>) -> Record {
    let role = Role { profile: name("dev"), principal: Principal::from(fakes::arn()) };
    Record {
        at: NOON.parse().unwrap(),
        verb,
        slot: Some(slot),
        outcome: outcome.map(|()| Some(Arc::new(role))),
        requester: Requester::default(),
    }
}

fn read() -> Record {
    record(Verb::Read, SlotName::Default, Ok(()))
}

async fn written(path: &Path, records: impl IntoIterator<Item = Record>) -> String {
    let clock = Arc::new(FakeClock::at(NOON));
    let (audit, writing) = AuditLog::open(path).unwrap().start(clock);
    records.into_iter().for_each(|record| audit.note(record));
    writing.finish().await;
    fs::read_to_string(path).unwrap()
}

#[tokio::test]
async fn each_decision_is_a_line_with_the_requester_and_the_role() {
    let home = tempfile::tempdir().unwrap();
    let socket = Some(Socket { uid: 12345, inode: u32::MAX });
    let requester = Requester { socket, token: Some("00ff00ff00ff00ff".parse().unwrap()) };
    let records = [
        Record { requester, ..read() },
        record(Verb::Load, SlotName::Named(name("a b")), Ok(())),
        record(Verb::Read, SlotName::Named(name("a b")), Err(Refusal::NoSuchSlot(name("a b")))),
        Record { slot: None, ..record(Verb::List, SlotName::Default, Err(Refusal::OtherUser)) },
        Record { slot: None, outcome: Ok(None), ..record(Verb::Unload, SlotName::Default, Ok(())) },
    ];
    let log = written(&home.path().join("audit"), records).await;
    let role = r#""Profile":"dev","AccountId":"000001111111","RoleName":"Admin","Outcome":"allowed","Status":200"#;
    let time = r#"{"Time":"2026-11-22T12:00:00.500Z""#;
    let expected = [
        format!(
            r#"{time},"Verb":"read","DefaultSlot":true,{role},"Token":"00ff00ff00ff00ff","Uid":12345}}"#
        ),
        format!(r#"{time},"Verb":"load","Slot":"a b","DefaultSlot":false,{role}}}"#),
        format!(
            r#"{time},"Verb":"read","Slot":"a b","DefaultSlot":false,"Outcome":"failed","Status":404,"Reason":"{}"}}"#,
            Refusal::NoSuchSlot(name("a b")).text().message
        ),
        format!(
            r#"{time},"Verb":"list","DefaultSlot":false,"Outcome":"refused","Status":401,"Reason":"{}"}}"#,
            Refusal::OtherUser.text().message
        ),
        format!(r#"{time},"Verb":"unload","DefaultSlot":false,"Outcome":"allowed","Status":200}}"#),
    ];
    assert_eq!(log.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn no_name_can_forge_a_line() {
    let home = tempfile::tempdir().unwrap();
    let hostile = r#"x","Outcome":"allowed"}{"Verb":"read\n"#;
    let record =
        record(Verb::Read, SlotName::Named(name(hostile)), Err(Refusal::NoSuchSlot(name("a b"))));
    let log = written(&home.path().join("audit"), [record]).await;
    assert_eq!(log.lines().count(), 1);
    let line: AuditLine<'_> = serde_json::from_str(&log).unwrap();
    assert_eq!((line.slot.as_deref(), &*line.outcome), (Some(hostile), "failed"));
}

#[tokio::test]
async fn records_without_room_are_counted_and_reported() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("audit");
    let queue = Arc::new(Queue::default());
    for _ in 0..queue::MAX_RECORDS + 7 {
        queue.push(read());
    }
    queue.stop();
    let log = LogFile::open(&path).unwrap();
    Writer::new(log, Arc::clone(&queue), Arc::new(FakeClock::at(NOON))).run();
    let log = fs::read_to_string(&path).unwrap();
    let reads = log.lines().filter(|line| line.contains(r#""Verb":"read""#)).count();
    assert_eq!(reads, queue::MAX_RECORDS);
    let reported = log.lines().last().unwrap();
    assert!(reported.contains(r#""Lost":7,"Reason":"they came faster"#), "{reported}");
}

#[test]
fn lines_lost_on_a_full_disk_are_reported_when_there_is_room() {
    let home = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(home.path().join("disk")) else { return };
    let path = disk.path().join("audit");
    let log = LogFile::open(&path).unwrap();
    let mut writer = Writer::new(log, Arc::default(), Arc::new(FakeClock::at(NOON)));
    let mut batch = Vec::new();
    let mut write = |records: usize| {
        batch.extend((0..records).map(|_| read()));
        writer.write(&mut batch, 0, false);
        fs::read_to_string(&path).unwrap()
    };
    write(1);
    disk.fill();
    let kept = write(100).lines().count(); // what the file's last page has room for
    assert!(kept < 100);
    disk.make_room();
    let log = write(1);
    let after: Vec<AuditLine<'_>> =
        log.lines().skip(kept).map(|line| serde_json::from_str(line).unwrap()).collect();
    let [reported, next] = &after[..] else { panic!("{after:?}") };
    assert_eq!(reported.lost as usize, 101 - kept);
    assert_eq!(reported.reason.as_deref(), Some("the file could not be written"));
    assert_eq!(&*next.verb, "read", "it goes on");
}

#[tokio::test]
async fn a_flood_of_refusals_does_not_displace_other_lines() {
    let home = tempfile::tempdir().unwrap();
    let refused = || record(Verb::Read, SlotName::Default, Err(Refusal::OtherUser));
    let flood = (0..5000).map(|_| refused()).chain([read()]);
    let log = written(&home.path().join("audit"), flood).await;
    let of = |what: &str| log.lines().filter(|line| line.contains(what)).count();
    assert!((1000..1100).contains(&of(r#""Outcome":"refused""#)), "{}", of("refused"));
    assert_eq!(of(r#""Outcome":"allowed""#), 1);
    let reported = log.lines().find(|line| line.contains(r#""Verb":"audit""#)).unwrap();
    assert!(reported.contains("too many requests were refused"), "{reported}");
}
