//! What the guides say can be typed: every `aws-sso` command in README.md and docs/ is one that `--help` knows, with its flags,
//! and every link between the pages leads somewhere. (docs/reference/cli.md is held to `--help` by help.rs.)

mod commands;
mod links;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fakes::TestEnv;

use crate::world;
use commands::{Typed, typed_in};

#[test]
fn every_command_in_the_guides_exists_with_its_flags() {
    let mut helps = Helps::new();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for page in pages().iter().filter(|page| is_a_guide(page)) {
        for typed in typed_in(&std::fs::read_to_string(page).unwrap()) {
            checked += 1;
            if let Err(error) = helps.check(&typed) {
                wrong.push(format!("{}: `{}`: {error}", page.display(), typed.text));
            }
        }
    }
    assert!(wrong.is_empty(), "the guides are wrong:\n{}", wrong.join("\n"));
    assert!(checked > 150, "only {checked} commands were found: are all guides read?");
}

#[test]
fn a_wrong_command_or_flag_would_be_found() {
    let mut helps = Helps::new();
    for (page, said) in [
        ("Type `aws-sso ecs laod --profile x`.", "there is no `aws-sso ecs laod`"),
        ("    $ aws-sso ecs load --porfile x", "`aws-sso ecs load` has no --porfile"),
        ("    $ eval \"$(aws-sso ecs env --all)\"", "`aws-sso ecs env` has no --all"),
        ("    $ A=b aws-sso ecs load [--profile NAME | --nothing]", "has no --nothing"),
        ("```sh\naws-sso ecs load \\\n  -X dev\n```", "`aws-sso ecs load` has no -X"),
        ("    $ aws-sso ecs load dev", "`aws-sso ecs load` takes no `dev`"),
        ("    $ aws-sso --log-level debug frobnicate", "there is no `aws-sso frobnicate`"),
        ("It is `aws-sso ecs token\ncreate --al` that does it.", "has no --al"),
    ] {
        let errors: Vec<_> =
            typed_in(page).iter().filter_map(|typed| helps.check(typed).err()).collect();
        let [error] = errors.as_slice() else { panic!("{page:?}: {errors:?}") };
        assert!(error.contains(said), "{page:?}: {error}");
    }
    for page in [
        "    $ aws-sso ecs load --profile=dev -A 1 -R x   # or --nothing",
        "    $ aws-sso ecs run --on-event 'x --nothing' > log --nothing",
        "    $ aws-sso ecs server --default dev && other --nothing",
        "The tool aws-sso --nothing of others; `aws-sso` alone; aws-sso.service; `aws-sso ecs …`.",
    ] {
        for typed in typed_in(page) {
            helps.check(&typed).unwrap();
        }
    }
}

#[test]
fn every_link_between_the_pages_leads_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in links::relative_in(&text) {
            if let Err(error) = links::follow(&page, &link) {
                broken.push(format!("{}: {link}: {error}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links are broken:\n{}", broken.join("\n"));
}

#[test]
fn a_broken_link_would_be_found() {
    let page = root().join("README.md");
    let text = "[a](docs/reference/api.md) ![b](docs/none.svg) [c](#more) [d](#none) [e](https://x.example/)
`[f](in/code)` [g](docs/reference/refreshing.md#restarting) [h](docs/reference/refreshing.md#none)

    [i](in/code)
";
    let broken: Vec<String> = links::relative_in(text)
        .into_iter()
        .filter(|link| links::follow(&page, link).is_err())
        .collect();
    assert_eq!(broken, ["docs/none.svg", "#none", "docs/reference/refreshing.md#none"]);
}

#[test]
fn the_index_lists_every_page_of_docs() {
    let docs = root().join("docs");
    let index = docs.join("README.md");
    let links = links::relative_in(&std::fs::read_to_string(&index).unwrap());
    let listed: Vec<PathBuf> = links.iter().map(|link| docs.join(link)).collect();
    let missing: Vec<PathBuf> = pages()
        .into_iter()
        .filter(|page| page.starts_with(&docs) && *page != index && !listed.contains(page))
        .collect();
    assert!(missing.is_empty(), "docs/README.md does not list {missing:?}");
}

/// What `--help` says of a command, asked once.
struct Helps {
    world: TestEnv,
    known: BTreeMap<Vec<String>, Help>,
}

/// A command's help, as far as it is looked at here.
struct Help {
    /// With whether a value follows.
    flags: BTreeMap<String, bool>,
    commands: Vec<String>,
    /// Those that are no flags.
    takes_arguments: bool,
}

impl Helps {
    fn new() -> Self {
        Self { world: world(), known: BTreeMap::new() }
    }

    /// Walks down the commands as clap does, and looks at each flag where it stands.
    fn check(&mut self, typed: &Typed) -> Result<(), String> {
        let mut path: Vec<String> = Vec::new();
        let mut words = typed.words.iter();
        while let Some(word) = words.next() {
            let help = self.help(&path);
            let name = format!("aws-sso {}", path.join(" "));
            let name = name.trim();
            if word == "--" {
                break;
            } else if word.len() > 1 && word.starts_with('-') {
                let (flag, value) =
                    word.split_once('=').map_or((&**word, false), |(f, _)| (f, true));
                let takes_value =
                    help.flags.get(flag).ok_or_else(|| format!("`{name}` has no {flag}"))?;
                if *takes_value && !value {
                    words.next();
                }
            } else if help.commands.contains(word) {
                path.push(word.clone());
            } else if !help.commands.is_empty() && !is_placeholder(word) {
                return Err(format!("there is no `{name} {word}`"));
            } else if help.commands.is_empty() && !help.takes_arguments {
                return Err(format!("`{name}` takes no `{word}`"));
            }
        }
        Ok(())
    }

    fn help(&mut self, path: &[String]) -> &Help {
        if !self.known.contains_key(path) {
            let arguments: Vec<&str> = path.iter().map(|word| &**word).chain(["--help"]).collect();
            let shown = self.world.run(&arguments);
            assert_eq!(shown.code, Some(0), "{arguments:?}: {}", shown.stderr);
            self.known.insert(path.to_vec(), Help::parse(&shown.stdout));
        }
        &self.known[path]
    }
}

impl Help {
    /// Of the section "Commands:" and those of options: names are indented by two or six, what is said of them by more, or
    /// after two spaces. Other names are in `[alias: …]`.
    fn parse(help: &str) -> Self {
        let (mut flags, mut commands) = (BTreeMap::new(), Vec::new());
        let (mut section, mut last) = ("", String::new());
        for line in help.lines() {
            let text = line.trim_start();
            let indent = line.len() - text.len();
            let named = text.split("  ").next().unwrap_or_default();
            if indent == 0 && line.ends_with(':') {
                section = line;
            } else if !section.is_empty() && (2..=6).contains(&indent) && text.starts_with('-') {
                for flag in named.split([',', ' ', '=']).filter(|word| word.starts_with('-')) {
                    flag.clone_into(&mut last);
                    flags.insert(last.clone(), named.contains('<'));
                }
            } else if section == "Commands:" && indent == 2 {
                commands.extend(named.split(' ').next().map(str::to_owned));
            }
            for alias in aliases(text) {
                if section == "Commands:" {
                    commands.push(alias.to_owned());
                } else {
                    flags.insert(alias.to_owned(), flags.get(&last) == Some(&true));
                }
            }
        }
        Self { flags, commands, takes_arguments: help.contains("\nArguments:\n") }
    }
}

fn aliases(text: &str) -> impl Iterator<Item = &str> {
    let inside = ["[alias: ", "[aliases: "].iter().find_map(|start| text.split_once(start));
    let inside = inside.and_then(|(_, rest)| rest.split_once(']')).map_or("", |(inside, _)| inside);
    inside.split(", ").filter(|alias| !alias.is_empty())
}

/// What stands for words that whoever reads puts there.
fn is_placeholder(word: &str) -> bool {
    ["…", "..."].contains(&word) || word.chars().all(|c| c.is_ascii_uppercase())
}

fn is_a_guide(page: &Path) -> bool {
    let name = page.strip_prefix(root()).unwrap();
    name == Path::new("README.md") || (name.starts_with("docs") && !name.ends_with("cli.md"))
}

/// All pages of the repository.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() {
                let is_ours = !name.starts_with('.') && !["target", "node_modules"].contains(&name);
                folders.extend(is_ours.then_some(path));
            } else if name.ends_with(".md") {
                pages.push(path);
            }
        }
    }
    pages.sort();
    pages
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}
