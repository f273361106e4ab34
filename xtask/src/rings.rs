//! Rings of modules: within a crate, nothing that a module uses may use that module in turn. A
//! module and those inside it are one to this check, and its unit tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::bail;

use crate::shell::{root, tracked_files};
use crate::walls::Graph;

/// Largest number of re-exports that are followed to the module that defines a name.
const MAX_REEXPORTS: usize = 8;
/// Begin of the unit tests of a file.
const UNIT_TESTS: &str = "#[cfg(test)]\nmod tests {";

/// Segments of a path, and the whole path of a module.
type Path = Vec<String>;

/// Modules of a crate by their paths, with their texts.
type Modules = BTreeMap<Path, String>;

/// Fails with every ring.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut crates: BTreeMap<String, Modules> = BTreeMap::new();
    for file in tracked_files(&["rs"])? {
        let file = file.to_string_lossy().into_owned();
        if let Some((name, inner)) = file.split_once("/src/") {
            let text = fs::read_to_string(root().join(&file))?;
            let modules = crates.entry(name.to_owned()).or_default();
            *modules.entry(module_of(inner)).or_default() += &text;
        }
    }
    let mut found = Vec::new();
    for (name, modules) in &crates {
        let rings = rings(modules).into_iter();
        found.extend(rings.map(|ring| format!("{name}: {ring}")));
    }
    if found.is_empty() {
        return Ok(());
    }
    bail!("rings of modules:\n  {}", found.join("\n  "))
}

fn module_of(file: &str) -> Path {
    let parts = file.trim_end_matches(".rs").split('/');
    let named = parts.filter(|part| !["mod", "lib", "main"].contains(part));
    named.map(str::to_owned).collect()
}

/// Lists the rings of a crate, each once, by a shortest way around.
fn rings(modules: &Modules) -> Vec<String> {
    let graph = graph(modules);
    let mut found = BTreeMap::new();
    for (from, uses) in &graph.0 {
        let ways = uses.iter().filter_map(|next| graph.path(next, from));
        if let Some(way) = ways.min_by_key(Vec::len) {
            let members: BTreeSet<String> = way.iter().cloned().collect();
            let ring = || format!("{from} -> {}", way.join(" -> "));
            found.entry(members).or_insert_with(ring);
        }
    }
    found.into_values().collect()
}

fn graph(modules: &Modules) -> Graph {
    let exports: BTreeMap<&Path, BTreeMap<String, Path>> = modules
        .iter()
        .map(|(module, text)| (module, exports(module, &tokens(text))))
        .collect();
    let mut graph = BTreeMap::new();
    for (module, text) in modules {
        if module.iter().any(|part| part == "tests") {
            continue;
        }
        let used = paths(module, &tokens(text)).into_iter();
        let used = used.map(|path| owner(&path, &exports, MAX_REEXPORTS));
        let apart = used.filter(|used| !used.starts_with(module) && !module.starts_with(used));
        graph.insert(
            module.join("::"),
            apart.map(|used| used.join("::")).collect(),
        );
    }
    Graph(graph)
}

/// Returns the module that defines the item of a path.
fn owner(path: &[String], exports: &BTreeMap<&Path, BTreeMap<String, Path>>, hops: usize) -> Path {
    let lengths = (0..=path.len()).rev();
    let mut modules = lengths.filter_map(|length| exports.get_key_value(&path[..length].to_vec()));
    let Some((module, exported)) = modules.next() else {
        return Path::new();
    };
    match path.get(module.len()).and_then(|name| exported.get(name)) {
        Some(target) if hops > 0 => owner(target, exports, hops - 1),
        _ => (*module).clone(),
    }
}

/// Returns the names that a module re-exports, with their paths in the crate.
fn exports(module: &[String], tokens: &[&str]) -> BTreeMap<String, Path> {
    let mut found = Vec::new();
    for at in 1..tokens.len() {
        if tokens[at] == "use" && ["pub", ")"].contains(&tokens[at - 1]) {
            tree(tokens, at + 1, Path::new(), &mut found);
        }
    }
    let named = |path: Path| Some((path.last()?.clone(), absolute(module, &path)));
    found.into_iter().filter_map(named).collect()
}

/// Returns the paths into the own crate that a module's text uses.
fn paths(module: &[String], tokens: &[&str]) -> Vec<Path> {
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        let is_first = at == 0 || tokens[at - 1] != "::";
        if is_first && ["crate", "super", "self"].contains(&tokens[at]) {
            tree(tokens, at, Path::new(), &mut found);
        }
    }
    found.iter().map(|path| absolute(module, path)).collect()
}

/// Collects the paths of a use tree, or of a path in code, and returns the place behind it.
fn tree(tokens: &[&str], mut at: usize, mut prefix: Path, found: &mut Vec<Path>) -> usize {
    while let Some(&token) = tokens.get(at) {
        if token == "{" {
            at += 1;
            while let Some(next) = tokens.get(at).filter(|next| **next != "}") {
                at = match *next {
                    "," | "as" => at + 1,
                    _ => tree(tokens, at, prefix.clone(), found).max(at + 1),
                };
            }
            return at + 1;
        }
        if token.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            prefix.push(token.to_owned());
            at += 1;
        }
        if tokens.get(at) != Some(&"::") {
            break;
        }
        at += 1;
    }
    found.push(prefix);
    at
}

/// Returns a path from the crate's root on.
fn absolute(module: &[String], path: &[String]) -> Path {
    let mut whole = module.to_vec();
    for part in path {
        match part.as_str() {
            "crate" => whole.clear(),
            "super" => drop(whole.pop()),
            "self" => {}
            _ => whole.push(part.clone()),
        }
    }
    whole
}

/// Splits a text into names, `::` and single marks, without comments and unit tests.
fn tokens(text: &str) -> Vec<&str> {
    let text = text.split(UNIT_TESTS).next().unwrap_or_default();
    let mut tokens = Vec::new();
    for line in text.lines() {
        let mut rest = line.split("//").next().unwrap_or_default().trim_start();
        while let Some(first) = rest.chars().next() {
            let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
            let length = match name.unwrap_or(rest.len()) {
                0 if rest.starts_with("::") => 2,
                0 => first.len_utf8(),
                length => length,
            };
            tokens.push(&rest[..length]);
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let modules = files
            .iter()
            .map(|(file, text)| (module_of(file), (*text).to_owned()));
        rings(&modules.collect())
    }

    #[test]
    fn a_ring_is_found_through_a_re_export_and_a_group() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\npub use a::{A, a2 as other};\n"),
            ("a.rs", "use crate::c::{self, inner::{C, D as E}};\n"),
            ("b.rs", "fn b() -> crate::A {}\n"),
            ("c/mod.rs", "pub(crate) use super::b::B;\n"),
            ("c/inner.rs", "use std::fmt;\n"),
        ];
        assert_eq!(found(&files), ["a -> c -> b -> a"]);
    }

    #[test]
    fn one_way_is_no_ring() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\npub use a::A;\n"),
            (
                "a.rs",
                "// crate::b::B\nuse super::a::sub;\n#[cfg(test)]\nmod tests {\n    use crate::b;\n}\n",
            ),
            ("a/sub.rs", "use super::A;\n"),
            (
                "b.rs",
                "use crate::{A, UnknownHere};\nuse crate::a::{sub::C, D};\n",
            ),
            ("b/tests.rs", "use crate::a;\n"),
        ];
        assert_eq!(found(&files), [""; 0]);
    }

    #[test]
    fn no_crate_of_this_workspace_has_a_ring() {
        check().unwrap();
    }
}
