use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::shell::{
    annona_binary, cargo, cargo_path, circuit_keys, debug_folder, read_from, root, run_in, run_with,
};
use crate::{app, setup};

/// Contracts whose artifacts the bindings are made from.
const CONTRACTS: [&str; 13] = [
    "AnnonaToken",
    "Distributor",
    "MintedIncome",
    "OrbRegistry",
    "PooledIncome",
    "Registry",
    "SemaphoreVerifier",
    "TimelockController",
    "UnsafeTestAppend16Verifier",
    "UnsafeTestAppend256Verifier",
    "UnsafeTestAppend1024Verifier",
    "UnsafeTestRevoke8Verifier",
    "UnsafeTestRevoke32Verifier",
];

/// Treatment of the files: written, or compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Write the files that differ.
    Write,
    /// Fail on files that differ.
    Check,
    /// The same, but believe that the test keys of large circuits follow from their rows.
    QuickCheck,
}

impl Mode {
    pub(crate) const fn from_flag(check: bool) -> Self {
        if check { Self::Check } else { Self::Write }
    }

    /// The argument that leaves large circuits out.
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Write | Self::Check => &[],
            Self::QuickCheck => &["quick"],
        }
    }
}

/// Makes all generated files, in the order in which they depend on each other.
pub(crate) fn run(mode: Mode) -> anyhow::Result<()> {
    setup::run()?;
    if mode != Mode::Write {
        // No file changes, so that nothing is waited for: all is built side by side.
        build(&["--bins"])?;
    }
    let mut stale = Vec::new();
    verifying_key(mode, &mut stale)?;
    circuits(mode, &mut stale)?;
    encodings(mode, &mut stale)?;
    encoding_verifier(mode, &mut stale)?;
    frozen_enrolment(mode, &mut stale)?;
    fixtures(mode, &mut stale)?;
    iris_vectors(mode, &mut stale)?;
    artifacts(mode, &mut stale)?;
    queries(mode, &mut stale)?;
    openapi(mode, &mut stale)?;
    if mode == Mode::Write {
        // The app's own checks find its types stale.
        app::generate()?;
    }
    if mode != Mode::Write && !stale.is_empty() {
        let names: Vec<String> = stale
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        bail!(
            "not as generated: {}; run `cargo xtask gen` and commit the result",
            names.join(", ")
        );
    }
    Ok(())
}

/// Build with the features that `cargo test` has: with those of its own package alone, each
/// program would build its dependencies anew. Cargo adds the features that only tests need to a
/// build that has an example, so this one builds a small one, which contains no generated file.
const UNIFIED_BUILD: [&str; 6] = [
    "build",
    "--quiet",
    "--workspace",
    "--all-features",
    "--example",
    "membership",
];

/// Builds programs that make files.
pub(crate) fn build(targets: &[&str]) -> anyhow::Result<()> {
    cargo(&[&UNIFIED_BUILD, targets].concat())
}

/// Builds and runs a program of `crates/generate`. It is built when its turn comes, because
/// it may contain a file that was made before it.
pub(crate) fn program(name: &str, arguments: &[&str]) -> anyhow::Result<()> {
    build(&["--bin", name])?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let program = debug_folder()?.join(file);
    run_in(root(), program, arguments)
}

/// The verifying key out of semaphore-rs, and the Solidity verifier of it.
fn verifying_key(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let scratch = std::env::temp_dir().join(format!("annona-gen-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let key = scratch.join("semaphore_30");
    let proving_key = semaphore_proving_key()?;
    let graph = semaphore_folder()?.join("graphs/30/graph.bin");
    let arguments = [&proving_key, &graph, &key].map(|path| path.to_string_lossy().into_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    program("semaphore_key", &arguments)?;
    for (made, kept) in [
        ("semaphore_30.vk", "crates/proofs/keys/semaphore_30.vk"),
        (
            "semaphore_30.prover",
            "crates/prover/keys/semaphore_30.prover",
        ),
        (
            "semaphore_30.witness",
            "crates/prover/keys/semaphore_30.witness",
        ),
        ("semaphore_30.hash", "crates/proofs/keys/semaphore_30.hash"),
    ] {
        settle(mode, stale, kept, &fs::read(scratch.join(made))?)?;
    }
    let key = key.with_extension("vk");
    verifier(
        mode,
        stale,
        &key,
        ("SemaphoreVerifier", "ISemaphoreVerifier"),
    )?;
    fs::remove_dir_all(scratch)?;
    Ok(())
}

/// The Solidity verifier of a verifying key, with its name and its interface's.
fn verifier(
    mode: Mode,
    stale: &mut Vec<PathBuf>,
    key: &Path,
    (name, interface): (&str, &str),
) -> anyhow::Result<()> {
    let template = root().join("contracts/templates/Groth16Verifier.sol.j2");
    let made = key.with_extension("sol");
    let [key, template, out] = [key, &template, &made].map(|path| path.to_string_lossy());
    program("verifier", &[&key, name, interface, &template, &out])?;
    let kept = format!("contracts/src/generated/{name}.sol");
    settle(mode, stale, &kept, &fs::read(&made)?)
}

/// Sizes and verifying keys of the circuits. The test keys stay in the target
/// folder, so that only a change of the rows makes them again.
fn circuits(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let scratch = std::env::temp_dir().join(format!("annona-circuits-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let keys = circuit_keys();
    let arguments = [&scratch, &keys].map(|path| path.to_string_lossy().into_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    program("lock", &[&arguments, mode.arguments()].concat())?;
    let lock = fs::read(scratch.join("circuits.lock.json"))?;
    settle(mode, stale, "circuits/circuits.lock.json", &lock)?;
    let pinned: BTreeMap<String, Value> = serde_json::from_slice(&lock)?;
    for circuit in pinned.keys() {
        let file = format!("{circuit}.UNSAFE-TEST.vk");
        let kept = format!("crates/proofs/keys/{file}");
        let key = scratch.join(file);
        if key.exists() {
            settle(mode, stale, &kept, &fs::read(&key)?)?;
        } else {
            fs::copy(root().join(&kept), &key)?;
        }
        let (name, interface) = test_verifier(circuit)?;
        verifier(mode, stale, &key, (&name, interface))?;
    }
    fs::remove_dir_all(scratch)?;
    Ok(())
}

/// Sizes and verifying keys of the iris circuits. The provers stay in the target folder.
fn encodings(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let scratch = std::env::temp_dir().join(format!("annona-encodings-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let keys = circuit_keys();
    let arguments = [&scratch, &keys].map(|path| path.to_string_lossy().into_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    program("encodings", &[&arguments, mode.arguments()].concat())?;
    for name in file_names(&scratch)? {
        let folder = if name.ends_with(".vk") {
            "crates/zkml/keys"
        } else {
            "circuits"
        };
        let made = fs::read(scratch.join(&name))?;
        settle(mode, stale, &format!("{folder}/{name}"), &made)?;
    }
    fs::remove_dir_all(scratch)?;
    Ok(())
}

/// Circuit of encodings that has a Solidity verifier.
const VERIFIED_ENCODING: &str = "iris-p";

/// Solidity verifier of the full-size encoding (ZKML-10), and the frozen proofs of all models for its tests.
fn encoding_verifier(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let key = root().join(format!(
        "crates/zkml/keys/{VERIFIED_ENCODING}.UNSAFE-TEST.vk"
    ));
    let scratch = std::env::temp_dir().join(format!("annona-encoding-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    let copy = scratch.join("key.vk");
    fs::copy(key, &copy)?;
    let names = ("UnsafeTestIrisPVerifier", "IEncodingVerifier");
    verifier(mode, stale, &copy, names)?;
    fs::remove_dir_all(scratch)?;
    let read = |path: &str| -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(&fs::read(root().join(path))?)?)
    };
    let frozen = read("crates/zkml/tests/golden.json")?;
    let text = frozen_encodings(&frozen, &read("circuits/encodings.lock.json")?)?;
    let kept = "contracts/test/fixtures/encodings.json";
    settle(mode, stale, kept, text.as_bytes())
}

/// An enrolment whose codes are proved with the full-size key, for tests that cannot afford that.
/// A quick check believes that the proofs follow from the key.
fn frozen_enrolment(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    const NAME: &str = "frozen_enrolment";
    if mode == Mode::QuickCheck {
        return Ok(());
    }
    build(&["--example", NAME])?;
    let made = std::env::temp_dir().join(format!("annona-{NAME}-{}.json", std::process::id()));
    let program = debug_folder()?.join("examples");
    let program = program.join(format!("{NAME}{}", std::env::consts::EXE_SUFFIX));
    let arguments = [&circuit_keys(), &made].map(|path| path.to_string_lossy().into_owned());
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    run_in(root(), program, &arguments)?;
    let kept = "crates/zkml/tests/enrolment.json";
    settle(mode, stale, kept, &fs::read(&made)?)?;
    Ok(fs::remove_file(made)?)
}

/// Lists frozen proofs by the circuit whose key they were made for.
fn frozen_encodings(frozen: &Value, lock: &Value) -> anyhow::Result<String> {
    let circuits = lock.as_object().context("the lock file lists circuits")?;
    let proofs = frozen["proofs"].as_array();
    let mut listed = BTreeMap::new();
    for proof in proofs.context("the golden file lists proofs")? {
        let hash = &proof["key_hash"];
        let own = circuits.iter().find(|it| it.1["test_key_hash"] == *hash);
        let (circuit, _) = own.context("a frozen proof was made for no pinned key")?;
        let words = json!({
            "keyHash": hash,
            "inputs": proof["public_inputs"],
            "proof": proof["proof"],
        });
        listed.insert(circuit, words);
    }
    Ok(serde_json::to_string_pretty(&listed)? + "\n")
}

/// `append-16` gives `UnsafeTestAppend16Verifier` and `IAppendVerifier`.
fn test_verifier(circuit: &str) -> anyhow::Result<(String, &'static str)> {
    let (kind, batch) = circuit.split_once('-').context("a circuit has a size")?;
    let (kind, interface) = match kind {
        "append" => ("Append", "IAppendVerifier"),
        "revoke" => ("Revoke", "IRevokeVerifier"),
        _ => bail!("no interface is known for the verifier of {circuit}"),
    };
    Ok((format!("UnsafeTest{kind}{batch}Verifier"), interface))
}

/// Claims and batches with real proofs for the Solidity tests.
fn fixtures(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let batch = std::env::temp_dir().join(format!("annona-claims-{}.json", std::process::id()));
    let path = batch.to_string_lossy();
    let kept = "contracts/test/fixtures/claims.json";
    written_by("fixtures", &[&path], mode, stale, kept)?;
    let kept = "contracts/test/fixtures/claim-batch.json";
    settle(mode, stale, kept, &fs::read(&batch)?)?;
    fs::remove_file(batch)?;
    batches(mode, stale)
}

/// Batches with real proofs. A quick check compares those that it makes.
fn batches(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let kept = "contracts/test/fixtures/batches.json";
    let keys = circuit_keys();
    let keys = keys.to_string_lossy();
    if mode != Mode::QuickCheck {
        return written_by("batches", &[&keys], mode, stale, kept);
    }
    let made = std::env::temp_dir().join(format!("annona-batches-{}.json", std::process::id()));
    let path = made.to_string_lossy();
    program("batches", &[&[&*path, &keys], mode.arguments()].concat())?;
    let read =
        |path: &Path| -> anyhow::Result<Value> { Ok(serde_json::from_slice(&fs::read(path)?)?) };
    let (new, present) = (read(&made)?, read(&root().join(kept))?);
    if !is_part_of(&new, &present) {
        stale.push(PathBuf::from(kept));
    }
    fs::remove_file(made)?;
    Ok(())
}

/// Returns whether `whole` has all that `part` has, and the same values; only objects may have
/// more.
fn is_part_of(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| is_part_of(part, whole))),
        _ => part == whole,
    }
}

/// Settles the results of the iris pipeline for its committed images, to the bit.
fn iris_vectors(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let kept = "crates/iris/tests/vectors/golden.json";
    written_by("golden", &[], mode, stale, kept)
}

/// Settles `kept` with the output of a program, which writes to the file that its first
/// argument names; `others` follow.
fn written_by(
    name: &str,
    others: &[&str],
    mode: Mode,
    stale: &mut Vec<PathBuf>,
    kept: &str,
) -> anyhow::Result<()> {
    let made = std::env::temp_dir().join(format!("annona-{name}-{}.json", std::process::id()));
    let path = made.to_string_lossy();
    program(name, &[&[&*path], others].concat())?;
    settle(mode, stale, kept, &fs::read(&made)?)?;
    fs::remove_file(made)?;
    Ok(())
}

/// Returns the proving key of depth 30 that `semaphore-rs` carries.
pub(crate) fn semaphore_proving_key() -> anyhow::Result<PathBuf> {
    Ok(semaphore_folder()?.join("assets/30/semaphore.arkzkey"))
}

/// Returns the folder in which cargo keeps the sources of semaphore-rs.
fn semaphore_folder() -> anyhow::Result<PathBuf> {
    let metadata = read_from(
        root(),
        cargo_path(),
        &["metadata", "--format-version", "1", "--locked"],
    )?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata["packages"]
        .as_array()
        .context("cargo metadata lists no packages")?;
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "semaphore-rs")
        .and_then(|package| package["manifest_path"].as_str())
        .context("semaphore-rs is not among the packages")?;
    Ok(Path::new(manifest)
        .parent()
        .context("a manifest lies in a folder")?
        .to_owned())
}

/// ABI and bytecode out of forge's build.
fn artifacts(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let contracts = root().join("contracts");
    run_in(&contracts, forge(), &["build", "--skip", "test"])?;
    for name in CONTRACTS {
        let path = contracts.join(format!("out/{name}.sol/{name}.json"));
        let built: Value = serde_json::from_str(&fs::read_to_string(&path)?)
            .with_context(|| format!("{} is not an artifact", path.display()))?;
        let deployed = &built["deployedBytecode"];
        let kept = json!({
            "abi": built["abi"],
            "bytecode": { "object": built["bytecode"]["object"] },
            "deployedBytecode": {
                "immutableReferences": numbered(&deployed["immutableReferences"]),
                "object": deployed["object"],
            },
        });
        let text = serde_json::to_string_pretty(&kept)? + "\n";
        settle(
            mode,
            stale,
            &format!("crates/bindings/artifacts/{name}.json"),
            text.as_bytes(),
        )?;
    }
    Ok(())
}

/// The compiler names immutables by numbers that depend on what else it compiled;
/// here they are counted from 0 in the same order.
fn numbered(references: &Value) -> Value {
    let Some(references) = references.as_object() else {
        return json!({});
    };
    let mut places: Vec<(u64, &Value)> = references
        .iter()
        .map(|(id, places)| (id.parse().unwrap_or(u64::MAX), places))
        .collect();
    places.sort_by_key(|(id, _)| *id);
    let counted = places.iter().enumerate();
    counted
        .map(|(count, (_, places))| (format!("{count:02}"), (*places).clone()))
        .collect()
}

/// Descriptions of the store's queries, which its macros read where there is no database. They
/// write them as they are compiled against one that is empty and has the schema of now.
fn queries(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let scratch = std::env::temp_dir().join(format!("annona-queries-{}", std::process::id()));
    let made = scratch.join("made");
    fs::create_dir_all(&made)?;
    let database = scratch.join("annona.sqlite");
    let migrations = root().join("crates/store/migrations/sqlite");
    let paths = [&migrations, &database].map(|path| path.to_string_lossy());
    program("scratch_database", &[&paths[0], &paths[1]])?;
    run_with(
        &[
            ("DATABASE_URL", &format!("sqlite://{}", paths[1])),
            ("SQLX_OFFLINE", "false"),
            ("SQLX_OFFLINE_DIR", &made.to_string_lossy()),
        ],
        root(),
        cargo_path(),
        &[&UNIFIED_BUILD, &["--example", "queries"][..]].concat(),
    )?;
    settle_folder(mode, stale, "crates/store/.sqlx", &made)?;
    fs::remove_dir_all(scratch)?;
    Ok(())
}

fn openapi(mode: Mode, stale: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    build(&["--bin", "annona"])?;
    let document = read_from(root(), annona_binary()?, &["openapi"])?;
    settle(mode, stale, "docs/openapi.json", document.as_bytes())
}

/// Forge itself: the program that npm puts before it exits with 0 whatever forge exits with.
pub(crate) fn forge() -> PathBuf {
    let packages = root().join("contracts/node_modules/@foundry-rs");
    let programs = fs::read_dir(&packages).into_iter().flatten().flatten();
    programs
        .filter(|package| package.file_name().to_string_lossy().starts_with("forge-"))
        .flat_map(|package| ["bin/forge", "bin/forge.exe"].map(|name| package.path().join(name)))
        .find(|program| program.is_file())
        .unwrap_or_else(|| packages.join("forge"))
}

fn settle(mode: Mode, stale: &mut Vec<PathBuf>, file: &str, contents: &[u8]) -> anyhow::Result<()> {
    let path = root().join(file);
    if fs::read(&path).is_ok_and(|present| present == contents) {
        return Ok(());
    }
    stale.push(PathBuf::from(file));
    if mode == Mode::Write {
        fs::write(&path, contents).with_context(|| format!("cannot write {file}"))?;
        writeln!(std::io::stdout(), "wrote {file}")?;
    }
    Ok(())
}

/// Settles the files of folder `kept` with those of folder `made`: no others are kept.
fn settle_folder(
    mode: Mode,
    stale: &mut Vec<PathBuf>,
    kept: &str,
    made: &Path,
) -> anyhow::Result<()> {
    let folder = root().join(kept);
    if mode == Mode::Write {
        fs::create_dir_all(&folder)?;
    }
    let names = file_names(made)?;
    for name in &names {
        settle(
            mode,
            stale,
            &format!("{kept}/{name}"),
            &fs::read(made.join(name))?,
        )?;
    }
    for name in file_names(&folder)?.difference(&names) {
        let file = format!("{kept}/{name}");
        if mode == Mode::Write {
            fs::remove_file(root().join(&file))?;
            writeln!(std::io::stdout(), "removed {file}")?;
        }
        stale.push(PathBuf::from(file));
    }
    Ok(())
}

/// Returns the names of the files in a folder; none where there is no folder.
fn file_names(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    if !folder.exists() {
        return Ok(BTreeSet::new());
    }
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder)? {
        names.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_failure_of_forge_is_a_failure() {
        setup::run().unwrap();
        assert!(read_from(root(), forge(), &["--version"]).is_ok());
        assert!(read_from(root(), forge(), &["no-such-command"]).is_err());
    }

    /// Tests ZKML-10.
    #[test]
    fn frozen_encodings_are_those_of_the_golden_file() {
        let read = |path: &str| fs::read_to_string(root().join(path)).unwrap();
        let [frozen, lock, kept] = [
            "crates/zkml/tests/golden.json",
            "circuits/encodings.lock.json",
            "contracts/test/fixtures/encodings.json",
        ]
        .map(read);
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let (frozen, mut lock) = (parse(&frozen), parse(&lock));
        assert_eq!(frozen_encodings(&frozen, &lock).unwrap(), kept);
        lock["iris-p"]["test_key_hash"] = json!("0x00");
        assert!(frozen_encodings(&frozen, &lock).is_err());
    }

    #[test]
    fn a_part_has_nothing_that_the_whole_has_not() {
        let whole = json!({ "a": { "b": [1, 2], "c": 3 }, "d": 4 });
        assert!(is_part_of(&json!({ "a": { "b": [1, 2] } }), &whole));
        assert!(!is_part_of(&json!({ "a": { "b": [1] } }), &whole));
        assert!(!is_part_of(&json!({ "e": 5 }), &whole));
    }

    #[test]
    fn immutables_are_counted_in_the_order_of_the_compiler() {
        let here = json!({ "52719": [1], "997": [2], "52722": [3] });
        let elsewhere = json!({ "60001": [1], "60000": [2], "60002": [3] });
        assert_eq!(numbered(&here), json!({ "00": [2], "01": [1], "02": [3] }));
        assert_eq!(numbered(&here), numbered(&elsewhere));
        assert_eq!(numbered(&Value::Null), json!({}));
    }
}
