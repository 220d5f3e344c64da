//! Which module of a crate uses which.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// One module's use of another. Of both their paths it has what tells them apart: two modules of one folder.
pub(crate) struct Use {
    /// File and line.
    pub(crate) place: String,
    /// The folder that both are in, as a path in the crate.
    pub(crate) folder: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

/// What the modules of a crate use of each other. What a folder's own file and what is in the folder use of each other is left out:
/// they are one module.
pub(crate) fn uses(sources: &[Source], krate: &str) -> Vec<Use> {
    let src = format!("crates/{krate}/src");
    let files: Vec<_> = sources
        .iter()
        .filter_map(|source| Some((module(source.folder().strip_prefix(&src)?), source)))
        .filter(|(module, source)| {
            !source.shipped.is_empty() && !module.starts_with(&["bin".into()])
        })
        .collect();
    let known = Known::of(&files);
    let mut uses = Vec::new();
    for (module, source) in &files {
        for (line, path) in mentions(module, &source.shipped) {
            let target = known.module_of(&path, 0);
            let shared = module.iter().zip(&target).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (module.get(shared), target.get(shared)) {
                uses.push(Use {
                    place: format!("{}:{line}", source.path),
                    folder: module[..shared].join("::"),
                    from: from.clone(),
                    to: to.clone(),
                });
            }
        }
    }
    uses
}

/// Those that are part of a circle.
pub(crate) fn in_circles(uses: &[Use]) -> Vec<&Use> {
    let leads_back = |one: &&Use| {
        let mut reached = BTreeSet::new();
        let mut next = vec![&one.to];
        while let Some(module) = next.pop() {
            if reached.insert(module) {
                let further = uses.iter().filter(|u| u.folder == one.folder && u.from == *module);
                next.extend(further.map(|further| &further.to));
            }
        }
        reached.contains(&one.from)
    };
    uses.iter().filter(leads_back).collect()
}

type Path = Vec<String>;

fn module(path: &str) -> Path {
    path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The modules of a crate, and the names that each takes in from others.
struct Known {
    modules: BTreeSet<Path>,
    names: BTreeMap<Path, Path>,
}

impl Known {
    fn of(files: &[(Path, &Source)]) -> Self {
        let modules: BTreeSet<Path> = files.iter().map(|(module, _)| module.clone()).collect();
        let mut names = BTreeMap::new();
        for (module, source) in files {
            for (at, _) in source.shipped.match_indices("use ") {
                let mut imports = Vec::new();
                expand(&source.shipped[at + 4..], &[], &mut imports);
                for (path, name) in imports {
                    let child = [module.as_slice(), &path].concat();
                    let is_child =
                        path.first().is_some_and(|_| modules.contains(&child[..=module.len()]));
                    let target = if is_child { Some(child) } else { absolute(module, &path) };
                    names.extend(
                        target.map(|target| ([module.as_slice(), &[name]].concat(), target)),
                    );
                }
            }
        }
        Self { modules, names }
    }

    /// Where what a path names is written.
    fn module_of(&self, path: &[String], depth: usize) -> Path {
        let is_module = |length: &usize| self.modules.contains(&path[..*length]);
        let length = (0..=path.len()).rev().find(is_module).unwrap_or(0);
        match path.get(..=length).and_then(|name| self.names.get(name)) {
            Some(target) if depth < 5 => {
                self.module_of(&[target, &path[length + 1..]].concat(), depth + 1)
            }
            _ => path[..length].to_vec(),
        }
    }
}

/// All paths from `crate` or `super` on, by their lines.
fn mentions(module: &[String], code: &str) -> Vec<(usize, Path)> {
    let mut found = Vec::new();
    let is_word = |char: char| char.is_alphanumeric() || char == '_' || char == ':';
    let starts = ["crate::", "super::"].map(|start| code.match_indices(start));
    for (at, _) in starts.into_iter().flatten().filter(|(at, _)| !code[..*at].ends_with(is_word)) {
        let line = code[..at].matches('\n').count() + 1;
        let mut paths = Vec::new();
        expand(&code[at..], &[], &mut paths);
        // In a module that stands in the file, `super` is the file.
        let inline = code[..at].rfind("\nmod ").filter(|start| {
            let head = code[*start..at].lines().nth(1).unwrap_or_default();
            head.ends_with('{') && !code[*start..at].contains("\n}")
        });
        let own = [module, &inline.map(|_| String::new()).into_iter().collect::<Path>()].concat();
        found.extend(paths.iter().filter_map(|(path, _)| Some((line, absolute(&own, path)?))));
    }
    found
}

/// A path from the crate's root on, if it is one within the crate.
fn absolute(module: &[String], path: &[String]) -> Option<Path> {
    match path.split_first()? {
        (first, rest) if first == "crate" => Some(rest.to_vec()),
        (first, rest) if first == "self" => Some([module, rest].concat()),
        (first, rest) if first == "super" => {
            let above = module.split_last()?.1;
            let goes_on = rest.first().is_some_and(|next| next == "super");
            if goes_on { absolute(above, rest) } else { Some([above, rest].concat()) }
        }
        _ => None,
    }
}

/// Takes `a::{b, c::d as e}` apart, each path with the name that it is known by. Returns what follows.
fn expand<'a>(code: &'a str, prefix: &[String], paths: &mut Vec<(Path, String)>) -> &'a str {
    let mut path = prefix.to_vec();
    let mut rest = code.trim_start();
    loop {
        if let Some(group) = rest.strip_prefix('{') {
            rest = expand(group, &path, paths);
            while let Some(next) = rest.strip_prefix(',') {
                rest = expand(next, &path, paths);
            }
            return rest.strip_prefix('}').unwrap_or(rest).trim_start();
        }
        let (name, after) = word(rest);
        path.push(name.to_owned());
        let Some(further) = after.strip_prefix("::") else {
            let renamed = after.strip_prefix("as ").map(word);
            let (name, after) = renamed.unwrap_or((name, after));
            if path.len() > 1 {
                path.pop_if(|last| last == "self");
            }
            let name = if name == "self" { path.last().unwrap() } else { name }.to_owned();
            paths.push((path, name));
            return after;
        };
        rest = further.trim_start();
    }
}

fn word(code: &str) -> (&str, &str) {
    let end = code.find(|char: char| !char.is_alphanumeric() && char != '_');
    let (word, rest) = code.split_at(end.unwrap_or(code.len()));
    (word, rest.trim_start())
}
