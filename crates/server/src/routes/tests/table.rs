//! Route × method × permit: the answer for each, and that a refused request changes nothing.

use super::*;
use crate::token::{Scope, TokenStore, Tokens};

/// Each route with the status of GET, HEAD, PUT, DELETE and POST, for the server's own user.
const ROUTES: [(&str, [u16; 5]); 27] = [
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
    ("/healthcheck/", [200, 200, 405, 405, 405]),
    ("/healthcheck/slot/dev", [200, 200, 405, 405, 405]),
    ("/healthcheck/slot/old", [503, 503, 405, 405, 405]),
    ("/healthcheck/slot/none", [503, 503, 405, 405, 405]),
    ("/elsewhere", [404, 404, 404, 404, 404]),
];

pub(super) const METHODS: [&str; 5] = ["GET", "HEAD", "PUT", "DELETE", "POST"];

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
fn a_refused_request_changes_nothing() {
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
fn other_requesters_get_only_the_health_check() {
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
                let is_health =
                    is_healthcheck(target) || target.starts_with("/healthcheck") && own == 405;
                let expected = if is_health && status == 401 { own } else { status };
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
fn a_read_token_reads_its_slots_and_learns_nothing_about_others() {
    let home = tempfile::tempdir().unwrap();
    let store = TokenStore::at(home.path().join("tokens.json"));
    let now = NOW.parse().unwrap();
    let open = || Tokens::open(store.clone(), Arc::new(FakeClock::at(NOW))).unwrap();
    let gate = || Gate { tokens: Some(open()), ..Gate::default() };
    let named = |name| SlotName::Named(credentials::ProfileName::parse(name).unwrap());
    let scope = Scope::Read(vec![named("dev"), named("none")]);
    let expiration = credentials::Expiration::parse(LATER).unwrap();
    let (token, _) = store.create(scope, expiration, None, now).unwrap();
    let headers = [("authorization", token.expose())];
    let ask = |router: &Router, method: &str, target: &str| {
        let body = wire::write_upload(&fakes::profile("dev", LATER), wire::Replace::Anything);
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
                _ if is_healthcheck(target) => own,
                400 | 405 => own,
                404 if target == "/elsewhere" => own,
                _ if reads && is_its_own => own,
                _ => 403,
            };
            assert_eq!(response.status(), expected, "{method} {target}: {}", text(&response));
            let shows =
                ["ASIAFAKE", "main", "old"].iter().any(|what| text(&response).contains(what));
            assert_eq!(shows, reads && own == 200 && is_credentials(target), "{method} {target}");
        }
    }
    let (router, _) = router_with(gate());
    assert!(text(&ask(&router, "GET", "/slot")).starts_with("[{\"ProfileName\":\"dev\""));
    // Loaded and empty slots are refused with the same words.
    let [loaded, empty] = ["/slot/old", "/slot/neither"].map(|target| ask(&router, "GET", target));
    assert_eq!(text(&loaded), text(&empty));
    // So are ready, expired and empty slots, whatever is asked.
    let (token, _) = store.create(Scope::Read(vec![named("none")]), expiration, None, now).unwrap();
    let headers = [("authorization", token.expose())];
    for start in ["/healthcheck/slot/", "/slot/", "/profile?profile="] {
        let answers = ["dev", "old", "neither"].map(|slot| {
            let target = format!("{start}{slot}");
            let answer = ask_as(&router, Owner::Unknown, "GET", &target, &headers, b"");
            (answer.status(), text(&answer).to_owned())
        });
        assert_eq!(answers[0].0, 403);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    }
}

fn is_healthcheck(target: &str) -> bool {
    target.trim_end_matches('/') == "/healthcheck"
}

fn is_credentials(target: &str) -> bool {
    let shows_less = ["/healthcheck", "/profile", "/slot?", "/slot/?"];
    target == "/s/ZGV2"
        || target.ends_with("dev") && !shows_less.iter().any(|start| target.starts_with(start))
}
