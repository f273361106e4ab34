//! The claim circuit's key and an assignment as snarkjs reads them (`.zkey`, `.wtns`), and the
//! same statement for this project's module: both prove the same.
//!
//! The forms are those that snarkjs 0.7 writes (its `zkey_new.js` and `wtns_utils.js`): sections
//! of a number in 4 bytes, a length in 8, and the data; little-endian throughout.

use std::path::Path;

use annona_core::{Address, AmountWei, ClaimScope, Epoch, Payment};
use annona_proofs::{Identity, prove_claim};
use annona_tree::{InclusionProof, MembershipTree};
use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ff::{BigInteger, Field, PrimeField};
use rand::CryptoRng;
use semaphore_rs_trees::Branch;
use serde_json::{Value, json};

/// Reads the proving key that `semaphore-rs` carries, and writes `semaphore.zkey`, `claim.wtns`
/// and `claim.bin` to `folder`. The last is the argument of
/// the module's call that begins the claim, with one share.
pub(crate) fn statement(
    proving_key: &Path,
    folder: &Path,
    rng: &mut impl CryptoRng,
) -> anyhow::Result<Value> {
    let secret = [3; 32];
    let identity = Identity::from_secret(secret);
    let mut members = MembershipTree::default();
    let others: Vec<_> = (0..100)
        .map(|_| Identity::generate(rng).commitment())
        .collect();
    members.append(&others)?;
    members.append(&[identity.commitment()])?;
    let place = members.leaf_index(identity.commitment());
    let path = members.current().proof(place.expect("appended"));
    let scope = ClaimScope {
        chain_id: 31_337,
        distributor: Address::repeat_byte(1),
    };
    let payment = Payment {
        recipient: Address::repeat_byte(2),
        fee_recipient: Address::ZERO,
        fee: AmountWei::ZERO,
    };
    let epoch = Epoch(7);
    let proof = prove_claim(&identity, &path, &scope, epoch, &payment, rng)?;
    let branches = path.siblings.iter().enumerate().map(|(level, sibling)| {
        let sibling = sibling.to_u256();
        if path.turns_right(level) {
            Branch::Right(sibling)
        } else {
            Branch::Left(sibling)
        }
    });
    let assignment = semaphore_rs::protocol::generate_witness(
        &semaphore_rs::identity::Identity::from_secret(&mut secret.clone(), None),
        &semaphore_rs_trees::InclusionProof(branches.collect()),
        proof.inputs.external_nullifier.to_field().to_u256(),
        proof.inputs.signal.to_field().to_u256(),
    );
    let proving_key = std::fs::read(proving_key)?;
    std::fs::write(folder.join("semaphore.zkey"), key_file(&proving_key)?)?;
    std::fs::write(folder.join("claim.wtns"), assignment_file(&assignment))?;
    let argument = argument(
        &secret,
        &scope,
        epoch,
        &payment,
        &path,
        members.root().to_be_bytes(),
    );
    std::fs::write(folder.join("claim.bin"), argument)?;
    Ok(json!({
        "signals": proof.inputs.to_fields().map(|field| field.to_u256().to_string()),
    }))
}

fn argument(
    secret: &[u8; 32],
    scope: &ClaimScope,
    epoch: Epoch,
    payment: &Payment,
    path: &InclusionProof,
    root: [u8; 32],
) -> Vec<u8> {
    let mut bytes = secret.to_vec();
    bytes.extend(scope.chain_id.to_be_bytes());
    bytes.extend(scope.distributor);
    bytes.extend(epoch.0.to_be_bytes());
    bytes.extend(payment.recipient);
    bytes.extend(payment.fee_recipient);
    bytes.extend(payment.fee.0.to_be_bytes::<32>());
    bytes.extend(path.leaf_index.get().to_be_bytes());
    bytes.extend(path.siblings.iter().flat_map(|node| node.to_be_bytes()));
    bytes.extend(root);
    // Randomness: the page of the measurement draws its own.
    bytes.extend([9; 32]);
    bytes.push(1);
    bytes
}

/// File of sections.
struct Sections {
    bytes: Vec<u8>,
}

impl Sections {
    fn new(magic: [u8; 4], version: u32, count: u32) -> Self {
        let mut bytes = magic.to_vec();
        bytes.extend(version.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        Self { bytes }
    }

    fn add(&mut self, number: u32, data: &[u8]) {
        self.bytes.extend(number.to_le_bytes());
        self.bytes.extend((data.len() as u64).to_le_bytes());
        self.bytes.extend(data);
    }
}

fn key_file(proving_key: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (key, matrices) = semaphore_rs_ark_zkey::read_arkzkey_from_bytes(proving_key)
        .map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let inputs = matrices.num_instance_variables;
    let mut header = field_header(Fq::MODULUS.to_bytes_le());
    header.extend(field_header(Fr::MODULUS.to_bytes_le()));
    for count in [key.a_query.len(), inputs - 1, key.h_query.len()] {
        header.extend((count as u32).to_le_bytes());
    }
    header.extend(g1(&key.vk.alpha_g1));
    header.extend(g1(&key.beta_g1));
    header.extend(g2(&key.vk.beta_g2));
    header.extend(g2(&key.vk.gamma_g2));
    header.extend(g1(&key.delta_g1));
    header.extend(g2(&key.vk.delta_g2));

    // Twice in Montgomery form, so that a product with a plain number is in it once.
    let factor = Fr::from(2).pow([256]);
    let mut terms = Vec::new();
    for (side, rows) in matrices.matrices.iter().take(2).enumerate() {
        for (row, terms_of_row) in rows.iter().enumerate() {
            for (value, variable) in terms_of_row {
                terms.push((side, row, *variable, *value));
            }
        }
    }
    let rows = matrices.num_constraints;
    terms.extend((0..inputs).map(|input| (0, rows + input, input, Fr::ONE)));
    let mut coefficients = (terms.len() as u32).to_le_bytes().to_vec();
    for (side, row, variable, value) in terms {
        for number in [side, row, variable] {
            coefficients.extend((number as u32).to_le_bytes());
        }
        coefficients.extend(words((value * factor).0.0));
    }

    let mut file = Sections::new(*b"zkey", 1, 10);
    file.add(1, &1_u32.to_le_bytes());
    file.add(2, &header);
    file.add(3, &all(&key.vk.gamma_abc_g1, g1));
    file.add(4, &coefficients);
    file.add(5, &all(&key.a_query, g1));
    file.add(6, &all(&key.b_g1_query, g1));
    file.add(7, &all(&key.b_g2_query, g2));
    file.add(8, &all(&key.l_query, g1));
    file.add(9, &all(&key.h_query, g1));
    // No contributions are listed, and no hash of the circuit.
    file.add(10, &[0; 68]);
    Ok(file.bytes)
}

fn assignment_file(assignment: &[Fr]) -> Vec<u8> {
    let mut header = field_header(Fr::MODULUS.to_bytes_le());
    header.extend((assignment.len() as u32).to_le_bytes());
    let mut file = Sections::new(*b"wtns", 2, 2);
    file.add(1, &header);
    let plain = |value: &Fr| words(value.into_bigint().0).collect::<Vec<_>>();
    file.add(2, &all(assignment, plain));
    file.bytes
}

fn field_header(modulus: Vec<u8>) -> Vec<u8> {
    let mut header = (modulus.len() as u32).to_le_bytes().to_vec();
    header.extend(modulus);
    header
}

fn all<T, I: IntoIterator<Item = u8>>(items: &[T], bytes: impl Fn(&T) -> I) -> Vec<u8> {
    items.iter().flat_map(bytes).collect()
}

fn words(words: [u64; 4]) -> impl Iterator<Item = u8> {
    words.into_iter().flat_map(u64::to_le_bytes)
}

/// Coordinates in Montgomery form; zeros are the point at infinity.
fn g1(point: &G1Affine) -> Vec<u8> {
    [point.x, point.y]
        .iter()
        .flat_map(|it| words(it.0.0))
        .collect()
}

fn g2(point: &G2Affine) -> Vec<u8> {
    [point.x.c0, point.x.c1, point.y.c0, point.y.c1]
        .iter()
        .flat_map(|it| words(it.0.0))
        .collect()
}
