use std::io::{self, Write};

use ark_bn254::Fr;
use ark_ff::{BigInteger, PrimeField};

use crate::r1cs::{R1cs, Row};
use crate::values::Assignment;

/// Bytes of a field element in these files.
const FIELD_BYTES: u32 = 32;

/// Writes the rows as iden3's binary file `.r1cs`, version 1, which snarkjs reads.
/// The public inputs are public inputs there, not outputs.
///
/// # Errors
/// Those of `out`, and a count that does not fit the format.
pub fn write_r1cs(rows: &R1cs, out: &mut impl Write) -> io::Result<()> {
    let variables = fitting(rows.variable_count)?;
    let public = fitting(rows.public_count - 1)?;
    out.write_all(b"r1cs")?;
    words(out, &[1, 3])?;

    section(out, 1, 32 + u64::from(FIELD_BYTES))?;
    words(out, &[FIELD_BYTES])?;
    out.write_all(&Fr::MODULUS.to_bytes_le())?;
    words(out, &[variables, 0, public, variables - public - 1])?;
    out.write_all(&u64::from(variables).to_le_bytes())?;
    words(out, &[fitting(rows.constraint_count())?])?;

    section(out, 2, constraint_bytes(rows))?;
    for ((a, b), c) in rows.a.iter().zip(&rows.b).zip(&rows.c) {
        for row in [a, b, c] {
            write_row(out, row)?;
        }
    }

    section(out, 3, 8 * u64::from(variables))?;
    for label in 0..u64::from(variables) {
        out.write_all(&label.to_le_bytes())?;
    }
    Ok(())
}

/// Writes the values as iden3's binary file `.wtns`, version 2.
///
/// # Errors
/// Those of `out`, and a count that does not fit the format.
pub fn write_wtns(assignment: &Assignment, out: &mut impl Write) -> io::Result<()> {
    let values = assignment.values();
    out.write_all(b"wtns")?;
    words(out, &[2, 2])?;
    section(out, 1, 8 + u64::from(FIELD_BYTES))?;
    words(out, &[FIELD_BYTES])?;
    out.write_all(&Fr::MODULUS.to_bytes_le())?;
    words(out, &[fitting(values.len())?])?;
    section(out, 2, u64::from(FIELD_BYTES) * values.len() as u64)?;
    for value in values {
        out.write_all(&value.into_bigint().to_bytes_le())?;
    }
    Ok(())
}

fn write_row(out: &mut impl Write, row: &Row) -> io::Result<()> {
    words(out, &[fitting(row.len())?])?;
    for (factor, variable) in row {
        words(out, &[fitting(*variable)?])?;
        out.write_all(&factor.into_bigint().to_bytes_le())?;
    }
    Ok(())
}

fn constraint_bytes(rows: &R1cs) -> u64 {
    let all = [&rows.a, &rows.b, &rows.c].into_iter().flatten();
    let entry = u64::from(4 + FIELD_BYTES);
    all.map(|row| 4 + entry * row.len() as u64).sum()
}

fn section(out: &mut impl Write, kind: u32, bytes: u64) -> io::Result<()> {
    words(out, &[kind])?;
    out.write_all(&bytes.to_le_bytes())
}

fn words(out: &mut impl Write, words: &[u32]) -> io::Result<()> {
    words
        .iter()
        .try_for_each(|word| out.write_all(&word.to_le_bytes()))
}

fn fitting(count: usize) -> io::Result<u32> {
    u32::try_from(count).map_err(io::Error::other)
}
