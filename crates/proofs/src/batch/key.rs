use core::fmt;
use std::io::{Read, Write};

use annona_circuits::{Assignment, Circuit, R1cs, Row, trial};
use annona_core::{B256, FieldError, ProofPoints, keccak256};
use annona_groth16::{Constraints, FileError, KeyPoints, Prover, ProverError};
use ark_bn254::{Bn254, Fr};
use ark_ff::UniformRand;
use ark_groth16::Groth16;
use ark_relations::gr1cs::{Matrix, SynthesisError};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, SerializationError};
use rand_chacha_03::ChaCha20Rng;
use rand_core::CryptoRng;
use rand_core_06::SeedableRng;
use semaphore_rs_ark_circom::CircomReduction;

use crate::{KeyError, VerifyingKey};
use annona_prover::to_points;

/// snarkjs' way from rows to polynomials: the only one that a ceremony's key fits.
type System = Groth16<Bn254, CircomReduction>;

/// Domain of the seed of test keys. Anybody who knows it can forge every proof.
const TEST_SEED: &str = "annona.unsafe-test-key.v1";

/// Origin of a key: the place of the secrets behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    /// In this repository: anybody can forge a proof.
    UnsafeTest,
    /// Destroyed, if one contributor of the ceremony was honest.
    Ceremony,
}

impl KeyOrigin {
    /// Returns its name in files and lists.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnsafeTest => "UNSAFE-TEST",
            Self::Ceremony => "ceremony",
        }
    }
}

/// Reason why a key does not serve a circuit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BatchKeyError {
    /// The verifying key would accept anything.
    #[error("the verifying key is not fit for use")]
    Unfit(#[from] KeyError),
    /// The bytes are not a key.
    #[error("the bytes are not a Groth16 proving key over BN254")]
    Unreadable(#[from] SerializationError),
    /// The key has another shape than the circuit.
    #[error("the key is for another circuit: {part} has {actual} entries and not {expected}")]
    OtherCircuit {
        /// Name of the part that differs.
        part: &'static str,
        /// Number of entries that the circuit asks for.
        expected: usize,
        /// Number of entries that the key has.
        actual: usize,
    },
    /// The key was made from other rows.
    #[error("the key is for another circuit: its row {row} differs")]
    OtherRow {
        /// The first row that differs.
        row: usize,
    },
    /// A proof under the key does not verify under it.
    #[error(
        "a true statement cannot be proved with the key: it is damaged, or for another circuit"
    )]
    TrialFailed,
    /// The key generator refused.
    #[error("no key can be made for the circuit")]
    Generator(#[from] SynthesisError),
    /// The prover refused the key or the assignment.
    #[error("the Groth16 prover refused")]
    Prover(#[from] ProverError),
    /// The bytes are not those of a prover.
    #[error("the bytes are not those of a Groth16 prover")]
    File(#[from] FileError),
    /// The prover returned a coordinate outside the base field.
    #[error("the prover returned a malformed point")]
    Malformed(#[from] FieldError),
}

/// A key, and the prover of the rows it is for.
#[derive(Clone)]
pub struct ProvingKey {
    key: ark_groth16::ProvingKey<Bn254>,
    verifying: VerifyingKey,
    prover: Prover,
    origin: KeyOrigin,
}

impl fmt::Debug for ProvingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProvingKey")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl ProvingKey {
    /// Makes the **unsafe** test key of `circuit`: always the same for the same rows, its
    /// secrets known to everybody who reads this repository.
    ///
    /// # Errors
    /// [`BatchKeyError::Generator`].
    pub fn unsafe_test<C: Circuit>(circuit: &C) -> Result<Self, BatchKeyError> {
        let rows = R1cs::of(circuit);
        let mut rng = ChaCha20Rng::from_seed(keccak256(TEST_SEED).0);
        let key = System::generate_random_parameters_with_reduction(&rows, &mut rng)?;
        Self::checked(circuit, &rows, key, KeyOrigin::UnsafeTest)
    }

    /// Takes the key of a ceremony, with the left and right factors that it was made from.
    ///
    /// # Errors
    /// [`BatchKeyError`] for a key that is unfit, or for another circuit.
    pub fn from_ceremony<C: Circuit>(
        circuit: &C,
        key: ark_groth16::ProvingKey<Bn254>,
        factors: &[Matrix<Fr>; 2],
    ) -> Result<Self, BatchKeyError> {
        let rows = R1cs::of(circuit);
        for (ours, theirs) in [&rows.a, &rows.b].into_iter().zip(factors) {
            same_rows(ours, theirs)?;
        }
        Self::checked(circuit, &rows, key, KeyOrigin::Ceremony)
    }

    /// Reads what [`Self::write`] wrote. The caller vouches for the bytes with a
    /// checksum: the points are not checked one by one, which would take minutes.
    ///
    /// # Errors
    /// [`BatchKeyError`] for a key that is unfit, or for another circuit.
    pub fn read<C: Circuit>(
        circuit: &C,
        origin: KeyOrigin,
        from: impl Read,
    ) -> Result<Self, BatchKeyError> {
        let key = ark_groth16::ProvingKey::deserialize_uncompressed_unchecked(from)?;
        Self::checked(circuit, &R1cs::of(circuit), key, origin)
    }

    /// Writes the key in arkworks' uncompressed form.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: impl Write) -> Result<(), SerializationError> {
        self.key.serialize_uncompressed(out)
    }

    /// Returns the place of its secrets.
    #[must_use]
    pub const fn origin(&self) -> KeyOrigin {
        self.origin
    }

    /// Returns the verifying key of this key.
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Returns the hash of the verifying key.
    #[must_use]
    pub fn hash(&self) -> B256 {
        self.verifying.hash()
    }

    fn checked<C: Circuit>(
        circuit: &C,
        rows: &R1cs,
        key: ark_groth16::ProvingKey<Bn254>,
        origin: KeyOrigin,
    ) -> Result<Self, BatchKeyError> {
        check_shape(rows, &key)?;
        let checked = Self {
            verifying: VerifyingKey::try_from(key.vk.clone())?,
            prover: prover(rows, &key)?,
            key,
            origin,
        };
        checked.try_out(&trial(circuit))?;
        Ok(checked)
    }

    /// Proves and verifies an assignment that is known to be satisfied. It finds a
    /// key whose products are those of other rows, which no other check can see.
    fn try_out(&self, assignment: &Assignment) -> Result<(), BatchKeyError> {
        // Blinding is of no use here: the statement is public.
        let proof = self
            .prover
            .prove(assignment.values(), Fr::from(1), Fr::from(1))?;
        let proof = ark_groth16::Proof {
            a: proof.a,
            b: proof.b,
            c: proof.c,
        };
        let prepared = ark_groth16::prepare_verifying_key(self.verifying.as_ark());
        match Groth16::<Bn254>::verify_proof(&prepared, &proof, assignment.public_inputs()) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(BatchKeyError::TrialFailed),
        }
    }

    /// Makes a proof of `assignment`. It verifies if the assignment satisfies every row.
    ///
    /// # Errors
    /// [`BatchKeyError::Prover`], [`BatchKeyError::Malformed`].
    pub fn prove(
        &self,
        assignment: &Assignment,
        rng: &mut impl CryptoRng,
    ) -> Result<ProofPoints, BatchKeyError> {
        prove_with(&self.prover, assignment, rng)
    }

    /// Returns the parts that are left when the key itself is given up.
    pub(crate) fn into_parts(self) -> (VerifyingKey, Prover, KeyOrigin) {
        (self.verifying, self.prover, self.origin)
    }
}

/// Proves `assignment` with fresh blinding factors.
pub(crate) fn prove_with(
    prover: &Prover,
    assignment: &Assignment,
    rng: &mut impl CryptoRng,
) -> Result<ProofPoints, BatchKeyError> {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    let mut rng = ChaCha20Rng::from_seed(seed);
    let (r, s) = (Fr::rand(&mut rng), Fr::rand(&mut rng));
    let proof = prover.prove(assignment.values(), r, s)?;
    Ok(to_points(&proof)?)
}

fn prover(rows: &R1cs, key: &ark_groth16::ProvingKey<Bn254>) -> Result<Prover, ProverError> {
    let points = KeyPoints::from(key);
    let constraints = Constraints {
        a: &rows.a,
        b: &rows.b,
        input_count: rows.public_count,
    };
    Prover::new(&points, &constraints)
}

fn check_shape(rows: &R1cs, key: &ark_groth16::ProvingKey<Bn254>) -> Result<(), BatchKeyError> {
    let (public, variables) = (rows.public_count, rows.variable_count);
    let domain = (rows.constraint_count() + public).next_power_of_two();
    for (part, expected, actual) in [
        ("the public inputs", public, key.vk.gamma_abc_g1.len()),
        ("query a", variables, key.a_query.len()),
        ("query b in G1", variables, key.b_g1_query.len()),
        ("query b in G2", variables, key.b_g2_query.len()),
        ("query l", variables - public, key.l_query.len()),
        ("query h", domain, key.h_query.len()),
    ] {
        if expected != actual {
            return Err(BatchKeyError::OtherCircuit {
                part,
                expected,
                actual,
            });
        }
    }
    Ok(())
}

/// Checks that the rows say the same, in whatever order within a row (CIRC-7).
fn same_rows(ours: &[Row], theirs: &[Row]) -> Result<(), BatchKeyError> {
    if ours.len() != theirs.len() {
        return Err(BatchKeyError::OtherCircuit {
            part: "the rows",
            expected: ours.len(),
            actual: theirs.len(),
        });
    }
    let sorted = |row: &Row| {
        let mut row = row.clone();
        row.sort_by_key(|(_, variable)| *variable);
        row
    };
    let differs = |(ours, theirs): (&Row, &Row)| sorted(ours) != sorted(theirs);
    match ours.iter().zip(theirs).position(differs) {
        Some(row) => Err(BatchKeyError::OtherRow { row }),
        None => Ok(()),
    }
}
