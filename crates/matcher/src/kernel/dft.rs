//! Discrete Fourier transform of 200 complex numbers, one transform in each lane.
//!
//! 200 is 8 times 25 without a common factor, so that the transform falls apart into
//! transforms of 8 and of 25 without factors between them (I. J. Good, J. R. Stat. Soc. B 20,
//! 1958); those of 25 are made of fives.

use annona_template::COLUMNS;

use super::lanes::Lanes;

/// A complex number in each lane.
pub(super) type Complex<V> = (V, V);

/// A complex number for each column or frequency, in each lane.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Series<V>(pub(super) [Complex<V>; COLUMNS]);

impl<V: Lanes> Series<V> {
    #[inline(always)]
    pub(super) fn zero() -> Self {
        let zero = V::splat(0.0);
        Self([(zero, zero); COLUMNS])
    }
}

/// Index in the output of [`transform`] at which a frequency lies.
pub(super) const fn place(frequency: usize) -> usize {
    let (eighth, part) = (frequency % EIGHT, frequency % TWENTY_FIVE);
    TWENTY_FIVE * eighth + FIVE * (part % FIVE) + part / FIVE
}

const EIGHT: usize = 8;
const TWENTY_FIVE: usize = 25;
const FIVE: usize = 5;
const _: () = assert!(EIGHT * TWENTY_FIVE == COLUMNS && FIVE * FIVE == TWENTY_FIVE);

/// The sum over columns `k` of `input(k) exp(-2 pi i k f / 200)`, for each frequency `f`, at
/// [`place`]`(f)` of `output`. `room` holds numbers meanwhile.
#[inline(always)]
pub(super) fn transform<V: Lanes>(
    input: impl Fn(usize) -> Complex<V>,
    room: &mut Series<V>,
    output: &mut Series<V>,
) {
    for part in 0..TWENTY_FIVE {
        let column = |eighth| (TWENTY_FIVE * eighth + EIGHT * part) % COLUMNS;
        let eight = of_eight(std::array::from_fn(|eighth| input(column(eighth))));
        for (eighth, value) in eight.into_iter().enumerate() {
            room.0[TWENTY_FIVE * eighth + part] = value;
        }
    }
    let rooms = room.0.as_chunks_mut::<TWENTY_FIVE>().0;
    let outputs = output.0.as_chunks_mut::<TWENTY_FIVE>().0;
    for (room, output) in rooms.iter_mut().zip(outputs) {
        of_twenty_five(room, output);
    }
}

/// Column `5 a + b` of the input; frequency `c + 5 d` at `5 c + d` of the output.
#[inline(always)]
fn of_twenty_five<V: Lanes>(room: &mut [Complex<V>; 25], output: &mut [Complex<V>; 25]) {
    for b in 0..FIVE {
        let five = of_five(std::array::from_fn(|a| room[FIVE * a + b]));
        room[b] = five[0];
        for c in 1..FIVE {
            room[FIVE * c + b] = turned(five[c], b * c);
        }
    }
    for c in 0..FIVE {
        let five = of_five(std::array::from_fn(|b| room[FIVE * c + b]));
        output[FIVE * c..][..FIVE].copy_from_slice(&five);
    }
}

#[inline(always)]
fn of_five<V: Lanes>(x: [Complex<V>; FIVE]) -> [Complex<V>; FIVE] {
    // Cosines and sines of a fifth and of two fifths of a circle.
    let (cos_1, cos_2) = (V::splat(0.309_017), V::splat(-0.809_017));
    let (sin_1, sin_2) = (V::splat(0.951_056_5), V::splat(0.587_785_25));
    let (outer, inner) = (add(x[1], x[4]), add(x[2], x[3]));
    let (outer_gap, inner_gap) = (sub(x[1], x[4]), sub(x[2], x[3]));
    let even = |outer_factor: V, inner_factor: V| {
        let sum =
            |x: V, outer: V, inner: V| outer.mul_add(outer_factor, inner.mul_add(inner_factor, x));
        (sum(x[0].0, outer.0, inner.0), sum(x[0].1, outer.1, inner.1))
    };
    let odd_1 = |outer: V, inner: V| outer.mul_add(sin_1, inner.mul(sin_2));
    let odd_2 = |outer: V, inner: V| inner.neg_mul_add(sin_1, outer.mul(sin_2));
    let (even_1, even_2) = (even(cos_1, cos_2), even(cos_2, cos_1));
    let odd_1 = (
        odd_1(outer_gap.0, inner_gap.0),
        odd_1(outer_gap.1, inner_gap.1),
    );
    let odd_2 = (
        odd_2(outer_gap.0, inner_gap.0),
        odd_2(outer_gap.1, inner_gap.1),
    );
    [
        add(x[0], add(outer, inner)),
        sub_turned(even_1, odd_1),
        sub_turned(even_2, odd_2),
        add_turned(even_2, odd_2),
        add_turned(even_1, odd_1),
    ]
}

#[inline(always)]
fn of_eight<V: Lanes>(x: [Complex<V>; EIGHT]) -> [Complex<V>; EIGHT] {
    let even = of_four([x[0], x[2], x[4], x[6]]);
    let odd = of_four([x[1], x[3], x[5], x[7]]);
    let half_root = V::splat(std::f32::consts::FRAC_1_SQRT_2);
    // The odd ones turned by one and by three eighths of a circle, times the root of 2.
    let one = (odd[1].0.add(odd[1].1), odd[1].1.sub(odd[1].0));
    let three = (odd[3].1.sub(odd[3].0), odd[3].0.add(odd[3].1));
    let plus = |a: V, b: V| b.mul_add(half_root, a);
    let minus = |a: V, b: V| b.neg_mul_add(half_root, a);
    [
        add(even[0], odd[0]),
        (plus(even[1].0, one.0), plus(even[1].1, one.1)),
        sub_turned(even[2], odd[2]),
        (plus(even[3].0, three.0), minus(even[3].1, three.1)),
        sub(even[0], odd[0]),
        (minus(even[1].0, one.0), minus(even[1].1, one.1)),
        add_turned(even[2], odd[2]),
        (minus(even[3].0, three.0), plus(even[3].1, three.1)),
    ]
}

#[inline(always)]
fn of_four<V: Lanes>(x: [Complex<V>; 4]) -> [Complex<V>; 4] {
    let (even, even_gap) = (add(x[0], x[2]), sub(x[0], x[2]));
    let (odd, odd_gap) = (add(x[1], x[3]), sub(x[1], x[3]));
    [
        add(even, odd),
        sub_turned(even_gap, odd_gap),
        sub(even, odd),
        add_turned(even_gap, odd_gap),
    ]
}

#[inline(always)]
fn add<V: Lanes>(a: Complex<V>, b: Complex<V>) -> Complex<V> {
    (a.0.add(b.0), a.1.add(b.1))
}

#[inline(always)]
fn sub<V: Lanes>(a: Complex<V>, b: Complex<V>) -> Complex<V> {
    (a.0.sub(b.0), a.1.sub(b.1))
}

/// `a + i b`.
#[inline(always)]
fn add_turned<V: Lanes>(a: Complex<V>, b: Complex<V>) -> Complex<V> {
    (a.0.sub(b.1), a.1.add(b.0))
}

/// `a - i b`.
#[inline(always)]
fn sub_turned<V: Lanes>(a: Complex<V>, b: Complex<V>) -> Complex<V> {
    (a.0.add(b.1), a.1.sub(b.0))
}

/// `x exp(-2 pi i parts / 25)`.
#[inline(always)]
fn turned<V: Lanes>(x: Complex<V>, parts: usize) -> Complex<V> {
    if parts == 0 {
        return x;
    }
    let (cos, sin) = (V::splat(TURNS[parts].0), V::splat(TURNS[parts].1));
    (
        x.0.mul_add(cos, x.1.mul(sin)),
        x.0.neg_mul_add(sin, x.1.mul(cos)),
    )
}

/// Cosine and sine of so many twenty-fifths of a circle.
#[rustfmt::skip]
const TURNS: [(f32, f32); 17] = [
    (1.0, 0.0),
    (0.968_583_17, 0.248_689_89),
    (0.876_306_65, 0.481_753_68),
    (0.728_968_6, 0.684_547_1),
    (0.535_826_8, 0.844_327_9),
    (0.309_017, 0.951_056_54),
    (0.062_790_52, 0.998_026_7),
    (-0.187_381_31, 0.982_287_2),
    (-0.425_779_28, 0.904_827_06),
    (-0.637_424, 0.770_513_24),
    (-0.809_017, 0.587_785_24),
    (-0.929_776_5, 0.368_124_54),
    (-0.992_114_7, 0.125_333_23),
    (-0.992_114_7, -0.125_333_23),
    (-0.929_776_5, -0.368_124_54),
    (-0.809_017, -0.587_785_24),
    (-0.637_424, -0.770_513_24),
];

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::kernel::lanes::{MOST_LANES, Portable};

    /// A number in the first lane.
    fn first(value: Portable) -> f64 {
        let mut lanes = [0.0; MOST_LANES];
        value.store(&mut lanes);
        f64::from(lanes[0])
    }

    #[test]
    fn the_transform_is_the_sum_that_defines_it() {
        let value = |k: usize| ((k * k % 7) as f64 - 3.0, (k * 3 % 11) as f64 - 5.0);
        let input = |k| {
            let (real, imaginary) = value(k);
            (
                Portable::splat(real as f32),
                Portable::splat(imaginary as f32),
            )
        };
        let mut output = Series::zero();
        transform(input, &mut Series::zero(), &mut output);
        for frequency in 0..COLUMNS {
            let expected = (0..COLUMNS).fold((0.0, 0.0), |sum, k| {
                let (sin, cos) = (TAU * (k * frequency % COLUMNS) as f64 / 200.0).sin_cos();
                let (a, b) = value(k);
                (sum.0 + a * cos + b * sin, sum.1 + b * cos - a * sin)
            });
            let found = output.0[place(frequency)];
            let error = (first(found.0) - expected.0).hypot(first(found.1) - expected.1);
            assert!(error < 1e-3, "frequency {frequency} is wrong by {error}");
        }
    }
}
