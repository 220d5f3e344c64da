//! Web pages in Debian's Chromium that attack a running server: by DNS rebinding, from another site, and from another port of
//! this host. A server without checks proves that the attacks reach it.

use std::collections::BTreeMap;
use std::process::Command;

use fakes::{CANARY, TestEnv};
use serde::Deserialize;

use crate::{browser, load, sdks, world_without_aws};

const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/drivers/web_page.py");

/// The observations, by page and server and by attack.
#[derive(Deserialize)]
struct Seen {
    pages: BTreeMap<String, BTreeMap<String, Attack>>,
    typed: Page,
}

#[derive(Deserialize)]
struct Attack {
    /// Method and status of all requests that arrived, such as `PUT 403`.
    statuses: Vec<String>,
    read: String,
}

#[derive(Deserialize)]
struct Page {
    status: u16,
    text: String,
}

#[test]
fn no_web_page_reads_or_changes_anything() {
    let world = world_without_aws();
    let server = world.serve(&[]);
    load(&world, &server, "ASIADEFAULT", None);
    load(&world, &server, "ASIANAMED", Some("dev"));
    let slots = || ["/", "/slot/dev", "/slot/evil"].map(|target| server.get(target));
    let before = slots();

    let seen = attack(&world, &server.port().to_string());
    assert_eq!(seen.pages.len(), 7);
    for (pages, attacks) in &seen.pages {
        let refusal = if pages.ends_with("rebind.test") { " 421" } else { " 403" };
        assert!(attacks.len() > 20, "{pages}");
        for (name, attack) in attacks {
            let Attack { statuses, read } = attack;
            assert!(!statuses.is_empty(), "{pages}: {name} did not arrive");
            assert!(
                statuses.iter().all(|all| all.ends_with(refusal)),
                "{pages}: {name} {statuses:?}"
            );
            assert!(!read.contains("ASIA") && !read.contains(CANARY), "{pages}: {name} {read}");
        }
    }
    assert_eq!(slots(), before);
    // A person who types the address sees no credentials either.
    assert_eq!(seen.typed.status, 403);
    assert!(seen.typed.text.contains("came from a browser"), "{}", seen.typed.text);
}

#[test]
fn the_same_pages_read_and_change_a_server_that_answers_everybody() {
    let seen = attack(&world_without_aws(), "lax");
    for (pages, attacks) in &seen.pages {
        for (name, attack) in attacks {
            let arrived = attack.statuses.iter().any(|status| !status.starts_with("OPTIONS "));
            assert!(arrived, "{pages}: {name} {:?}", attack.statuses);
        }
        for name in ["fetch", "fetch with cookies", "fetch with a token", "xhr", "put", "delete"] {
            let read = &attacks[name].read;
            assert!(read.contains("ASIALAX"), "{pages}: {name} {read}");
        }
    }
    let rebound = &seen.pages["rebind.test → rebind.test"];
    for name in ["frame", "form", "fetch without cors"] {
        assert!(rebound[name].read.contains("ASIALAX"), "{name}: {}", rebound[name].read);
    }
    assert!(seen.typed.text.contains("ASIALAX"));
}

fn attack(world: &TestEnv, server: &str) -> Seen {
    browser::is_there();
    let mut command: Command = world.command(sdks().join("bin/python"));
    command.args([DRIVER, server]);
    let finished = world.finish(command, "");
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    serde_json::from_str(&finished.stdout).unwrap()
}
