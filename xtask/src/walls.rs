//! Walls between crates: which parts a program must not link.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::shell::{cargo_path, read_from, root};

/// A crate, and crates that it must not reach through its dependencies.
struct Wall {
    name: &'static str,
    must_not_link: &'static [&'static str],
    reason: &'static str,
}

const WALLS: [Wall; 11] = [
    Wall {
        name: "annona-audit",
        must_not_link: &[
            "annona-engine",
            "annona-matcher",
            "annona-iris",
            "annona-store",
            "annona-chain",
            "annona-api",
            "annona-evaluation",
            "image",
            "sqlx",
        ],
        reason: "an auditor believes nothing of the service",
    },
    Wall {
        name: "annona-client",
        must_not_link: &[
            "annona-engine",
            "annona-matcher",
            "annona-iris",
            "annona-store",
            "annona-chain",
            "annona-evaluation",
            "image",
            "sqlx",
        ],
        reason: "a wallet compares no eyes and decodes no image",
    },
    Wall {
        name: "annona-wasm",
        must_not_link: &[
            "annona-client",
            "annona-proofs",
            "reqwest",
            "semaphore-rs",
            "tokio",
        ],
        reason: "a phone loads it",
    },
    Wall {
        name: "annona-store",
        must_not_link: &["annona-iris", "annona-chain", "image", "alloy-provider"],
        reason: "a database knows templates, and neither images nor chains",
    },
    Wall {
        name: "annona-engine",
        must_not_link: &[
            "annona-iris",
            "annona-store",
            "image",
            "axum",
            "sqlx",
            "tokio",
        ],
        reason: "the engine asks its ports",
    },
    Wall {
        name: "annona-template",
        must_not_link: &["annona-core", "image", "alloy-primitives"],
        reason: "templates are data",
    },
    Wall {
        name: "annona-model",
        must_not_link: &["annona-iris", "annona-core", "image"],
        reason: "an encoder starts where images end",
    },
    Wall {
        name: "annona-zkml",
        must_not_link: &["annona-iris", "annona-matcher", "image", "reqwest", "tokio"],
        reason: "a wallet proves encodings",
    },
    Wall {
        name: "annona-service",
        must_not_link: &["annona-evaluation", "annona-iris", "orb-sim", "image"],
        reason: "a service measures nobody's eyes, and sees none",
    },
    Wall {
        name: "orb-sim",
        must_not_link: &["annona-evaluation", "annona-matcher"],
        reason: "an orb compares no eyes, and does not measure itself",
    },
    Wall {
        name: "annona-generate",
        must_not_link: &[
            "annona-bindings",
            "annona-chain",
            "annona-engine",
            "annona-store",
        ],
        reason: "generators build while artifacts and queries are stale",
    },
];

/// Fails if a crate links what its wall keeps out, and names the way there.
pub(crate) fn check() -> anyhow::Result<()> {
    let metadata = read_from(
        root(),
        cargo_path(),
        &["metadata", "--format-version", "1", "--all-features"],
    )?;
    let graph = Graph::read(&serde_json::from_str(&metadata)?)?;
    let broken = graph.broken(&WALLS)?;
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    Ok(())
}

/// Dependencies by name: of packages, or of modules.
pub(crate) struct Graph(pub(crate) BTreeMap<String, BTreeSet<String>>);

impl Graph {
    fn read(metadata: &Value) -> anyhow::Result<Self> {
        let list = |value: &Value| value.as_array().cloned().context("not cargo's metadata");
        let names: BTreeMap<String, String> = list(&metadata["packages"])?
            .iter()
            .filter_map(|package| {
                let (id, name) = (package["id"].as_str()?, package["name"].as_str()?);
                Some((id.to_owned(), name.to_owned()))
            })
            .collect();
        let name_of = |id: &Value| id.as_str().and_then(|id| names.get(id)).cloned();
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"])? {
            let name = name_of(&node["id"]).context("a package without a name")?;
            let linked = list(&node["deps"])?
                .into_iter()
                .filter(is_linked)
                .filter_map(|dependency| name_of(&dependency["pkg"]));
            graph.entry(name).or_default().extend(linked);
        }
        Ok(Self(graph))
    }

    /// Finds the shortest way from a package to another.
    pub(crate) fn path(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut paths = std::collections::VecDeque::from([vec![from.to_owned()]]);
        let mut seen = BTreeSet::new();
        while let Some(path) = paths.pop_front() {
            let last = path.last()?;
            if last == to {
                return Some(path);
            }
            for next in self.0.get(last).into_iter().flatten() {
                if seen.insert(next.clone()) {
                    paths.push_back([&path[..], std::slice::from_ref(next)].concat());
                }
            }
        }
        None
    }

    fn broken(&self, walls: &[Wall]) -> anyhow::Result<Vec<String>> {
        let mut broken = Vec::new();
        for wall in walls {
            if !self.0.contains_key(wall.name) {
                bail!("the wall is of no crate {}", wall.name);
            }
            for outside in wall.must_not_link {
                if let Some(path) = self.path(wall.name, outside) {
                    let path = path.join(" -> ");
                    broken.push(format!("{path}: forbidden, because {}", wall.reason));
                }
            }
        }
        Ok(broken)
    }
}

/// Returns whether a dependency is one of the program, and not of tests or build scripts alone.
fn is_linked(dependency: &Value) -> bool {
    let kinds = dependency["dep_kinds"].as_array();
    kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn graph(kind: &Value) -> Graph {
        let dependency =
            |name: &str, kind: &Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let package = |name: &str| json!({"id": name, "name": name});
        Graph::read(&json!({
            "packages": [package("a"), package("b"), package("c")],
            "resolve": {"nodes": [
                {"id": "a", "deps": [dependency("b", &Value::Null)]},
                {"id": "b", "deps": [dependency("c", kind)]},
                {"id": "c", "deps": []},
            ]},
        }))
        .unwrap()
    }

    const WALL: Wall = Wall {
        name: "a",
        must_not_link: &["c"],
        reason: "of the test",
    };

    #[test]
    fn a_way_through_another_crate_is_found() {
        let broken = graph(&Value::Null).broken(&[WALL]).unwrap();
        assert_eq!(broken, ["a -> b -> c: forbidden, because of the test"]);
    }

    #[test]
    fn dependencies_of_tests_and_build_scripts_are_not_linked() {
        for kind in ["dev", "build"] {
            let broken = graph(&kind.into()).broken(&[WALL]).unwrap();
            assert_eq!(broken, [""; 0]);
        }
    }

    #[test]
    fn the_walls_of_this_workspace_stand() {
        check().unwrap();
    }

    #[test]
    fn a_wall_of_a_crate_that_is_gone_is_an_error() {
        let wall = Wall { name: "d", ..WALL };
        assert!(graph(&Value::Null).broken(&[wall]).is_err());
    }
}
