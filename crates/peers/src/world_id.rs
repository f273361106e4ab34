//! Test data of `worldcoin/world-id-contracts`, compared with this project's key, tree and
//! verifying.

use std::path::Path;

use annona_core::{FieldElement, LeafIndex, U256};
use annona_proofs::VerifyingKey;
use annona_tree::{MembershipTree, hash_pair};
use anyhow::{Context, ensure};
use ark_bn254::{Bn254, Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ff::PrimeField;
use ark_groth16::{Groth16, Proof};
use serde_json::{Value, json};

/// Depth of the trees in the test data.
const DEPTH: usize = 16;

/// Compares all files; returns the number of values that agree in each.
///
/// # Errors
/// The first file that cannot be read or does not agree.
pub(crate) fn compare(folder: &Path) -> anyhow::Result<Value> {
    let text = |name: &str| {
        let path = folder.join("src").join(name);
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let data = |name: &str| -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&text(&format!("test/data/{name}"))?)?)
    };
    let keys = [
        key(&data("semaphore_30.json")?)?,
        key_in_solidity(&text("SemaphoreVerifier.sol")?)?,
    ];
    for theirs in &keys {
        same_key(theirs)?;
    }
    let [key_30, _] = &keys;
    let key_16 = key_in_solidity(&text("test/SemaphoreVerifier16.sol")?)?;
    proof_of_depth_16(&data("InclusionProof.json")?, &key_16, key_30)?;
    let inserted = insertion(&data("TestInsertionParams.json")?)?;
    let deleted = deletion(&data("TestDeletionParams.json")?)?;
    Ok(json!({
        "equalKeys": keys.len(),
        "shallowProofsRefused": 1,
        "insertions": inserted,
        "deletions": deleted,
    }))
}

type ArkKey = ark_groth16::VerifyingKey<Bn254>;

/// World's key is the one in this project.
fn same_key(theirs: &ArkKey) -> anyhow::Result<()> {
    let theirs = VerifyingKey::try_from(theirs.clone())?;
    ensure!(
        theirs.to_words() == VerifyingKey::semaphore_30().to_words(),
        "World's verifying key is another one"
    );
    Ok(())
}

/// A true proof about a tree of depth 16 is refused under the key for depth 30 (CLAIM-7).
fn proof_of_depth_16(theirs: &Value, key_16: &ArkKey, key_30: &ArkKey) -> anyhow::Result<()> {
    let inputs = [
        "root",
        "nullifier_hash",
        "signal_hash",
        "external_nullifier_hash",
    ];
    let inputs: Vec<Fr> = inputs
        .into_iter()
        .map(|name| {
            Ok(Fr::from_be_bytes_mod_order(
                &number(&theirs[name])?.to_be_bytes::<32>(),
            ))
        })
        .collect::<anyhow::Result<_>>()?;
    let parts = &theirs["proof"];
    let proof = Proof::<Bn254> {
        a: g1(&parts[0])?,
        // The order of the EVM: the imaginary part comes first.
        b: G2Affine::new(
            Fq2::new(base(&parts[1][0][1])?, base(&parts[1][0][0])?),
            Fq2::new(base(&parts[1][1][1])?, base(&parts[1][1][0])?),
        ),
        c: g1(&parts[2])?,
    };
    let holds = |key: &ArkKey| {
        Groth16::<Bn254>::verify_proof(&ark_groth16::prepare_verifying_key(key), &proof, &inputs)
    };
    ensure!(
        holds(key_16)?,
        "the proof of depth 16 does not hold under its own key"
    );
    ensure!(
        !holds(key_30)?,
        "a proof of depth 16 is taken under the key for depth 30"
    );
    Ok(())
}

/// Appending World's commitments gives World's roots: along each path, and in this project's
/// tree at level 16.
fn insertion(theirs: &Value) -> anyhow::Result<usize> {
    let start = theirs["startIndex"].as_u64().context("no start index")?;
    let leaves = fields(&theirs["identityCommitments"])?;
    let mut root = field(&theirs["preRoot"])?;
    for (number, leaf) in leaves.iter().enumerate() {
        let siblings = path(&theirs["merkleProofs"][number])?;
        let index = start + number as u64;
        let before = climb(index, FieldElement::default(), &siblings);
        ensure!(before == root, "leaf {index} is not empty before");
        root = climb(index, *leaf, &siblings);
    }
    ensure!(root == field(&theirs["postRoot"])?, "another root after");
    let commitments = leaves.iter().map(|leaf| leaf.to_u256().try_into());
    let commitments: Vec<_> = commitments.collect::<Result<_, _>>()?;
    let mut tree = MembershipTree::default();
    tree.append(&commitments)?;
    let siblings = tree.current().proof(LeafIndex::try_from(0)?).siblings;
    let at_level_16 = climb(0, leaves[0], &siblings[..DEPTH]);
    ensure!(
        start != 0 || at_level_16 == root,
        "another node at level 16"
    );
    Ok(leaves.len())
}

/// Emptying World's leaves gives World's roots.
fn deletion(theirs: &Value) -> anyhow::Result<usize> {
    let leaves = fields(&theirs["identityCommitments"])?;
    let mut root = field(&theirs["preRoot"])?;
    for (number, leaf) in leaves.iter().enumerate() {
        let index = theirs["deletionIndices"][number]
            .as_u64()
            .context("no index")?;
        let siblings = path(&theirs["merkleProofs"][number])?;
        let before = climb(index, *leaf, &siblings);
        ensure!(before == root, "leaf {index} is not there before");
        root = climb(index, FieldElement::default(), &siblings);
    }
    ensure!(root == field(&theirs["postRoot"])?, "another root after");
    Ok(leaves.len())
}

/// The node above `leaf` at the level after the last sibling.
fn climb(index: u64, leaf: FieldElement, siblings: &[FieldElement]) -> FieldElement {
    siblings
        .iter()
        .enumerate()
        .fold(leaf, |node, (level, sibling)| {
            if (index >> level) & 1 == 1 {
                hash_pair(*sibling, node)
            } else {
                hash_pair(node, *sibling)
            }
        })
}

fn path(value: &Value) -> anyhow::Result<Vec<FieldElement>> {
    let siblings = fields(value)?;
    ensure!(siblings.len() == DEPTH, "a path of {}", siblings.len());
    Ok(siblings)
}

fn fields(value: &Value) -> anyhow::Result<Vec<FieldElement>> {
    let list = value.as_array().context("not a list")?;
    ensure!(!list.is_empty(), "an empty list");
    list.iter().map(field).collect()
}

fn field(value: &Value) -> anyhow::Result<FieldElement> {
    Ok(FieldElement::try_from(number(value)?)?)
}

/// Reads a number in decimal or, with `0x`, in hexadecimal digits.
fn number(value: &Value) -> anyhow::Result<U256> {
    let text = value.as_str().context("not a number")?;
    Ok(match text.strip_prefix("0x") {
        Some(digits) => U256::from_str_radix(digits, 16)?,
        None => U256::from_str_radix(text, 10)?,
    })
}

fn base(value: &Value) -> anyhow::Result<Fq> {
    Ok(Fq::from_be_bytes_mod_order(
        &number(value)?.to_be_bytes::<32>(),
    ))
}

fn g1(value: &Value) -> anyhow::Result<G1Affine> {
    Ok(G1Affine::new(base(&value[0])?, base(&value[1])?))
}

/// Reads a point of G2 as snarkjs writes it: the real part comes first.
fn g2(value: &Value) -> anyhow::Result<G2Affine> {
    Ok(G2Affine::new(
        Fq2::new(base(&value[0][0])?, base(&value[0][1])?),
        Fq2::new(base(&value[1][0])?, base(&value[1][1])?),
    ))
}

/// Reads a verifying key as snarkjs writes it.
fn key(value: &Value) -> anyhow::Result<ArkKey> {
    let points = value["IC"].as_array().context("a key without inputs")?;
    Ok(ArkKey {
        alpha_g1: g1(&value["vk_alpha_1"])?,
        beta_g2: g2(&value["vk_beta_2"])?,
        gamma_g2: g2(&value["vk_gamma_2"])?,
        delta_g2: g2(&value["vk_delta_2"])?,
        gamma_abc_g1: points.iter().map(g1).collect::<anyhow::Result<_>>()?,
    })
}

/// Reads the verifying key in the constants of a Solidity verifier, which holds the points of
/// G2 with their sign changed.
fn key_in_solidity(source: &str) -> anyhow::Result<ArkKey> {
    let constant = |name: &str| -> anyhow::Result<Fq> {
        let opening = format!("constant {name} =");
        let (_, rest) = source
            .split_once(&opening)
            .with_context(|| format!("no constant {name}"))?;
        let (digits, _) = rest.split_once(';').context("a constant without an end")?;
        base(&Value::from(digits.trim()))
    };
    let in_g1 = |name: &str| -> anyhow::Result<G1Affine> {
        Ok(G1Affine::new(
            constant(&format!("{name}_X"))?,
            constant(&format!("{name}_Y"))?,
        ))
    };
    let in_g2 = |name: &str| -> anyhow::Result<G2Affine> {
        let part = |axis: &str| -> anyhow::Result<Fq2> {
            Ok(Fq2::new(
                constant(&format!("{name}_NEG_{axis}_0"))?,
                constant(&format!("{name}_NEG_{axis}_1"))?,
            ))
        };
        Ok(-G2Affine::new(part("X")?, part("Y")?))
    };
    let inputs = ["CONSTANT", "PUB_0", "PUB_1", "PUB_2", "PUB_3"];
    Ok(ArkKey {
        alpha_g1: in_g1("ALPHA")?,
        beta_g2: in_g2("BETA")?,
        gamma_g2: in_g2("GAMMA")?,
        delta_g2: in_g2("DELTA")?,
        gamma_abc_g1: inputs
            .into_iter()
            .map(in_g1)
            .collect::<anyhow::Result<_>>()?,
    })
}
