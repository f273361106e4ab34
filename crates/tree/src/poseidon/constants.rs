//! The numbers of the fast form, derived from the published ones.

use annona_core::U256;
use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, BigInt, Field, PrimeField};
use semaphore_rs_poseidon::constants::{C, M};

/// Lanes of the state.
const WIDTH: usize = 3;
/// Full rounds before the partial ones, and as many after them.
const HALF_FULL_ROUNDS: usize = 4;
/// Rounds with one S-box.
const PARTIAL_ROUNDS: usize = 57;
/// The first full round after the partial ones.
const SECOND_HALF: usize = HALF_FULL_ROUNDS + PARTIAL_ROUNDS;

/// A linear form: `offset` and the products of `coefficients` with as many numbers.
#[derive(Debug)]
pub(super) struct Form<T, const N: usize> {
    /// Multiplied by the radix twice, because the sum with the products is divided by it.
    pub(super) offset: T,
    /// In Montgomery's form, but for those of the output.
    pub(super) coefficients: [T; N],
}

/// Montgomery's radix, and how a reduced number is written for an arithmetic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notation<T> {
    /// The radix is two to this power.
    pub(super) radix_bits: u64,
    /// Takes four limbs of 64 bits, the lowest first.
    pub(super) encode: fn([u64; 4]) -> T,
}

/// Mixing of a full round and addition of the next round's constants: a form for each lane.
pub(super) type Mixing<T, const N: usize> = [Form<T, N>; WIDTH];

/// All constants of the hash. `x` is what goes into the S-box of lane 0 and `u` what comes
/// out of it, both with the factors that make the coefficient of the newest `u` 1.
#[derive(Debug)]
pub(super) struct Constants<T> {
    /// From an input to its lane of the first round.
    pub(super) inputs: [Form<T, 1>; 2],
    /// Round 0, of lane 2; lane 1 has the coefficient 1, and lane 0 is a constant.
    pub(super) first: Mixing<T, 1>,
    /// Rounds 1 to 3, of lanes 1 and 2; lane 0 has the coefficient 1.
    pub(super) first_half: [Mixing<T, 2>; HALF_FULL_ROUNDS - 1],
    /// `x_1 - u_0` of the two lanes without S-box.
    pub(super) enter_first: Form<T, 2>,
    /// `x_2 - u_1` of those lanes and `u_0`.
    pub(super) enter_second: Form<T, 3>,
    /// `x_(n+1) - u_n` of `x_n, x_(n-1), u_(n-1), u_(n-2)` for `n >= 2`.
    pub(super) partial: [Form<T, 4>; PARTIAL_ROUNDS - 2],
    /// The two other lanes of round 61, of `x_57, x_56, u_56, u_55`.
    pub(super) leave: [Form<T, 4>; 2],
    /// Rounds 61 to 63, as the first half.
    pub(super) second_half: [Mixing<T, 2>; HALF_FULL_ROUNDS - 1],
    /// The result, of all lanes; not in Montgomery's form.
    pub(super) output: Form<T, 3>,
}

impl<T: Copy> Constants<T> {
    /// Derives the constants from the published ones.
    pub(super) fn derive(notation: Notation<T>) -> Self {
        let published = Published::read(notation);
        let mut scales = [Fr::ONE; WIDTH];
        let inputs = [1, 2].map(|lane| published.input(lane));
        let first = published.first_mixing(&mut scales);
        let first_half = core::array::from_fn(|round| published.mixing(round + 1, &mut scales));
        let partial = PartialRounds::new(&published, scales);
        scales = [partial.scale(PARTIAL_ROUNDS), Fr::ONE, Fr::ONE];
        Self {
            inputs,
            first,
            first_half,
            enter_first: partial.enter_first(),
            enter_second: partial.enter_second(),
            partial: core::array::from_fn(|position| partial.step(position + 2)),
            leave: partial.leave(),
            second_half: core::array::from_fn(|round| {
                published.mixing(SECOND_HALF + round, &mut scales)
            }),
            output: published.output(scales),
        }
    }
}

/// The published constants: `v_(r+1) = matrix S(v_r) + constants[r+1]`, where `S` raises
/// all lanes to the fifth power, or lane 0 alone in the partial rounds.
struct Published<T> {
    notation: Notation<T>,
    constants: Vec<[Fr; WIDTH]>,
    matrix: [[Fr; WIDTH]; WIDTH],
}

impl<T: Copy> Published<T> {
    fn read(notation: Notation<T>) -> Self {
        Self {
            notation,
            constants: C.iter().map(|row| row.map(element)).collect(),
            matrix: M.map(|row| row.map(element)),
        }
    }

    fn input(&self, lane: usize) -> Form<T, 1> {
        // The product of the plain input with the square of the radix is in Montgomery's form.
        self.notation
            .form(self.constants[0][lane], [self.notation.radix()])
    }

    fn first_mixing(&self, scales: &mut [Fr; WIDTH]) -> Mixing<T, 1> {
        let constant = fifth_power(self.constants[0][0]);
        *scales = core::array::from_fn(|lane| inverse(self.matrix[lane][1]));
        core::array::from_fn(|lane| {
            let offset = self.constants[1][lane] + self.matrix[lane][0] * constant;
            self.notation
                .form(scales[lane] * offset, [scales[lane] * self.matrix[lane][2]])
        })
    }

    /// Mixing of full `round`, whose lanes have the factors `scales`; leaves those of the next.
    fn mixing(&self, round: usize, scales: &mut [Fr; WIDTH]) -> Mixing<T, 2> {
        let before = scales.map(fifth_power);
        *scales = core::array::from_fn(|lane| before[0] * inverse(self.matrix[lane][0]));
        core::array::from_fn(|lane| {
            let coefficient =
                |of: usize| scales[lane] * self.matrix[lane][of] * inverse(before[of]);
            self.notation.form(
                scales[lane] * self.constants[round + 1][lane],
                [coefficient(1), coefficient(2)],
            )
        })
    }

    fn output(&self, scales: [Fr; WIDTH]) -> Form<T, 3> {
        let out_of_montgomery = inverse(self.notation.radix());
        self.notation.form(
            Fr::ZERO,
            core::array::from_fn(|lane| {
                self.matrix[0][lane] * inverse(fifth_power(scales[lane])) * out_of_montgomery
            }),
        )
    }
}

/// The two lanes without an S-box.
type Rest = [Fr; 2];

/// The partial rounds as a filter. With `y` for lane 0, `s` for the two other lanes and
/// `u = y^5`, a round is
///
/// `y_(n+1) = d u_n + c . s_n + k_(n+1)`, `s_(n+1) = b u_n + A s_n + q_(n+1)`,
///
/// the same `d`, `c`, `b` and `A` in every round. `A^2 = t A - e` with the trace `t` and the
/// determinant `e` (Cayley and Hamilton), so that `z_n = c . s_n` follows from
/// its two predecessors and two `u`, and `s` need not be known in between:
///
/// `z_n = t z_(n-1) - e z_(n-2) + c.b u_(n-1) + (c.A b - t c.b) u_(n-2) +
/// c . (q_n + A q_(n-1) - t q_(n-1))`.
///
/// Lane 0 is kept as `x_n = g_n y_n`, with the factors `g` that make `d` 1:
/// `g_(n+1) = g_n^5 / d`. A round takes four products beside its S-box, and five
/// in the sparse form of appendix B of the Poseidon paper.
struct PartialRounds<T> {
    notation: Notation<T>,
    /// `g_0` to `g_57`.
    scales: Vec<Fr>,
    /// Factors of the two other lanes at the start.
    rest_scales: Rest,
    k: Vec<Fr>,
    q: Vec<Rest>,
    d: Fr,
    c: Rest,
    b: Rest,
    a: [Rest; 2],
}

impl<T: Copy> PartialRounds<T> {
    fn new(published: &Published<T>, scales: [Fr; WIDTH]) -> Self {
        let rounds = &published.constants[HALF_FULL_ROUNDS..=SECOND_HALF];
        let [[d, c1, c2], [b1, a11, a12], [b2, a21, a22]] = published.matrix;
        let mut lane_scales = vec![scales[0]];
        for round in 0..PARTIAL_ROUNDS {
            lane_scales.push(fifth_power(lane_scales[round]) * inverse(d));
        }
        Self {
            notation: published.notation,
            scales: lane_scales,
            rest_scales: [scales[1], scales[2]],
            k: rounds.iter().map(|constants| constants[0]).collect(),
            q: rounds.iter().map(|&[_, q1, q2]| [q1, q2]).collect(),
            d,
            c: [c1, c2],
            b: [b1, b2],
            a: [[a11, a12], [a21, a22]],
        }
    }

    /// The factor of `y_n` in `x_n`.
    fn scale(&self, n: usize) -> Fr {
        self.scales[n]
    }

    /// The factor of `u_n`.
    fn power_scale(&self, n: usize) -> Fr {
        fifth_power(self.scales[n])
    }

    fn enter_first(&self) -> Form<T, 2> {
        let map = |[s1, s2]: [Fr; 2]| dot(self.c, [s1, s2]) + self.k[1];
        self.notation
            .scaled_form(map, self.rest_scales, self.scale(1))
    }

    fn enter_second(&self) -> Form<T, 3> {
        let map = |[s1, s2, u]: [Fr; 3]| dot(self.c, self.next_rest([s1, s2], u, 1)) + self.k[2];
        let [first, second] = self.rest_scales;
        self.notation
            .scaled_form(map, [first, second, self.power_scale(0)], self.scale(2))
    }

    fn step(&self, n: usize) -> Form<T, 4> {
        let (trace, determinant) = (
            self.a[0][0] + self.a[1][1],
            self.a[0][0] * self.a[1][1] - self.a[0][1] * self.a[1][0],
        );
        let (cb, cab) = (dot(self.c, self.b), dot(self.c, self.apply(self.b)));
        let drift = self.apply(self.q[n - 1]);
        let constant: Rest = core::array::from_fn(|lane| {
            self.q[n][lane] + drift[lane] - trace * self.q[n - 1][lane]
        });
        let map = |[y, y_before, u_before, u_earlier]: [Fr; 4]| {
            let z_before = y - self.d * u_before - self.k[n];
            let z_earlier = y_before - self.d * u_earlier - self.k[n - 1];
            trace * z_before - determinant * z_earlier
                + cb * u_before
                + (cab - trace * cb) * u_earlier
                + dot(self.c, constant)
                + self.k[n + 1]
        };
        let inputs = [
            self.scale(n),
            self.scale(n - 1),
            self.power_scale(n - 1),
            self.power_scale(n - 2),
        ];
        self.notation.scaled_form(map, inputs, self.scale(n + 1))
    }

    fn leave(&self) -> [Form<T, 4>; 2] {
        let last = PARTIAL_ROUNDS;
        let inputs = [
            self.scale(last),
            self.scale(last - 1),
            self.power_scale(last - 1),
            self.power_scale(last - 2),
        ];
        [0, 1].map(|lane| {
            let map = |known: [Fr; 4]| self.last_rest(known)[lane];
            self.notation.scaled_form(map, inputs, Fr::ONE)
        })
    }

    /// `s_57`: of `z_56 = c . s_56` and `z_55 = c . s_55` follows `s_55`.
    fn last_rest(&self, [y, y_before, u_before, u_earlier]: [Fr; 4]) -> Rest {
        let last = PARTIAL_ROUNDS;
        let z = y - self.d * u_before - self.k[last];
        let z_before = y_before - self.d * u_earlier - self.k[last - 1];
        let known = [
            z_before,
            z - dot(self.c, self.b) * u_earlier - dot(self.c, self.q[last - 1]),
        ];
        let ca = [
            self.c[0] * self.a[0][0] + self.c[1] * self.a[1][0],
            self.c[0] * self.a[0][1] + self.c[1] * self.a[1][1],
        ];
        let rest = solve([self.c, ca], known);
        let rest = self.next_rest(rest, u_earlier, last - 1);
        self.next_rest(rest, u_before, last)
    }

    /// `s_n` of its predecessor and of `u_(n-1)`.
    fn next_rest(&self, rest: Rest, u: Fr, n: usize) -> Rest {
        let mixed = self.apply(rest);
        core::array::from_fn(|lane| self.b[lane] * u + mixed[lane] + self.q[n][lane])
    }

    fn apply(&self, rest: Rest) -> Rest {
        self.a.map(|row| dot(row, rest))
    }
}

fn dot(left: Rest, right: Rest) -> Fr {
    left[0] * right[0] + left[1] * right[1]
}

/// `x` with `matrix x = right`.
fn solve(matrix: [Rest; 2], right: Rest) -> Rest {
    let determinant = matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0];
    [
        (right[0] * matrix[1][1] - matrix[0][1] * right[1]) * inverse(determinant),
        (matrix[0][0] * right[1] - right[0] * matrix[1][0]) * inverse(determinant),
    ]
}

impl<T: Copy> Notation<T> {
    fn radix(self) -> Fr {
        Fr::from(2_u64).pow([self.radix_bits])
    }

    fn form<const N: usize>(self, offset: Fr, coefficients: [Fr; N]) -> Form<T, N> {
        Form {
            offset: self.montgomery(offset * self.radix()),
            coefficients: coefficients.map(|coefficient| self.montgomery(coefficient)),
        }
    }

    /// The affine `map` as a form of inputs that carry the factors `inputs`, times `output`.
    fn scaled_form<const N: usize>(
        self,
        map: impl Fn([Fr; N]) -> Fr,
        inputs: [Fr; N],
        output: Fr,
    ) -> Form<T, N> {
        let offset = map([Fr::ZERO; N]);
        let coefficient = |position: usize| {
            let unit = core::array::from_fn(|other| Fr::from(other == position));
            (map(unit) - offset) * inverse(inputs[position]) * output
        };
        self.form(offset * output, core::array::from_fn(coefficient))
    }

    fn montgomery(self, value: Fr) -> T {
        (self.encode)((value * self.radix()).into_bigint().0)
    }
}

fn fifth_power(value: Fr) -> Fr {
    value.pow([5])
}

fn inverse(value: Fr) -> Fr {
    value.inverse().expect("no constant of Poseidon is zero")
}

fn element(value: U256) -> Fr {
    let limbs = BigInt::new(value.into_limbs());
    Fr::from_bigint(limbs).expect("the published constants are reduced")
}
