use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use annona_circuits::{Append, Assignment, Revoke, assign, outputs};
use annona_keys::{ImportError, import_zkey, write_ceremony_files};
use annona_proofs::{BatchKeyError, KeyOrigin, ProvingKey};
use ark_bn254::Fr;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// 1,843 rows.
const CIRCUIT: Append = Append { depth: 2, batch: 2 };
const POWER: &str = "11";

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/js")
}

fn contracts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts")
}

/// Standard output of a command that succeeds.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}\n{errors}");
    said
}

fn node(script: &str, arguments: &[&str]) -> String {
    let mut command = Command::new("node");
    run(command.arg(scripts().join(script)).args(arguments))
}

/// Two leaves appended to a tree with one, at a point that stands for a challenge.
fn appended() -> Assignment {
    let frontier = [Fr::from(5), Fr::from(0)];
    let mut witness = annona_circuits::Circuit::blank(&CIRCUIT);
    witness.private = CIRCUIT.private(1, &frontier, &[Fr::from(6), Fr::from(7)]);
    witness.public.start_index = Fr::from(1);
    witness.public.x = Fr::from(12_345);
    let computed: [Fr; 4] = outputs(&CIRCUIT, &witness).try_into().unwrap();
    let public = &mut witness.public;
    [public.pre_root, public.post_root, public.digest, public.y] = computed;
    assign(&CIRCUIT, &witness)
}

fn import(folder: &Path, name: &str) -> Result<ProvingKey, ImportError> {
    import_zkey(&CIRCUIT, File::open(folder.join(name)).unwrap())
}

#[test]
fn a_key_goes_the_whole_way_from_rows_to_solidity() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut r1cs = File::create(path.join("circuit.r1cs")).unwrap();
    let mut wtns = File::create(path.join("circuit.wtns")).unwrap();
    write_ceremony_files(&CIRCUIT, &mut r1cs, Some(&mut wtns)).unwrap();
    node("ceremony.mjs", &[&path.to_string_lossy(), POWER]);

    // Before the first contribution anybody could forge.
    assert!(matches!(
        import(path, "0.zkey"),
        Err(ImportError::Unfit(BatchKeyError::Unfit(
            annona_proofs::KeyError::NoContribution
        )))
    ));
    for other in [Append { depth: 2, batch: 4 }, Append { depth: 3, batch: 2 }] {
        let zkey = File::open(path.join("final.zkey")).unwrap();
        let refused = import_zkey(&other, zkey).unwrap_err();
        assert!(matches!(
            refused,
            ImportError::Unfit(BatchKeyError::OtherCircuit { .. })
        ));
    }
    let zkey = File::open(path.join("final.zkey")).unwrap();
    assert!(import_zkey(&Revoke { depth: 2, batch: 1 }, zkey).is_err());
    let mut cut = fs::read(path.join("final.zkey")).unwrap();
    cut.truncate(cut.len() - 1);
    assert!(matches!(
        import_zkey(&CIRCUIT, cut.as_slice()),
        Err(ImportError::NotAZkey(_))
    ));

    let key = import(path, "final.zkey").unwrap();
    assert_eq!(key.origin(), KeyOrigin::Ceremony);
    let assignment = appended();
    let points = key
        .prove(&assignment, &mut ChaCha20Rng::seed_from_u64(1))
        .unwrap();
    let points: Vec<String> = points
        .coordinates()
        .iter()
        .map(ToString::to_string)
        .collect();
    let inputs: Vec<String> = assignment
        .public_inputs()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(snarkjs_accepts(path, &points, &inputs));
    solidity_accepts(path, &points, &inputs);
    let mut other = inputs;
    other[1] = "1".to_owned();
    assert!(!snarkjs_accepts(path, &points, &other));
}

fn snarkjs_accepts(folder: &Path, points: &[String], inputs: &[String]) -> bool {
    let document = serde_json::json!({ "points": points, "inputs": inputs });
    fs::write(folder.join("proof.json"), document.to_string()).unwrap();
    let said = node("verify.mjs", &[&folder.to_string_lossy()]);
    let said: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    said["accepted"].as_bool().unwrap()
}

/// Runs the verifier that snarkjs writes under forge.
fn solidity_accepts(folder: &Path, points: &[String], inputs: &[String]) {
    let tools = contracts().canonicalize().unwrap();
    let project = folder.join("solidity");
    fs::create_dir_all(project.join("src")).unwrap();
    fs::create_dir_all(project.join("test")).unwrap();
    fs::copy(
        folder.join("verifier.sol"),
        project.join("src/Verifier.sol"),
    )
    .unwrap();
    let solc = tools.join("tools/solc.mjs");
    let settings = format!(
        "[profile.default]\nsolc = {:?}\noffline = true\n",
        solc.to_string_lossy()
    );
    fs::write(project.join("foundry.toml"), settings).unwrap();
    let mut other = inputs.to_vec();
    other[1] = "1".to_owned();
    let (accepted, refused) = (call(points, inputs), call(points, &other));
    let test = format!(
        r#"// SPDX-License-Identifier: MIT
pragma solidity >=0.8.0;
import {{Groth16Verifier}} from "../src/Verifier.sol";
contract CeremonyTest {{
    function testAcceptsTheProof() public {{ require({accepted}); }}
    function testRefusesAnother() public {{ require(!{refused}); }}
}}
"#
    );
    fs::write(project.join("test/Ceremony.t.sol"), test).unwrap();
    let said = run(Command::new(tools.join("node_modules/.bin/forge"))
        .args(["test", "--offline"])
        .current_dir(&project));
    assert!(said.contains("2 passed; 0 failed"), "{said}");
}

/// The call of snarkjs' verifier contract.
fn call(points: &[String], inputs: &[String]) -> String {
    let array = |words: &[String]| format!("[uint256({}), {}]", words[0], words[1..].join(", "));
    format!(
        "new Groth16Verifier().verifyProof({}, [{}, {}], {}, {})",
        array(&points[..2]),
        array(&points[2..4]),
        array(&points[4..6]),
        array(&points[6..]),
        array(inputs),
    )
}
