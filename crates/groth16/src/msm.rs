//! Sums of points times scalars: Pippenger's buckets over both halves of each scalar, with
//! signed digits. Points are added in affine coordinates, and all the divisions of a round
//! share one inversion (Montgomery's trick).

use crate::field::Fr;
use ark_ec::AffineRepr;
use ark_ec::short_weierstrass::{Affine, Projective};
use ark_ff::{AdditiveGroup, Field, PrimeField, Zero};

use crate::glv::{Curve, Half};
use crate::parallel::{map, update};

/// Bits that the digits of a half must cover: its magnitude and the last carry.
const HALF_BITS: usize = 128;

/// Halves of scalars that are worked on at a time. More would need more memory, and leave the
/// processor's cache; with fewer, the sums in the buckets are added to themselves too often.
const CHUNK: usize = 1 << 16;

/// Largest number of additions that share an inversion. An inversion costs about 100
/// multiplications, a tenth of one for each addition here, and the differences of more points
/// would leave the processor's first cache.
const SHARED_INVERSION: usize = 1_024;

/// Points whose multiples are summed again and again.
#[derive(Clone)]
pub(crate) struct Bases<P: Curve> {
    points: Vec<Affine<P>>,
}

impl<P: Curve> Bases<P> {
    pub(crate) fn new(points: impl IntoIterator<Item = Affine<P>>) -> Self {
        Self {
            points: points.into_iter().collect(),
        }
    }

    pub(crate) fn points(&self) -> impl ExactSizeIterator<Item = Affine<P>> {
        self.points.iter().copied()
    }

    /// Returns the number of points.
    pub(crate) const fn len(&self) -> usize {
        self.points.len()
    }

    /// Computes the sum of `count` points from place `from` on, each times the scalar that
    /// `scalar` returns for its distance from there. It takes memory for [`CHUNK`] points,
    /// whatever `count` is.
    pub(crate) fn sum(
        &self,
        from: usize,
        count: usize,
        scalar: impl Fn(usize) -> Fr,
    ) -> Projective<P> {
        self.sum_in_chunks(from, count, scalar, CHUNK)
    }

    fn sum_in_chunks(
        &self,
        from: usize,
        count: usize,
        scalar: impl Fn(usize) -> Fr,
        length: usize,
    ) -> Projective<P> {
        let halves = (0..count).map(|place| halves_of(&scalar(place))).sum();
        let mut windows = Windows::new(width_of(halves));
        let mut chunk = Chunk::default();
        for (place, point) in self.points[from..from + count].iter().enumerate() {
            if chunk.halves.len() + 2 > length {
                windows.add(&chunk);
                chunk.clear();
            }
            chunk.push(point, &scalar(place));
        }
        windows.add(&chunk);
        windows.sum()
    }
}

/// Halves of scalars that are not zero, and the points that they are for: a small scalar has one
/// half and zero none, and most scalars of some circuits are bits.
struct Chunk<P: Curve> {
    points: Vec<Affine<P>>,
    halves: Vec<Half>,
}

impl<P: Curve> Default for Chunk<P> {
    fn default() -> Self {
        Self {
            points: Vec::new(),
            halves: Vec::new(),
        }
    }
}

impl<P: Curve> Chunk<P> {
    fn push(&mut self, point: &Affine<P>, scalar: &Fr) {
        if scalar.is_zero() {
            return;
        }
        let [low, high] = P::split(scalar);
        if low.magnitude != 0 {
            self.points.push(*point);
            self.halves.push(low);
        }
        if high.magnitude != 0 {
            // An image costs one multiplication, and a point takes part in ten additions and
            // more: images are not kept.
            self.points.push(P::endomorphism_affine(point));
            self.halves.push(high);
        }
    }

    fn clear(&mut self) {
        self.points.clear();
        self.halves.clear();
    }
}

/// Sums of the points of each digit, in each window.
struct Windows<P: Curve> {
    width: usize,
    /// Empty until points come.
    buckets: Vec<Vec<Affine<P>>>,
}

impl<P: Curve> Windows<P> {
    fn new(width: usize) -> Self {
        Self {
            width,
            buckets: vec![Vec::new(); HALF_BITS.div_ceil(width)],
        }
    }

    fn add(&mut self, chunk: &Chunk<P>) {
        let (width, count) = (self.width, chunk.halves.len());
        let digits = signed_digits(&chunk.halves, width, self.buckets.len());
        update(&mut self.buckets, |window, buckets| {
            let digits = &digits[window * count..][..count];
            let sorted = Buckets::sort(buckets, &chunk.points, digits, 1 << (width - 1));
            *buckets = sorted.reduce();
        });
    }

    fn sum(&self) -> Projective<P> {
        let sums = map(self.buckets.len(), |window| {
            sum_of_window(&self.buckets[window])
        });
        // From the highest window down.
        sums.into_iter()
            .rev()
            .fold(Projective::zero(), |mut sum, window| {
                for _ in 0..self.width {
                    sum.double_in_place();
                }
                sum + window
            })
    }
}

/// Estimates the number of halves of a scalar that are not zero.
fn halves_of(scalar: &Fr) -> usize {
    match scalar.into_bigint().0 {
        [0, 0, 0, 0] => 0,
        [_, _, 0, 0] => 1,
        _ => 2,
    }
}

/// Returns the width of a window, in bits, that needs fewest multiplications: 6 for an addition
/// into a bucket, to which each chunk adds the bucket itself, 27 for each bucket at the end.
fn width_of(points: usize) -> usize {
    let more_chunks = points / CHUNK;
    let cost = |width: &usize| {
        let buckets = 1 << (width - 1);
        HALF_BITS.div_ceil(*width) * (6 * (points + more_chunks * buckets) + 27 * buckets)
    };
    (2..=15).min_by_key(cost).expect("the range is not empty")
}

/// Writes each half in digits from `-2^(width-1)` to `2^(width-1)`, all of a window side by side.
fn signed_digits(halves: &[Half], width: usize, windows: usize) -> Vec<i16> {
    let mut digits = vec![0; halves.len() * windows];
    let bound = 1 << (width - 1);
    for (place, half) in halves.iter().enumerate() {
        let mut rest = half.magnitude;
        let mut carry = 0;
        for window in 0..windows {
            let mut digit = (rest & ((1 << width) - 1)) as i32 + carry;
            rest >>= width;
            carry = i32::from(digit > bound);
            digit -= carry << width;
            digits[window * halves.len() + place] =
                if half.is_negative { -digit } else { digit } as i16;
        }
    }
    digits
}

/// Computes the sum of the buckets times their digits, from 1 on.
fn sum_of_window<P: Curve>(buckets: &[Affine<P>]) -> Projective<P> {
    let mut running = Projective::zero();
    let mut sum = Projective::zero();
    for bucket in buckets.iter().rev() {
        running += bucket;
        sum += running;
    }
    sum
}

/// Points sorted by the magnitude of their digits, which is from 1 to the number of buckets.
struct Buckets<P: Curve> {
    points: Vec<Affine<P>>,
    /// Place of the first point of each bucket.
    starts: Vec<usize>,
    /// Number of points in each bucket.
    counts: Vec<usize>,
}

impl<P: Curve> Buckets<P> {
    /// Sorts `points` by their digits, behind the sums that are `kept`: one for each bucket, or
    /// none at all.
    fn sort(kept: &[Affine<P>], points: &[Affine<P>], digits: &[i16], buckets: usize) -> Self {
        let mut counts = vec![0; buckets];
        for (count, kept) in counts.iter_mut().zip(kept) {
            *count = usize::from(!kept.is_zero());
        }
        for digit in digits.iter().filter(|digit| **digit != 0) {
            counts[bucket_of(*digit)] += 1;
        }
        let mut total = 0;
        let starts: Vec<usize> = counts
            .iter()
            .map(|count| {
                let start = total;
                total += count;
                start
            })
            .collect();
        let mut next = starts.clone();
        let mut sorted = vec![Affine::zero(); total];
        for (next, kept) in next.iter_mut().zip(kept).filter(|(_, it)| !it.is_zero()) {
            sorted[*next] = *kept;
            *next += 1;
        }
        for (point, digit) in points.iter().zip(digits).filter(|(_, digit)| **digit != 0) {
            let place = &mut next[bucket_of(*digit)];
            sorted[*place] = if *digit < 0 { -*point } else { *point };
            *place += 1;
        }
        Self {
            points: sorted,
            starts,
            counts,
        }
    }

    /// Adds the points of each bucket, pair by pair, until one is left.
    fn reduce(mut self) -> Vec<Affine<P>> {
        let mut shared = Shared::new();
        while self.counts.iter().any(|count| *count > 1) {
            for bucket in 0..self.counts.len() {
                let (start, count) = (self.starts[bucket], self.counts[bucket]);
                // An odd one stays in front.
                let first = start + count % 2;
                for pair in 0..count / 2 {
                    shared.add(&mut self.points, first + 2 * pair, first + pair);
                }
                self.counts[bucket] = count.div_ceil(2);
            }
            shared.settle(&mut self.points);
        }
        let first = |(start, count): (&usize, &usize)| match count {
            0 => Affine::zero(),
            _ => self.points[*start],
        };
        self.starts.iter().zip(&self.counts).map(first).collect()
    }
}

fn bucket_of(digit: i16) -> usize {
    usize::from(digit.unsigned_abs()) - 1
}

/// Additions that wait for their common inversion.
struct Shared<P: Curve> {
    waiting: Vec<Addition>,
    /// The number that each addition divides by; its inverse, once they are settled.
    divisors: Vec<P::BaseField>,
    products: Vec<P::BaseField>,
}

/// Addition of a point to the one behind it. No later addition reads where it writes.
struct Addition {
    from: usize,
    to: usize,
}

impl<P: Curve> Shared<P> {
    fn new() -> Self {
        Self {
            waiting: Vec::with_capacity(SHARED_INVERSION),
            divisors: Vec::with_capacity(SHARED_INVERSION),
            products: Vec::with_capacity(SHARED_INVERSION),
        }
    }

    fn add(&mut self, points: &mut [Affine<P>], from: usize, to: usize) {
        self.divisors
            .push(divisor(&points[from], &points[from + 1]));
        self.waiting.push(Addition { from, to });
        if self.waiting.len() == SHARED_INVERSION {
            self.settle(points);
        }
    }

    /// Carries out the additions that wait.
    fn settle(&mut self, points: &mut [Affine<P>]) {
        invert_all(&mut self.divisors, &mut self.products);
        for (Addition { from, to }, inverse) in self.waiting.drain(..).zip(self.divisors.drain(..))
        {
            points[to] = sum(&points[from], &points[from + 1], inverse);
        }
    }
}

/// Returns what the slope through two points is divided by; one, where there is no slope.
fn divisor<P: Curve>(left: &Affine<P>, right: &Affine<P>) -> P::BaseField {
    if left.is_zero() || right.is_zero() {
        P::BaseField::ONE
    } else if left.x != right.x {
        right.x - left.x
    } else if left.y == right.y {
        // Not zero: the order of the group is odd.
        left.y.double()
    } else {
        P::BaseField::ONE
    }
}

/// Adds two points, given the inverse of their [`divisor`].
fn sum<P: Curve>(left: &Affine<P>, right: &Affine<P>, inverse: P::BaseField) -> Affine<P> {
    if left.is_zero() {
        return *right;
    }
    if right.is_zero() {
        return *left;
    }
    let rise = if left.x != right.x {
        right.y - left.y
    } else if left.y == right.y {
        let square = left.x.square();
        square.double() + square
    } else {
        return Affine::zero();
    };
    let slope = rise * inverse;
    let x = slope.square() - left.x - right.x;
    let y = slope * (left.x - x) - left.y;
    Affine::new_unchecked(x, y)
}

/// Inverts numbers that are not zero. `products` is room that is used again.
fn invert_all<F: Field>(numbers: &mut [F], products: &mut Vec<F>) {
    products.clear();
    let mut product = F::ONE;
    for number in &*numbers {
        products.push(product);
        product *= number;
    }
    let mut inverse = product.inverse().expect("no number is zero");
    for (number, before) in numbers.iter_mut().zip(&*products).rev() {
        let next = inverse * *number;
        *number = inverse * before;
        inverse = next;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::field::{g1, g2};
    use ark_ec::{CurveGroup, PrimeGroup};
    use ark_ff::UniformRand;
    use ark_std::rand::rngs::StdRng;
    use ark_std::rand::{Rng, SeedableRng};

    use super::*;

    /// Points and scalars among which the special ones are frequent.
    fn sample<P: Curve>(count: usize, rng: &mut StdRng) -> (Vec<Affine<P>>, Vec<Fr>) {
        let generator = Projective::<P>::generator();
        let few: Vec<Affine<P>> = (0..4)
            .map(|_| (generator * Fr::rand(rng)).into_affine())
            .collect();
        let point = |rng: &mut StdRng| match rng.gen_range(0..8) {
            0 => Affine::zero(),
            1 => few[rng.gen_range(0..4)],
            2 => -few[rng.gen_range(0..4)],
            _ => (generator * Fr::rand(rng)).into_affine(),
        };
        let scalar = |rng: &mut StdRng| match rng.gen_range(0..8) {
            0 => Fr::ZERO,
            1 => Fr::ONE,
            2 => -Fr::ONE,
            3 => Fr::from(rng.r#gen::<u16>()),
            _ => Fr::rand(rng),
        };
        let points = (0..count).map(|_| point(rng)).collect();
        (points, (0..count).map(|_| scalar(rng)).collect())
    }

    fn assert_sums<P: Curve>() {
        let mut rng = StdRng::seed_from_u64(1);
        for count in [0, 1, 2, 3, 7, 64, 500, 2_000] {
            let (points, scalars) = sample::<P>(count, &mut rng);
            let expected: Projective<P> = points
                .iter()
                .zip(&scalars)
                .map(|(point, scalar)| point.mul_bigint(scalar.into_bigint()))
                .sum();
            let bases = Bases::new(points);
            assert_eq!(bases.sum(0, count, |at| scalars[at]), expected, "{count}");
            for length in [2, 7, 64, 1_000] {
                let sum = bases.sum_in_chunks(0, count, |at| scalars[at], length);
                assert_eq!(sum, expected, "{count} in chunks of {length}");
            }
        }
    }

    #[test]
    fn sums_in_g1_are_those_of_single_multiplications() {
        assert_sums::<g1::Config>();
    }

    #[test]
    fn sums_in_g2_are_those_of_single_multiplications() {
        assert_sums::<g2::Config>();
    }

    #[test]
    fn one_point_with_one_scalar_many_times_is_doubled() {
        let point = Projective::<g1::Config>::generator().into_affine();
        let scalar = Fr::from(12_345);
        let sum = Bases::new(vec![point; 1_000]).sum(0, 1_000, |_| scalar);
        assert_eq!(sum, point * (scalar * Fr::from(1_000)));
    }

    #[test]
    fn digits_make_the_half_again() {
        for width in 2..=15 {
            let windows = HALF_BITS.div_ceil(width);
            for magnitude in [
                0,
                1,
                2,
                (1 << 127) - 1,
                0x5555_aaaa_5555_aaaa,
                u128::MAX >> 1,
            ] {
                for is_negative in [false, true] {
                    let half = Half {
                        is_negative,
                        magnitude,
                    };
                    let digits = signed_digits(&[half], width, windows);
                    let value = digits.iter().rev().fold(Fr::ZERO, |value, digit| {
                        value * Fr::from(1_u64 << width) + Fr::from(*digit)
                    });
                    let expected = if is_negative {
                        -Fr::from(magnitude)
                    } else {
                        Fr::from(magnitude)
                    };
                    assert_eq!(value, expected, "{width}");
                }
            }
        }
    }
}
