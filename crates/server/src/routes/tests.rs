//! The real router without a socket: route × method × permit, and what the answers hold.

use fakes::FakeClock;
use hyper::Request;
use hyper::header::{ALLOW, WWW_AUTHENTICATE};

use super::*;
use crate::peer::Owner;
use crate::token::{Scope, TokenStore, Tokens};

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
        let body = wire::write_upload(&fakes::profile(name, expiration));
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
    let body = wire::write_upload(&fakes::profile("dev", LATER));
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
    match router.decide(&head, Peer { owner, socket: None, port: 4144 }) {
        Decision::Answer(response) | Decision::AnswerWhenSaved(response) => response,
        Decision::ReadBody(load) => router.load(load, Ok(body)),
    }
}

fn text(response: &Response<Bytes>) -> &str {
    std::str::from_utf8(response.body()).unwrap()
}

/// Each route with the status of GET, HEAD, PUT, DELETE and POST, for the server's own user.
const ROUTES: [(&str, [u16; 5]); 26] = [
    ("/", [200, 200, 200, 200, 405]),
    ("/?profile=dev", [200, 200, 200, 200, 405]),
    ("/?profile=none", [404, 404, 409, 404, 405]),
    ("/?profile=dev&profile=dev", [400, 400, 400, 400, 400]),
    ("/creds", [200, 200, 405, 405, 405]),
    ("/creds?profile=dev", [200, 200, 405, 405, 405]),
    ("/creds?profile=old", [404, 404, 405, 405, 405]),
    ("/profile", [200, 200, 405, 405, 405]),
    ("/profile?profile=dev", [200, 200, 405, 405, 405]),
    ("/profile?profile=none", [404, 404, 405, 405, 405]),
    ("/slot", [200, 200, 405, 200, 405]),
    ("/slot/", [200, 200, 405, 400, 405]),
    ("/slot?profile=dev", [400, 400, 400, 400, 400]),
    ("/slot/?profile=dev", [400, 400, 400, 400, 400]),
    ("/slot/dev", [200, 200, 200, 200, 405]),
    ("/slot/old", [404, 404, 409, 200, 405]),
    ("/slot/none", [404, 404, 409, 404, 405]),
    ("/slot/%zz", [400, 400, 400, 400, 400]),
    ("/s/ZGV2", [200, 200, 405, 405, 405]),
    ("/s/!", [400, 400, 400, 400, 400]),
    ("/status", [200, 200, 405, 405, 405]),
    ("/healthcheck", [200, 200, 405, 405, 405]),
    ("/healthcheck/slot/dev", [200, 200, 405, 405, 405]),
    ("/healthcheck/slot/old", [503, 503, 405, 405, 405]),
    ("/healthcheck/slot/none", [503, 503, 405, 405, 405]),
    ("/elsewhere", [404, 404, 404, 404, 404]),
];

const METHODS: [&str; 5] = ["GET", "HEAD", "PUT", "DELETE", "POST"];

#[test]
fn every_route_answers_every_method_to_its_own_user() {
    for (target, statuses) in ROUTES {
        for (method, status) in METHODS.iter().zip(statuses) {
            let response = ask(&router().0, method, target);
            assert_eq!(response.status(), status, "{method} {target}: {}", text(&response));
            assert_eq!(response.headers()["content-type"], "application/json");
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!(response.headers().contains_key(ALLOW), status == 405, "{method} {target}");
            assert!(!response.headers().contains_key(WWW_AUTHENTICATE), "{method} {target}");
        }
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    for (target, statuses) in ROUTES {
        for (method, status) in METHODS.iter().zip(statuses) {
            let (router, _) = router();
            let before = ask(&router, "GET", "/status");
            ask(&router, method, target);
            let after = ask(&router, "GET", "/status");
            let has_changed = before.body() != after.body();
            assert!(status == 200 || !has_changed, "{method} {target}");
        }
    }
}

#[test]
fn everyone_else_gets_nothing_but_health() {
    type Headers = &'static [(&'static str, &'static str)];
    let refused: [(Owner, Headers, u16); 6] = [
        (Owner::OtherUser, &[], 401),
        (Owner::Root, &[], 401),
        (Owner::Unknown, &[], 401),
        (Owner::SameUser, &[("authorization", "Bearer x")], 401),
        (Owner::SameUser, &[("origin", "https://evil.example")], 403),
        (Owner::SameUser, &[("host", "evil.example:4144")], 421),
    ];
    for (owner, headers, status) in refused {
        for (target, own) in ROUTES {
            for (method, own) in METHODS.iter().zip(own) {
                let (router, _) = router();
                let response = ask_as(&router, owner, method, target, headers, b"");
                let is_health = target.starts_with("/healthcheck") && status == 401;
                let expected = if is_health { own } else { status };
                assert_eq!(response.status(), expected, "{owner:?} {headers:?} {method} {target}");
                let challenge = response.headers().get(WWW_AUTHENTICATE);
                assert_eq!(challenge.is_some_and(|value| value == "Bearer"), expected == 401);
                assert!(!text(&response).contains(fakes::CANARY));
                let still_there = ask(&router, "GET", "/slot/dev").status();
                assert_eq!(still_there, 200, "{method} {target} changed something");
            }
        }
    }
}

#[test]
fn a_read_token_reads_its_slots_and_learns_nothing_of_others() {
    let home = tempfile::tempdir().unwrap();
    let store = TokenStore::at(home.path().join("tokens.json"));
    let now = NOW.parse().unwrap();
    let gate =
        || Gate { tokens: Some(Tokens::open(store.clone(), now).unwrap()), ..Gate::default() };
    let named = |name| SlotName::Named(credentials::ProfileName::parse(name).unwrap());
    let scope = Scope::Read(vec![named("dev"), named("none")]);
    let expiration = credentials::Expiration::parse(LATER).unwrap();
    let (token, _) = store.create(scope, expiration, None, now).unwrap();
    let headers = [("authorization", token.expose())];
    let ask = |router: &Router, method: &str, target: &str| {
        let body = wire::write_upload(&fakes::profile("dev", LATER));
        ask_as(router, Owner::Unknown, method, target, &headers, &body)
    };
    for (target, own) in ROUTES {
        for (method, own) in METHODS.iter().zip(own) {
            let (router, _) = router_with(gate());
            let response = ask(&router, method, target);
            let is_its_own =
                ["dev", "none", "ZGV2", "/slot"].iter().any(|end| target.ends_with(end))
                    || target == "/slot/";
            let reads = matches!(*method, "GET" | "HEAD");
            let expected = match own {
                _ if target.starts_with("/healthcheck") => own,
                400 | 405 => own,
                404 if target == "/elsewhere" => own,
                _ if reads && is_its_own => own,
                _ => 403,
            };
            assert_eq!(response.status(), expected, "{method} {target}: {}", text(&response));
            let tells =
                ["ASIAFAKE", "main", "old"].iter().any(|what| text(&response).contains(what));
            assert_eq!(tells, reads && own == 200 && is_credentials(target), "{method} {target}");
        }
    }
    let (router, _) = router_with(gate());
    assert!(text(&ask(&router, "GET", "/slot")).starts_with("[{\"ProfileName\":\"dev\""));
    // What is loaded and what isn't is refused with the same words.
    let [loaded, empty] = ["/slot/old", "/slot/neither"].map(|target| ask(&router, "GET", target));
    assert_eq!(text(&loaded), text(&empty));
    for slot in ["old", "neither"] {
        let health = ask(&router, "GET", &format!("/healthcheck/slot/{slot}"));
        assert_eq!(text(&health), "{\"status\":\"unavailable\"}");
    }
}

fn is_credentials(target: &str) -> bool {
    let tells_less = ["/healthcheck", "/profile", "/slot?", "/slot/?"];
    target == "/s/ZGV2"
        || target.ends_with("dev") && !tells_less.iter().any(|start| target.starts_with(start))
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
fn account_and_role_that_are_unknown_are_left_out() {
    let (router, _) = router();
    let mut profile = fakes::profile("dev", LATER);
    profile.principal = credentials::Principal::default();
    ask_with(&router, "PUT", "/", &[], &wire::write_upload(&profile));
    let credentials = text(&ask(&router, "GET", "/")).to_owned();
    assert!(!credentials.contains("RoleArn") && !credentials.contains("AccountId"));
    assert_eq!(
        text(&ask(&router, "GET", "/profile")),
        "{\"ProfileName\":\"dev\",\"Expiration\":1795382191,\"Expires\":\"1h 0m\",\"State\":\"ready\"}"
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
         \"Expiration\":1795382191,\"Expires\":\"1h 0m\",\"State\":\"ready\"},\
         {\"ProfileName\":\"old\",\"AccountId\":\"000001111111\",\"RoleName\":\"Admin\",\
         \"Expiration\":1795378591,\"Expires\":\"Expired\",\"State\":\"expired\"}]"
    );
    assert_eq!(text(&ask(&router, "DELETE", "/slot")), "{\"code\":\"200\",\"message\":\"OK\"}");
    assert_eq!(text(&ask(&router, "GET", "/slot")), "[]");
    assert_eq!(ask(&router, "GET", "/").status(), 200, "the default slot is none of them");
}

#[test]
fn the_status_tells_of_the_server_the_slots_and_the_reads_and_no_secret() {
    let (router, clock) = router();
    clock.move_to("2026-11-22T20:26:31Z");
    assert_eq!(ask(&router, "GET", "/slot/dev").status(), 200);
    assert_eq!(ask(&router, "GET", "/slot/old").status(), 404, "which hands out nothing");
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
            "\"Expiration\":1795382191,\"Expires\":\"50m\",\"State\":\"ready\",\
             \"Obtained\":1795378591,\"Reads\":0",
        ),
        slot(
            "dev",
            "\"Expiration\":1795382191,\"Expires\":\"50m\",\"State\":\"ready\",\
             \"Obtained\":1795377600,\"Reads\":1,\"LastRead\":1795379191",
        ),
        slot(
            "old",
            "\"Expiration\":1795378591,\"Expires\":\"Expired\",\"State\":\"expired\",\
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
fn a_slot_that_is_loaded_anew_has_not_been_read() {
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
fn get_after_delete_says_what_to_do() {
    let (router, _) = router();
    assert_eq!(ask(&router, "DELETE", "/").status(), 200);
    for method in ["GET", "DELETE"] {
        let response = ask(&router, method, "/");
        assert_eq!(response.status(), 404);
        let message = "no credentials are loaded in the default slot. Load them: \
                       aws-sso ecs load --profile NAME";
        assert_eq!(
            text(&response),
            format!(
                "{{\"code\":\"404\",\"message\":\"{message}\",\"Code\":\"404\",\"Message\":\"{message}\",\
                 \"reason\":\"nothing-loaded\",\"hint\":\"Load them: aws-sso ecs load --profile NAME\"}}"
            )
        );
    }
    assert_eq!(ask(&router, "GET", "/profile").status(), 404);
}

#[test]
fn a_body_for_another_slot_than_the_paths_changes_nothing() {
    let (router, _) = router();
    let body = wire::write_upload(&fakes::profile("other", LATER));
    assert_eq!(ask_with(&router, "PUT", "/slot/dev", &[], &body).status(), 409);
    assert_eq!(ask(&router, "GET", "/slot/other").status(), 404);
}

#[test]
fn credentials_larger_than_the_tightest_sdk_reads_are_not_taken() {
    let (router, _) = router();
    let mut profile = fakes::profile("dev", LATER);
    profile.credentials.session_token = credentials::Secret::parse("x".repeat(9_999)).unwrap();
    let response = ask_with(&router, "PUT", "/slot/dev", &[], &wire::write_upload(&profile));
    assert_eq!(response.status(), 400);
    assert!(ask(&router, "GET", "/slot/dev").body().len() < 10_000);
}

#[test]
fn health_tells_strangers_nothing_and_readers_why() {
    let (router, _) = router();
    let stranger = |target| {
        let response = ask_as(&router, Owner::OtherUser, "GET", target, &[], b"");
        text(&response).to_owned()
    };
    assert_eq!(stranger("/healthcheck"), "{\"status\":\"ok\"}");
    for unavailable in ["/healthcheck/slot/old", "/healthcheck/slot/none"] {
        assert_eq!(stranger(unavailable), "{\"status\":\"unavailable\"}");
    }
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
                // Who may read a slot is told how to load it.
                let is_named = target == "/slot/CANARY" && response.status() == 404;
                assert_eq!(names_it, is_named, "{method} {target}: {}", text(&response));
            }
        }
    }
}

#[test]
fn a_hint_names_the_slot_as_it_is_typed() {
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
