//! The tree is as ARCHITECTURE.md draws it: which crate and which module may know which, and what only some files may do.

mod modules;
pub(crate) mod source;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use modules::Use;
use source::Source;

/// The crates, and those of the tree that each depends on; `fakes` is for tests alone.
const CRATES: [(&str, &[&str]); 11] = [
    ("crates/credentials", &[]),
    ("crates/files", &["credentials"]),
    ("crates/config", &["credentials", "files"]),
    ("crates/providers", &["config", "credentials", "files"]),
    ("crates/selector", &["credentials"]),
    ("crates/server", &["credentials", "files"]),
    ("crates/cli", &["config", "credentials", "files", "providers", "selector", "server"]),
    ("crates/fakes", &["credentials"]),
    ("bench", &["credentials", "server"]),
    ("conformance", &[]),
    ("fuzz", &["config", "server"]),
];

/// The rooms of the crate `cli`, from the roof down. Each may use those below it.
const ROOMS: [&str; 9] = [
    "completion",
    "cli",
    "commands",
    "doctor",
    "serve",
    "programs",
    "instance",
    "client",
    "ground",
];

/// The files in which a secret is seen (`expose`), and what for.
const MAY_EXPOSE: [(&str, &str); 23] = [
    ("bench/src/token_check.rs", "measures the check of a token"),
    ("crates/cli/src/client/token_file.rs", "makes the header with an authorization token"),
    ("crates/cli/src/commands/console.rs", "prints the console's URL, or opens it"),
    (
        "crates/cli/src/commands/ecs/token/create.rs",
        "prints a new authorization token, or writes its file",
    ),
    ("crates/cli/src/commands/exec/endpoint.rs", "exports the token of the command's endpoint"),
    ("crates/cli/src/programs/credentials_format.rs", "writes credentials for a program"),
    ("crates/cli/src/programs/exports.rs", "exports credentials for `exec --static`"),
    ("crates/cli/src/programs/server_exports.rs", "exports an authorization token"),
    ("crates/providers/src/sdk_config.rs", "signs calls of STS"),
    ("crates/providers/src/federation.rs", "sends credentials to the console's sign-in"),
    ("crates/providers/src/identity_center/access_token.rs", "compares access tokens"),
    ("crates/providers/src/identity_center/item.rs", "writes the item that is sealed"),
    (
        "crates/providers/src/identity_center/login/pkce.rs",
        "sends the state and the hash of the verifier",
    ),
    ("crates/providers/src/identity_center/login/callback.rs", "compares the state"),
    ("crates/providers/src/identity_center/oidc.rs", "sends what CreateToken asks for"),
    ("crates/providers/src/identity_center/portal.rs", "sends the access token"),
    ("crates/providers/src/identity_center/catalogue_update.rs", "compares access tokens"),
    ("crates/providers/src/identity_center/role_credentials.rs", "signs calls of STS"),
    ("crates/server/src/token.rs", "reads an authorization token"),
    ("crates/server/src/token/proof.rs", "makes a challenge from an authorization token"),
    ("crates/server/src/token/keys.rs", "measures a new authorization token"),
    ("crates/server/src/wire/served.rs", "writes the answer for an SDK"),
    ("crates/server/src/wire/upload.rs", "writes an upload"),
];

/// What writes files. Only the crate `files` may, so that there is one way to replace a file and one check of rights.
const WRITERS: [&str; 9] = [
    "NamedTempFile",
    "fs::write",
    "OpenOptions",
    "File::create",
    "File::options",
    "fs::copy",
    "fs::rename",
    "fs::create_dir",
    "DirBuilder",
];

/// The files in which the command of a child is made. Few may, so that no child has our passphrase in its environment.
const MAY_START_CHILDREN: [&str; 2] = [
    "crates/providers/src/child.rs",
    // Starts this program again, which needs the passphrase.
    "crates/cli/src/ground/env.rs",
];

const MAX_LINES: usize = 360;

/// The tree, read once.
pub(crate) static TREE: LazyLock<Vec<Source>> = LazyLock::new(source::all);

#[test]
fn crates_depend_on_what_is_drawn_and_on_nothing_else() {
    let mut wrong = Vec::new();
    for (folder, drawn) in CRATES {
        let path = format!("{folder}/Cargo.toml");
        let Ok(manifest) = std::fs::read_to_string(source::root().join(&path)) else {
            wrong.push(format!("{path}: CRATES has this, but it is no crate"));
            continue;
        };
        let mut section = "";
        let mut missing: BTreeSet<&str> = drawn.iter().copied().collect();
        for (line, text) in manifest.lines().enumerate() {
            if text.starts_with('[') {
                section = text;
            }
            let name = text.split(['.', ' ', '=']).next().unwrap_or_default();
            let is_ours =
                CRATES.iter().any(|(other, _)| other.strip_prefix("crates/") == Some(name));
            let is_for_tests = section.contains("dev-dependencies") && name == "fakes";
            let is_dependency = section.contains("dependencies") && is_ours && !is_for_tests;
            if is_dependency && !drawn.contains(&name) {
                wrong.push(format!("{path}:{}: {folder} must not depend on {name}", line + 1));
            } else if is_dependency {
                missing.remove(name);
            }
        }
        wrong.extend(
            missing.iter().map(|name| format!("{path}: CRATES says that it depends on {name}")),
        );
    }
    for folder in std::fs::read_dir(source::root().join("crates")).unwrap().map(Result::unwrap) {
        let folder = format!("crates/{}", folder.file_name().to_str().unwrap());
        if !CRATES.iter().any(|(known, _)| *known == folder) {
            wrong.push(format!("{folder}: CRATES doesn't say what this crate depends on"));
        }
    }
    complain(wrong);
}

#[test]
fn rooms_of_the_cli_use_those_below_them() {
    let level = |room: &str| ROOMS.iter().position(|known| *known == room);
    let uses = modules::uses(&TREE, "cli");
    let rooms = uses.iter().filter(|one| one.folder.is_empty());
    let wrong = rooms.filter_map(|Use { place, from, to, .. }| match (level(from), level(to)) {
        (Some(above), Some(below)) if above < below => None,
        (Some(_), Some(_)) => {
            Some(format!("{place}: the room `{from}` must not use `{to}`, which is above it"))
        }
        _ => Some(format!("{place}: ROOMS doesn't list both `{from}` and `{to}`")),
    });
    complain(wrong.collect());
}

#[test]
fn no_modules_use_each_other_in_a_circle() {
    let mut wrong = Vec::new();
    for krate in CRATES.iter().filter_map(|(folder, _)| folder.strip_prefix("crates/")) {
        let uses = modules::uses(&TREE, krate);
        wrong.extend(modules::in_circles(&uses).iter().map(|Use { place, folder, from, to }| {
            let within = if folder.is_empty() { krate } else { folder };
            format!(
                "{place}: a circle: in {within}, `{from}` uses `{to}`, which leads back to `{from}`"
            )
        }));
    }
    complain(wrong);
}

#[test]
fn secrets_are_seen_only_where_there_is_a_reason() {
    let rule = "no secret may be seen here; MAY_EXPOSE in architecture.rs lists where, and why";
    complain(only_in(&TREE, &[".expose()", "::expose"], &MAY_EXPOSE.map(|(file, _)| file), rule));
}

#[test]
fn files_are_written_by_the_crate_files_alone() {
    let may = ["crates/files/", "crates/fakes/", "conformance/", "bench/", "fuzz/"];
    let rule = "only the crate `files` may write files";
    complain(only_in(&TREE, &WRITERS, &may, rule));
}

#[test]
fn children_are_started_through_one_function() {
    let may = [&MAY_START_CHILDREN[..], &["crates/fakes/", "conformance/", "bench/"]].concat();
    let rule = "a child is started with `providers::child::command` alone";
    let starts = ["Command::new(", "open::that", "open::with("];
    complain(only_in(&TREE, &starts, &may, rule));
}

#[test]
fn no_file_is_too_long_and_no_lint_is_allowed() {
    let mut wrong = Vec::new();
    for Source { path, code, .. } in TREE.iter() {
        let lines = code.lines().count();
        if lines > MAX_LINES {
            wrong.push(format!("{path}:{lines}: a file may have {MAX_LINES} lines"));
        }
        let allows = code.lines().enumerate().filter(|(_, line)| line.contains("[allow("));
        wrong.extend(
            allows.map(|(line, _)| format!("{path}:{}: `#[expect]`, not `#[allow]`", line + 1)),
        );
    }
    complain(wrong);
}

/// What has one of these texts and isn't below one of these paths; and each path below which nothing has one.
fn only_in(sources: &[Source], texts: &[&str], may: &[&str], rule: &str) -> Vec<String> {
    let mut unused: BTreeSet<&str> =
        may.iter().copied().filter(|path| path.ends_with(".rs")).collect();
    let mut wrong = Vec::new();
    for source in sources {
        let allowed = may.iter().find(|path| source.path.starts_with(**path));
        for text in texts {
            for line in source.shipped_lines_with(text) {
                match allowed {
                    Some(path) => _ = unused.remove(path),
                    None => wrong.push(format!("{}:{line}: `{text}`: {rule}", source.path)),
                }
            }
        }
    }
    wrong.extend(unused.iter().map(|path| format!("{path}: is listed, but has none of {texts:?}")));
    wrong
}

fn complain(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "the tree is not as it should be:\n{}", wrong.join("\n"));
}

#[test]
fn what_is_wrong_would_be_found() {
    let tree = [
        ("crates/x/src/lib.rs", "mod a;\nmod b;\nmod c;\npub use b::Thing;\n"),
        ("crates/x/src/a.rs", "use crate::{c::{self, d as e}, Thing};\n"),
        ("crates/x/src/b.rs", "fn f() { super::c::d::<u8>() }\n"),
        (
            "crates/x/src/c.rs",
            "// crate::a\nconst A: &str = \"crate::a\";\n#[cfg(test)]\nmod t {\n    use crate::a;\n}\n",
        ),
        ("crates/x/src/c/d.rs", "//! D\nmod system {\n    use super::super::e::E;\n}\n"),
        (
            "crates/x/src/c/e.rs",
            "use crate::{\n    a,\n    c::d,\n};\nfn f() { fs::write(a.expose()) }\n",
        ),
    ];
    let tree = tree.map(|(path, text)| Source::new(path.to_owned(), text));
    let uses = modules::uses(&tree, "x");
    let circles: Vec<_> = modules::in_circles(&uses)
        .iter()
        .map(|one| format!("{} {}>{}", one.place, one.from, one.to))
        .collect();
    let expected = [
        "crates/x/src/a.rs:1 a>c",
        "crates/x/src/a.rs:1 a>c",
        "crates/x/src/a.rs:1 a>b",
        "crates/x/src/b.rs:1 b>c",
        "crates/x/src/c/d.rs:3 d>e",
        "crates/x/src/c/e.rs:1 c>a",
        "crates/x/src/c/e.rs:1 e>d",
    ];
    assert_eq!(circles, expected);
    for text in ["fs::write", ".expose()"] {
        let found = only_in(&tree, &[text], &["crates/x/src/a.rs"], "no");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("crates/x/src/c/e.rs:5: "), "{found:?}");
        assert!(found[1].starts_with("crates/x/src/a.rs: is listed"), "{found:?}");
    }
}
