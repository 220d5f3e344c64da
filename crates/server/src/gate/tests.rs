//! The gate alone: host × owner × authorization.

use fakes::FakeClock;
use hyper::Request;

use super::*;
use crate::names::HostName;
use crate::token::TokenStore;

const NOW: &str = "2026-11-22T20:16:31Z";

fn check_with(owner: Owner, uri: &str, headers: &[(&str, &str)]) -> Result<Caller, Refusal> {
    check_by(&Gate::default(), owner, uri, headers)
}

fn check_by(
    gate: &Gate,
    owner: Owner,
    uri: &str,
    headers: &[(&str, &str)],
) -> Result<Caller, Refusal> {
    let mut request = Request::get(uri);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    gate.check(&head, Peer { owner, socket: None, port: 4144 }, NOW.parse().unwrap())
}

/// What the caller may do: write, read the slot `dev`, read the default slot.
fn may(caller: Result<Caller, Refusal>) -> [Result<(), Refusal>; 3] {
    let caller = caller.unwrap();
    let dev = SlotName::Named(ProfileName::parse("dev").unwrap());
    let read = |slot| caller.reader().and_then(|reader| reader.slot(slot)).map(|_| ());
    let reads = [read(&dev), read(&SlotName::Default)];
    let [dev, default] = reads;
    [caller.into_writer().map(|_| ()), dev, default]
}

/// A gate that accepts the tokens of a store, and the store.
fn with_tokens(home: &tempfile::TempDir) -> (Gate, TokenStore) {
    let store = TokenStore::at(home.path().join("tokens.json"));
    let tokens = Some(Tokens::open(store.clone(), Arc::new(FakeClock::at(NOW))).unwrap());
    (Gate { tokens, ..Gate::default() }, store)
}

fn token(store: &TokenStore, scope: Scope, expires: &str) -> String {
    let expiration = credentials::Expiration::parse(expires).unwrap();
    let made = store.create(scope, expiration, None, NOW.parse().unwrap()).unwrap();
    made.0.expose().to_owned()
}

#[test]
fn our_own_names_are_accepted_with_our_port_or_without_one() {
    for host in [
        "127.0.0.1:4144",
        "localhost:4144",
        "LOCALHOST:4144",
        "[::1]:4144",
        "127.0.0.1",
        "localhost",
        "[::1]",
        "::1",
    ] {
        let caller = check_with(Owner::SameUser, "/", &[("host", host)]);
        assert_eq!(may(caller), [Ok(()), Ok(()), Ok(())], "{host}");
    }
}

#[test]
fn other_hosts_are_misdirected() {
    for host in [
        "",
        "evil.example",
        "evil.example:4144",
        "localhost:4145",
        "localhost:+4144",
        "localhost:",
        "127.0.0.1.evil.example:4144",
        "127.0.0.2:4144",
        "0.0.0.0:4144",
        "[::1",
        "user@localhost:4144",
        "[::ffff:127.0.0.1]:4144",
    ] {
        let caller = check_with(Owner::SameUser, "/", &[("host", host)]);
        assert_eq!(caller.err(), Some(Refusal::Misdirected(4144)), "{host}");
    }
    assert_eq!(check_with(Owner::SameUser, "/", &[]).err(), Some(Refusal::Misdirected(4144)));
    let twice = [("host", "localhost:4144"), ("host", "localhost:4144")];
    assert_eq!(check_with(Owner::SameUser, "/", &twice).err(), Some(Refusal::Misdirected(4144)));
}

#[test]
fn requests_of_browsers_and_proxies_are_refused_even_from_the_same_user() {
    for name in [
        "Origin",
        "Referer",
        "Cookie",
        "Sec-Fetch-Site",
        "Sec-Fetch-Mode",
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Via",
        "Proxy-Connection",
        "Proxy-Authorization",
    ] {
        let headers = [("host", "localhost:4144"), (name, "x")];
        let caller = check_with(Owner::SameUser, "/", &headers);
        assert_eq!(caller.err(), Some(Refusal::BrowserOrProxy), "{name}");
    }
    let absolute =
        check_with(Owner::SameUser, "http://localhost:4144/", &[("host", "localhost:4144")]);
    assert_eq!(absolute.err(), Some(Refusal::BrowserOrProxy));
}

#[test]
fn only_the_same_user_without_a_token_may_do_anything() {
    use Owner::{OtherUser, Root, SameUser, Unknown};
    for (owner, token, refusal) in [
        (SameUser, None, None),
        (SameUser, Some(""), None),
        (SameUser, Some("  "), None),
        (SameUser, Some("x"), Some(Refusal::UnknownToken)),
        (SameUser, Some("Bearer x"), Some(Refusal::UnknownToken)),
        (OtherUser, None, Some(Refusal::OtherUser)),
        (OtherUser, Some(""), Some(Refusal::OtherUser)),
        (OtherUser, Some("x"), Some(Refusal::UnknownToken)),
        (Root, None, Some(Refusal::OtherUser)),
        (Unknown, None, Some(Refusal::UnknownOwner)),
    ] {
        let mut headers = vec![("host", "localhost:4144")];
        headers.extend(token.map(|token| ("authorization", token)));
        let expected = refusal.map_or(Ok(()), Err);
        let all = [expected.clone(), expected.clone(), expected];
        assert_eq!(may(check_with(owner, "/", &headers)), all, "{owner:?} {token:?}");
    }
}

#[test]
fn a_token_decides_regardless_of_the_owner() {
    let home = tempfile::tempdir().unwrap();
    let (mut gate, store) = with_tokens(&home);
    let later = "2026-11-22T21:16:31Z";
    let default = token(&store, Scope::Read(vec![SlotName::Default]), later);
    let read_all = token(&store, Scope::ReadAll, later);
    let admin = token(&store, Scope::Admin, later);
    let expired = token(&store, Scope::Admin, NOW);
    let yes = || Ok(());
    let no = Err::<(), _>;
    for owner in [Owner::SameUser, Owner::OtherUser, Owner::Root, Owner::Unknown] {
        for requires_token in [false, true] {
            gate.requires_token = requires_token;
            let check = |value: &str| {
                let host = ("host", "localhost:4144");
                may(check_by(&gate, owner, "/", &[host, ("authorization", value)]))
            };
            let default_alone = [no(Refusal::ReadToken), no(Refusal::OtherSlots), yes()];
            for value in
                [default.clone(), format!("Bearer {default}"), format!(" bearer  {default} ")]
            {
                assert_eq!(check(&value), default_alone, "{owner:?}");
            }
            assert_eq!(check(&read_all), [no(Refusal::ReadToken), yes(), yes()]);
            assert_eq!(check(&admin), [yes(), yes(), yes()]);
            assert_eq!(check(&expired)[0], no(Refusal::ExpiredToken));
            for value in [
                format!("Basic {admin}"),
                format!("Bearer {admin} {admin}"),
                format!("{admin} Bearer"),
                format!("{admin},{admin}"),
                "Bearer".to_owned(),
                "awssso_".to_owned(),
            ] {
                assert_eq!(check(&value)[0], no(Refusal::UnknownToken), "{value}");
            }
        }
    }
}

#[test]
fn a_load_only_token_loads_what_is_handed_in_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let (gate, store) = with_tokens(&home);
    let later = "2026-11-22T21:16:31Z";
    let dev = || SlotName::Named(ProfileName::parse("dev").unwrap());
    let handed_in = Upload::Credentials(fakes::profile("dev", later));
    let source = credentials::Source::Profile(fakes::profile_source("dev"));
    let mut with_source = fakes::profile("dev", later);
    with_source.source = Some(source.clone());
    let sources = [
        Upload::Source(ProfileName::parse("dev").unwrap(), source),
        Upload::Credentials(with_source),
    ];
    let one = token(&store, Scope::HandIn(vec![dev()]), later);
    let all = token(&store, Scope::HandInAll, later);
    for owner in [Owner::SameUser, Owner::OtherUser, Owner::Root, Owner::Unknown] {
        let check = |token: &str| {
            let headers = [("host", "localhost:4144"), ("authorization", token)];
            check_by(&gate, owner, "/", &headers).unwrap()
        };
        for token in [&one, &all] {
            assert_eq!(may(Ok(check(token))), [const { Err(Refusal::LoadToken) }; 3]);
            let loader = check(token).into_loader(&dev()).unwrap();
            assert!(loader.writer_for(&handed_in).is_ok());
            for source in &sources {
                assert_eq!(loader.writer_for(source).err(), Some(Refusal::SourceNotAllowed));
            }
        }
        let default = |token| check(token).into_loader(&SlotName::Default).err();
        assert_eq!((default(&one), default(&all)), (Some(Refusal::OtherSlots), None));
    }
}

#[test]
fn two_authorization_headers_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let (gate, store) = with_tokens(&home);
    let admin = token(&store, Scope::Admin, "2026-11-22T21:16:31Z");
    for other in [admin.as_str(), "", "x"] {
        for values in [[admin.as_str(), other], [other, admin.as_str()]] {
            let [first, second] = values.map(|value| ("authorization", value));
            let headers = [("host", "localhost:4144"), first, second];
            let checked = check_by(&gate, Owner::SameUser, "/", &headers);
            assert_eq!(may(checked)[0], Err(Refusal::UnknownToken));
        }
    }
}

#[test]
fn a_token_can_be_required_from_every_requester() {
    let gate = Gate { requires_token: true, ..Gate::default() };
    for owner in [Owner::SameUser, Owner::OtherUser, Owner::Root, Owner::Unknown] {
        let checked = check_by(&gate, owner, "/", &[("host", "localhost:4144")]);
        assert_eq!(may(checked), [const { Err(Refusal::TokenRequired) }; 3]);
    }
}

#[test]
fn a_name_for_containers_needs_a_token_even_from_the_same_user() {
    let home = tempfile::tempdir().unwrap();
    let (mut gate, store) = with_tokens(&home);
    gate.names =
        Names::with(["creds.example", "2001:db8::1"].map(|name| HostName::parse(name).unwrap()));
    let admin = token(&store, Scope::Admin, "2026-11-22T21:16:31Z");
    for host in [
        "host.docker.internal:4144",
        "169.254.170.2",
        "169.254.170.23:4144",
        "Creds.Example:4144",
        "[2001:DB8::1]:4144",
    ] {
        let without = check_by(&gate, Owner::SameUser, "/", &[("host", host)]);
        assert_eq!(may(without)[0], Err(Refusal::TokenRequired), "{host}");
        let headers = [("host", host), ("authorization", admin.as_str())];
        let with = check_by(&gate, Owner::Unknown, "/", &headers);
        assert_eq!(may(with)[0], Ok(()), "{host}");
    }
}
