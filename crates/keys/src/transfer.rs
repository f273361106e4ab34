use std::io::{self, Read, Write};

use annona_circuits::{Circuit, R1cs, trial, write_r1cs, write_wtns};
use annona_proofs::{BatchKeyError, ProvingKey};
use ark_bn254::Bn254;
use taceo_circom_types::groth16::Zkey;
use taceo_circom_types::{CheckElement, ZkeyParserError};

/// Reason why a ceremony's key was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file is not a zkey over BN254, or a point in it is in no group.
    #[error("the file is not a Groth16 zkey over BN254")]
    NotAZkey(#[from] ZkeyParserError),
    /// The key does not serve the circuit.
    #[error("the key does not serve this circuit")]
    Unfit(#[from] BatchKeyError),
}

/// Writes the files that a ceremony needs: the rows as `.r1cs`, and for a rehearsal the
/// values of a statement that says nothing as `.wtns`.
///
/// # Errors
/// Those of the two writers.
pub fn write_ceremony_files<C: Circuit>(
    circuit: &C,
    r1cs: &mut impl Write,
    wtns: Option<&mut dyn Write>,
) -> io::Result<()> {
    write_r1cs(&R1cs::of(circuit), r1cs)?;
    r1cs.flush()?;
    if let Some(mut wtns) = wtns {
        write_wtns(&trial(circuit), &mut wtns)?;
        wtns.flush()?;
    }
    Ok(())
}

/// Takes the key of a phase-2 ceremony of snarkjs for `circuit`. Every point is checked.
///
/// It cannot tell whether the contributions are as their transcript says:
/// `snarkjs zkey verify` does, and comes first.
///
/// # Errors
/// [`ImportError`] for a file that is no key, for a key without a contribution
/// or with the point at infinity in its verifying key, and for another circuit's.
pub fn import_zkey<C: Circuit>(circuit: &C, from: impl Read) -> Result<ProvingKey, ImportError> {
    let zkey = Zkey::<Bn254>::from_reader(from, CheckElement::Yes)?;
    let key = ark_groth16::ProvingKey {
        vk: ark_groth16::VerifyingKey {
            alpha_g1: zkey.alpha_g1,
            beta_g2: zkey.beta_g2,
            gamma_g2: zkey.gamma_g2,
            delta_g2: zkey.delta_g2,
            gamma_abc_g1: zkey.ic,
        },
        beta_g1: zkey.beta_g1,
        delta_g1: zkey.delta_g1,
        a_query: zkey.a_query,
        b_g1_query: zkey.b_g1_query,
        b_g2_query: zkey.b_g2_query,
        h_query: zkey.h_query,
        l_query: zkey.l_query,
    };
    let factors = [zkey.a_matrix, zkey.b_matrix];
    Ok(ProvingKey::from_ceremony(circuit, key, &factors)?)
}
