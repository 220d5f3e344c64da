//! Tests of the real router without a socket: route × method × permit, and the content of the answers.

mod table;

use fakes::FakeClock;
use hyper::Request;
use hyper::header::{ALLOW, WWW_AUTHENTICATE};

use super::*;
use crate::peer::Owner;
use table::METHODS;

const NOW: &str = "2026-11-22T20:16:31Z";
const LATER: &str = "2026-11-22T21:16:31Z";
const EARLIER: &str = "2026-11-22T20:00:00Z";

/// A router with the default slot, `dev` and `old` loaded, `old` having expired.
fn router() -> (Router, Arc<FakeClock>) {
    router_with(Gate::default())
}

fn router_with(gate: Gate) -> (Router, Arc<FakeClock>) {
    let clock = Arc::new(FakeClock::at(NOW));
    let slots = Arc::new(Slots::new(true, 1));
    let main = wire::Upload::Credentials(fakes::profile("main", LATER));
    slots.start_with(main, Now::by(&*clock)).unwrap();
    let router = Router::new(gate, slots, clock.clone(), None, None, about());
    for (name, expiration) in [("dev", LATER), ("old", NOW)] {
        clock.move_to(EARLIER);
        let body = wire::write_upload(&fakes::profile(name, expiration), wire::Replace::Anything);
        assert_eq!(ask_with(&router, "PUT", &format!("/slot/{name}"), &[], &body).status(), 200);
    }
    clock.move_to(NOW);
    (router, clock)
}

fn about() -> About {
    About {
        started: EARLIER.parse().unwrap(),
        addresses: vec![([127, 0, 0, 1], 4144).into()],
        speaks_https: false,
        requires_token: false,
        refreshes: true,
        audit: None,
        connections: Arc::default(),
    }
}

fn ask(router: &Router, method: &str, target: &str) -> Response<Bytes> {
    let body = wire::write_upload(&fakes::profile("dev", LATER), wire::Replace::Anything);
    ask_with(router, method, target, &[], &body)
}

fn ask_with(
    router: &Router,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response<Bytes> {
    ask_as(router, Owner::SameUser, method, target, headers, body)
}

fn ask_as(
    router: &Router,
    owner: Owner,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(target);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "127.0.0.1:4144");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    match router.decide(&head, Peer { owner, socket: None, port: 4144 }).0 {
        Decision::Answer(response) | Decision::AnswerWhenSaved(response) => response,
        Decision::ReadBody(load) => match router.load(load, Ok(body)) {
            Ok(loaded) => loaded_answer(&loaded, None),
            Err(refusal) => refusal.into_response(4144),
        },
    }
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

#[test]
fn credentials_have_the_keys_that_every_sdk_reads() {
    let response = ask(&router().0, "GET", "/");
    assert_eq!(
        text(&response),
        "{\"AccessKeyId\":\"ASIAFAKE\",\"SecretAccessKey\":\"CANARY-secret-of-4\",\
         \"Token\":\"CANARY-token-of-4\",\"Expiration\":\"2026-11-22T21:16:31Z\",\
         \"RoleArn\":\"arn:aws:iam::000001111111:role/Admin\",\"AccountId\":\"000001111111\"}"
    );
}

#[test]
fn an_unknown_account_and_role_are_omitted() {
    let (router, _) = router();
    let mut profile = fakes::profile("dev", LATER);
    profile.principal = credentials::Principal::default();
    ask_with(&router, "PUT", "/", &[], &wire::write_upload(&profile, wire::Replace::Anything));
    let credentials = text(&ask(&router, "GET", "/")).to_owned();
    assert!(!credentials.contains("RoleArn") && !credentials.contains("AccountId"));
    assert_eq!(
        text(&ask(&router, "GET", "/profile")),
        "{\"ProfileName\":\"dev\",\"Expiration\":1795382191,\"Expires\":\"1h 0m\",\"State\":\"ready\",\"Generation\":4}"
    );
}

#[test]
fn expired_credentials_are_not_served() {
    let (router, clock) = router();
    clock.move_to("2026-11-22T21:16:30.999Z");
    assert_eq!(ask(&router, "GET", "/").status(), 200);
    clock.move_to(LATER);
    let response = ask(&router, "GET", "/");
    assert_eq!(response.status(), 404);
    assert!(text(&response).contains("have expired"), "{}", text(&response));
    assert!(text(&ask(&router, "GET", "/profile")).contains("\"Expires\":\"Expired\""));
}

#[test]
fn named_slots_are_listed_by_name() {
    let (router, _) = router();
    assert_eq!(
        text(&ask(&router, "GET", "/slot")),
        "[{\"ProfileName\":\"dev\",\"AccountId\":\"000001111111\",\"RoleName\":\"Admin\",\
         \"Expiration\":1795382191,\"Expires\":\"1h 0m\",\"State\":\"ready\",\"Generation\":2},\
         {\"ProfileName\":\"old\",\"AccountId\":\"000001111111\",\"RoleName\":\"Admin\",\
         \"Expiration\":1795378591,\"Expires\":\"Expired\",\"State\":\"expired\",\"Generation\":3}]"
    );
    assert_eq!(text(&ask(&router, "DELETE", "/slot")), "{\"code\":\"200\",\"message\":\"OK\"}");
    assert_eq!(text(&ask(&router, "GET", "/slot")), "[]");
    assert_eq!(ask(&router, "GET", "/").status(), 200, "the default slot is not a named slot");
}

#[test]
fn the_status_shows_the_server_the_slots_and_the_reads_but_no_secret() {
    let (router, clock) = router();
    clock.move_to("2026-11-22T20:26:31Z");
    assert_eq!(ask(&router, "GET", "/slot/dev").status(), 200);
    assert_eq!(ask(&router, "GET", "/slot/old").status(), 404, "it serves nothing");
    let response = ask(&router, "GET", "/status");
    let (pid, uid) = (std::process::id(), crate::peer::own_uid());
    let uid = uid.map(|uid| format!("\"Uid\":{uid},")).unwrap_or_default();
    let slot = |name: &str, rest: &str| {
        format!(
            "{{\"ProfileName\":\"{name}\",\"AccountId\":\"000001111111\",\"RoleName\":\"Admin\",{rest}}}"
        )
    };
    let [main, dev, old] = [
        slot(
            "main",
            "\"Expiration\":1795382191,\"Expires\":\"50m\",\"State\":\"ready\",\"Generation\":1,\
             \"Obtained\":1795378591,\"Reads\":0",
        ),
        slot(
            "dev",
            "\"Expiration\":1795382191,\"Expires\":\"50m\",\"State\":\"ready\",\"Generation\":2,\
             \"Obtained\":1795377600,\"Reads\":1,\"LastRead\":1795379191",
        ),
        slot(
            "old",
            "\"Expiration\":1795378591,\"Expires\":\"Expired\",\"State\":\"expired\",\"Generation\":3,\
             \"Obtained\":1795377600,\"Reads\":0",
        ),
    ];
    assert_eq!(
        text(&response),
        format!(
            "{{\"Version\":\"0.1.0\",\"Pid\":{pid},{uid}\"Started\":1795377600,\"Time\":1795379191,\
             \"Addresses\":[\"127.0.0.1:4144\"],\"Scheme\":\"http\",\"TokenRequired\":false,\
             \"Refreshes\":true,\"AuditLog\":false,\"AuditLost\":0,\"Connections\":0,\
             \"Default\":{main},\"Slots\":[{dev},{old}],\"Sessions\":[]}}"
        )
    );
}

#[test]
fn a_slot_that_is_loaded_again_has_not_been_read() {
    let (router, _) = router();
    let reads = |router: &Router| {
        let status: wire::StatusObject =
            serde_json::from_slice(ask(router, "GET", "/status").body()).unwrap();
        status.slots.first().unwrap().reads
    };
    for method in ["GET", "HEAD"] {
        assert_eq!(ask(&router, method, "/slot/dev").status(), 200);
    }
    assert_eq!(reads(&router), 2);
    assert_eq!(ask(&router, "PUT", "/slot/dev").status(), 200);
    assert_eq!(reads(&router), 0);
}

#[test]
fn get_after_delete_gives_a_hint() {
    let (router, _) = router();
    assert_eq!(ask(&router, "DELETE", "/").status(), 200);
    for method in ["GET", "DELETE"] {
        let response = ask(&router, method, "/");
        assert_eq!(response.status(), 404);
        let message = "no credentials are loaded in the default slot. Load them: \
                       aws-sso ecs load";
        assert_eq!(
            text(&response),
            format!(
                "{{\"code\":\"404\",\"message\":\"{message}\",\"Code\":\"404\",\"Message\":\"{message}\",\
                 \"reason\":\"nothing-loaded\",\"hint\":\"Load them: aws-sso ecs load\"}}"
            )
        );
    }
    assert_eq!(ask(&router, "GET", "/profile").status(), 404);
}

#[test]
fn a_body_that_names_another_slot_than_the_path_changes_nothing() {
    let (router, _) = router();
    let body = wire::write_upload(&fakes::profile("other", LATER), wire::Replace::Anything);
    assert_eq!(ask_with(&router, "PUT", "/slot/dev", &[], &body).status(), 409);
    assert_eq!(ask(&router, "GET", "/slot/other").status(), 404);
}

#[test]
fn credentials_larger_than_any_sdk_limit_are_refused() {
    let (router, _) = router();
    let mut profile = fakes::profile("dev", LATER);
    profile.credentials.session_token = credentials::Secret::parse("x".repeat(9_999)).unwrap();
    let response = ask_with(
        &router,
        "PUT",
        "/slot/dev",
        &[],
        &wire::write_upload(&profile, wire::Replace::Anything),
    );
    assert_eq!(response.status(), 400);
    assert!(ask(&router, "GET", "/slot/dev").body().len() < 10_000);
}

#[test]
fn health_shows_the_reason_only_to_readers() {
    let (router, _) = router();
    let stranger = |target: &str| {
        let response = ask_as(&router, Owner::OtherUser, "GET", target, &[], b"");
        text(&response).to_owned()
    };
    assert_eq!(stranger("/healthcheck"), "{\"status\":\"ok\"}");
    let refused = ["dev", "old", "none"].map(|slot| stranger(&format!("/healthcheck/slot/{slot}")));
    assert!(refused[0].contains("other-user"), "{}", refused[0]);
    assert!(refused.iter().all(|answer| *answer == refused[0]), "{refused:?}");
    let reader = |target| text(&ask(&router, "GET", target)).to_owned();
    assert_eq!(
        reader("/healthcheck"),
        "{\"status\":\"ok\",\"profile\":\"main\",\"expires\":\"2026-11-22T21:16:31Z\"}"
    );
    assert_eq!(
        reader("/healthcheck/slot/old"),
        "{\"status\":\"unavailable\",\"profile\":\"old\",\"expires\":\"2026-11-22T20:16:31Z\",\
         \"reason\":\"the credentials in this slot have expired\"}"
    );
    assert_eq!(
        reader("/healthcheck/slot/none"),
        "{\"status\":\"unavailable\",\"reason\":\"no credentials are loaded in this slot\"}"
    );
}

#[test]
fn no_message_quotes_what_was_sent() {
    let (router, _) = router();
    for target in ["/slot/%zzCANARY", "/CANARY", "/slot/CANARY", "/s/CANARY!", "/?profile=%CANARY"]
    {
        for method in METHODS {
            for owner in [Owner::SameUser, Owner::OtherUser] {
                let response = ask_as(&router, owner, method, target, &[], b"{\"CANARY\":");
                let names_it = text(&response).contains("CANARY");
                // A requester who may read a slot gets the command that loads it.
                let is_named = target == "/slot/CANARY" && response.status() == 404;
                assert_eq!(names_it, is_named, "{method} {target}: {}", text(&response));
            }
        }
    }
}

#[test]
fn a_hint_quotes_the_slot_name_for_the_shell() {
    let (router, _) = router();
    for (target, hint) in [
        ("/slot/none", "Load them: aws-sso ecs load --slotted --profile none"),
        ("/slot/a%20b", "Load them: aws-sso ecs load --slotted --profile 'a b'"),
        ("/slot/old", "Load them again: aws-sso ecs load --slotted --profile old"),
    ] {
        let message: wire::Message =
            serde_json::from_slice(ask(&router, "GET", target).body()).unwrap();
        assert_eq!(message.hint.as_deref(), Some(hint));
    }
}
