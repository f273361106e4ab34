use std::sync::LazyLock;

use ark_bn254::Fr;
use ark_crypto_primitives::sponge::poseidon::find_poseidon_ark_and_mds;
use ark_ff::{AdditiveGroup, Field, PrimeField};

/// Full rounds, half of them before the partial ones.
pub(crate) const FULL_ROUNDS: usize = 8;

/// Width 3: a node of the tree.
pub(crate) static PAIR: LazyLock<Parameters> = LazyLock::new(|| Parameters::new(3, 57));

/// Width 17: the sponge.
pub(crate) static WIDE: LazyLock<Parameters> = LazyLock::new(|| Parameters::new(17, 68));

type Matrix = Vec<Vec<Fr>>;

/// The constants of one width.
///
/// The partial rounds are in the sparse form of the Poseidon paper (appendix B).
/// With the round matrix `[[m, v], [w, M]]`, the elements behind the first are
/// kept as `M^-k` times themselves in partial round `k`: a round then adds a
/// multiple of the power to each of them, and only the first needs a full row.
pub(crate) struct Parameters {
    /// Round constants of the full rounds before the partial ones.
    pub(crate) first_rounds: Matrix,
    /// Round constants of the full rounds after them.
    pub(crate) last_rounds: Matrix,
    /// The round matrix.
    pub(crate) matrix: Matrix,
    /// The partial rounds.
    pub(crate) partial_rounds: Vec<PartialRound>,
    /// `m`.
    pub(crate) corner: Fr,
    /// `1 / m`.
    pub(crate) corner_inverse: Fr,
    /// `M^(partial rounds)`: back to the elements themselves.
    pub(crate) carried_matrix: Matrix,
}

/// The constants of partial round `k`.
pub(crate) struct PartialRound {
    /// Added to the first element.
    pub(crate) first_constant: Fr,
    /// Added to the others: `M^-k` times their round constants.
    pub(crate) rest_constants: Vec<Fr>,
    /// `v M^k`.
    pub(crate) row: Vec<Fr>,
    /// `M^-(k+1) w`.
    pub(crate) column: Vec<Fr>,
}

impl Parameters {
    fn new(width: usize, partial: usize) -> Self {
        let (constants, matrix) = find_poseidon_ark_and_mds::<Fr>(
            u64::from(Fr::MODULUS_BIT_SIZE),
            width - 1,
            FULL_ROUNDS as u64,
            partial as u64,
            0,
        );
        let half = FULL_ROUNDS / 2;
        let inner: Matrix = matrix[1..].iter().map(|row| row[1..].to_vec()).collect();
        let w: Vec<Fr> = matrix[1..].iter().map(|row| row[0]).collect();
        let inner_inverse = inverse(&inner);
        let (mut power, mut power_inverse) = (identity(width - 1), identity(width - 1));
        let mut partial_rounds = Vec::with_capacity(partial);
        for round in &constants[half..half + partial] {
            let rest_constants = apply(&power_inverse, &round[1..]);
            let row = apply(&transpose(&power), &matrix[0][1..]);
            power = product(&power, &inner);
            power_inverse = product(&power_inverse, &inner_inverse);
            partial_rounds.push(PartialRound {
                first_constant: round[0],
                rest_constants,
                row,
                column: apply(&power_inverse, &w),
            });
        }
        let corner = matrix[0][0];
        Self {
            first_rounds: constants[..half].to_vec(),
            last_rounds: constants[half + partial..].to_vec(),
            corner,
            corner_inverse: corner.inverse().expect("no entry of a Cauchy matrix is 0"),
            matrix,
            partial_rounds,
            carried_matrix: power,
        }
    }
}

fn identity(size: usize) -> Matrix {
    let entry = |row, column| if row == column { Fr::ONE } else { Fr::ZERO };
    (0..size)
        .map(|row| (0..size).map(|column| entry(row, column)).collect())
        .collect()
}

fn transpose(matrix: &Matrix) -> Matrix {
    (0..matrix.len())
        .map(|column| matrix.iter().map(|row| row[column]).collect())
        .collect()
}

fn apply(matrix: &Matrix, vector: &[Fr]) -> Vec<Fr> {
    matrix
        .iter()
        .map(|row| row.iter().zip(vector).map(|(m, v)| *m * v).sum())
        .collect()
}

fn product(left: &Matrix, right: &Matrix) -> Matrix {
    let columns = transpose(right);
    left.iter().map(|row| apply(&columns, row)).collect()
}

/// By Gauss and Jordan. Every square block of a Cauchy matrix can be inverted.
fn inverse(matrix: &Matrix) -> Matrix {
    let size = matrix.len();
    let mut rows: Matrix = matrix
        .iter()
        .zip(identity(size))
        .map(|(row, unit)| row.iter().copied().chain(unit).collect())
        .collect();
    for pivot in 0..size {
        let found = (pivot..size).find(|row| rows[*row][pivot] != Fr::ZERO);
        rows.swap(pivot, found.expect("the block can be inverted"));
        let scale = rows[pivot][pivot].inverse().expect("a pivot is not 0");
        for entry in &mut rows[pivot] {
            *entry *= scale;
        }
        let pivot_row = rows[pivot].clone();
        for (at, row) in rows.iter_mut().enumerate() {
            let factor = row[pivot];
            if at == pivot || factor == Fr::ZERO {
                continue;
            }
            for (entry, above) in row.iter_mut().zip(&pivot_row) {
                *entry -= factor * above;
            }
        }
    }
    rows.into_iter().map(|row| row[size..].to_vec()).collect()
}
