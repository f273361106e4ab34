//! Agreement of templates at all 200 rotations, by Fourier transforms.
//!
//! A valid code bit is +1 or -1 and a masked one 0, so that the sum of the products of two
//! templates is agreeing bits minus differing ones. That sum at all rotations is the cyclic
//! correlation of the templates along the columns: the inverse transform of the product of
//! their spectra. The real and the imaginary bit of a place make one complex number, so
//! that a template has 32 rows of 200 complex numbers. The mirror image of a
//! template has the conjugate spectrum, up to a turn: the same four sums of products give
//! the correlations with both.
//!
//! Sums are floats here, and they only exclude. With roundings of 2^-24, less than 20 in a
//! row for each of the three transforms and 64 for the sums, the inequality of Cauchy and
//! Schwarz bounds the error of an agreement by [`SLACK`], whatever the templates are; what
//! comes within [`SLACK`] of the limit is counted in integers.

use annona_template::{COLUMNS, IrisTemplate};

use super::dft::{Complex, Series, place, transform};
use super::lanes::{Lanes, MOST_LANES, Portable};
use crate::distance::MAX_ROTATION;
use crate::packed::{COLUMN_PAIRS, PackedTemplate};

/// Greatest error of an agreement, in bits.
// The bound of the module's text is 0.6; errors of templates tried were below 0.001.
pub(crate) const SLACK: f32 = 1.0;

/// Complex rows of a template: 2 filters at 16 radii.
const ROWS: usize = 32;
/// Rows whose spectra are kept until they are multiplied with those of the probes.
// Chosen for speed: their spectra fill a tenth of the second cache.
const BATCH: usize = 8;
const BATCHES: usize = ROWS / BATCH;
/// Rows of which a word holds a code bit and a mask bit each.
const WORD_ROWS: usize = ROWS / 2;
/// Factor of the sums in [`Agreements`]: transforms are not scaled by 200, and both halves
/// of a spectrum are added.
const SCALE: f32 = 2.0 * COLUMNS as f32;
/// Bits of every other row.
const EVEN: u32 = 0x5555_5555;

/// Spectra of both eyes of a probe: real and imaginary part, by batch, frequency, row, eye.
pub(crate) struct ProbeSpectrum(Vec<[[[[f32; 2]; 2]; BATCH]; COLUMNS]>);

impl ProbeSpectrum {
    /// Transforms both eyes.
    pub(crate) fn new(eyes: [&IrisTemplate; 2]) -> Self {
        let packed = eyes.map(PackedTemplate::new);
        let mut room = Correlator::<Portable>::new();
        room.fill(&packed.each_ref());
        let mut spectrum = vec![[[[[0.0; 2]; 2]; BATCH]; COLUMNS]; BATCHES];
        for (batch, spectrum) in spectrum.iter_mut().enumerate() {
            room.transform_rows(batch);
            for (row, series) in room.rows.iter().enumerate() {
                for (of_frequency, value) in spectrum.iter_mut().zip(&series.0) {
                    let parts = [lanes_of(value.0), lanes_of(value.1)];
                    of_frequency[row] = [0, 1].map(|eye| parts.map(|lanes| lanes[eye]));
                }
            }
        }
        Self(spectrum)
    }
}

/// Form in which a probe's template is correlated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Image {
    /// As it is.
    Plain,
    /// [`mirrored`](crate::mirrored).
    Mirrored,
}

impl Image {
    pub(crate) const ALL: [Self; 2] = [Self::Plain, Self::Mirrored];
}

/// Agreements of one eye of a probe with some templates, at all rotations.
pub(crate) struct Agreements<V>(Series<V>);

/// Rotations of an image in [`Agreements`], each with its place there.
struct Rotations {
    upright: [(usize, i32); UPRIGHT],
    turned: [(usize, i32); COLUMNS - UPRIGHT],
}

const UPRIGHT: usize = 2 * MAX_ROTATION as usize + 1;

static ROTATIONS: [Rotations; 2] = [rotations(Image::Plain), rotations(Image::Mirrored)];

/// A transform taken forward in place of backward puts rotation `-t` at `t`; a mirrored
/// template begins half a circle less one column further on.
const fn rotations(image: Image) -> Rotations {
    const HALF: i32 = COLUMNS as i32 / 2;
    let shift = match image {
        Image::Plain => 0,
        Image::Mirrored => HALF - 1,
    };
    let mut all = Rotations {
        upright: [(0, 0); UPRIGHT],
        turned: [(0, 0); COLUMNS - UPRIGHT],
    };
    let (mut upright, mut turned) = (0, 0);
    let mut rotation = 1 - HALF;
    while rotation <= HALF {
        let index = (-(rotation + shift)).rem_euclid(2 * HALF) as usize;
        let entry = (place(index), rotation);
        if rotation.abs() <= MAX_ROTATION {
            all.upright[upright] = entry;
            upright += 1;
        } else {
            all.turned[turned] = entry;
            turned += 1;
        }
        rotation += 1;
    }
    all
}

/// An agreement for each template of a [`Correlator`].
pub(crate) type OfLanes = [f32; MOST_LANES];

impl<V: Lanes> Agreements<V> {
    /// The greatest agreements of an image over the upright rotations, and over the others.
    #[inline(always)]
    pub(crate) fn greatest(&self, image: Image) -> [OfLanes; 2] {
        let rotations = &ROTATIONS[image as usize];
        [
            self.greatest_of(image, &rotations.upright),
            self.greatest_of(image, &rotations.turned),
        ]
    }

    #[inline(always)]
    fn greatest_of(&self, image: Image, rotations: &[(usize, i32)]) -> OfLanes {
        let mut greatest = V::splat(f32::MIN);
        for (place, _) in rotations {
            greatest = greatest.max(self.part(image, *place));
        }
        lanes_of(greatest).map(|sum| sum / SCALE)
    }

    #[inline(always)]
    fn part(&self, image: Image, place: usize) -> V {
        match image {
            Image::Plain => self.0.0[place].0,
            Image::Mirrored => self.0.0[place].1,
        }
    }

    /// Each rotation of an image, and the agreement of the template in `lane` there.
    pub(crate) fn at_rotations(
        &self,
        image: Image,
        lane: usize,
    ) -> impl Iterator<Item = (i32, f32)> {
        let Rotations { upright, turned } = &ROTATIONS[image as usize];
        upright.iter().chain(turned).map(move |(place, rotation)| {
            let sums = lanes_of(self.part(image, *place));
            (*rotation, sums[lane] / SCALE)
        })
    }
}

#[inline(always)]
fn lanes_of<V: Lanes>(value: V) -> OfLanes {
    let mut lanes = [0.0; MOST_LANES];
    value.store(&mut lanes);
    lanes
}

/// Sums over rows, by frequency and eye of a probe, where a probe's row has the spectrum
/// `x + i y` and a template's `u + i v`: `x u`, `y v`, `x v`, `y u`.
type Sums<V> = [[[V; 4]; 2]; COLUMNS];

/// Words of a template: by parity of the row, column, and part of the code. Bits `2 k` and
/// `2 k + 1` are the code bit and the mask bit of a row.
type Fields<W> = [[[W; 2]; COLUMNS]; 2];

/// Correlates a template in each lane with probes, and holds what that needs.
pub(crate) struct Correlator<V: Lanes> {
    fields: Box<Fields<V::Words>>,
    rows: Vec<Series<V>>,
    sums: Vec<Sums<V>>,
    room: Box<Series<V>>,
    product: Box<Series<V>>,
    agreements: Box<Agreements<V>>,
}

impl<V: Lanes> Correlator<V> {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        let no_words = V::words(|_| 0);
        Self {
            fields: Box::new([[[no_words; 2]; COLUMNS]; 2]),
            rows: vec![Series::zero(); BATCH],
            sums: Vec::new(),
            room: Box::new(Series::zero()),
            product: Box::new(Series::zero()),
            agreements: Box::new(Agreements(Series::zero())),
        }
    }

    /// Takes at most [`Lanes::COUNT`] templates; other lanes become templates of which no
    /// bit is valid.
    #[inline(always)]
    pub(crate) fn fill(&mut self, templates: &[&PackedTemplate]) {
        assert!(templates.len() <= V::COUNT, "there are {} lanes", V::COUNT);
        let blank = PackedTemplate::blank();
        let lanes: [&PackedTemplate; MOST_LANES] =
            std::array::from_fn(|lane| templates.get(lane).copied().unwrap_or(&blank));
        let [even, odd] = &mut *self.fields;
        for pair in 0..COLUMN_PAIRS {
            let masks = lanes.map(|template| template.mask[pair]);
            let parts = [
                lanes.map(|template| template.real[pair]),
                lanes.map(|template| template.imaginary[pair]),
            ];
            for (part, codes) in parts.iter().enumerate() {
                for half in 0..2 {
                    let column = 2 * pair + half;
                    let word = |words: &[u64; MOST_LANES], lane: usize| {
                        (words[lane] >> (32 * half)) as u32
                    };
                    even[column][part] = V::words(|lane| {
                        word(codes, lane) & EVEN | (word(&masks, lane) & EVEN) << 1
                    });
                    odd[column][part] =
                        V::words(|lane| word(codes, lane) >> 1 & EVEN | word(&masks, lane) & !EVEN);
                }
            }
        }
    }

    /// Multiplies the spectra of the templates with those of the probes. `rest` is called
    /// between, once for each of 32 rows, with its index.
    // What computes is not in closures: they are not compiled for the caller's instructions.
    #[inline(always)]
    pub(crate) fn multiply(&mut self, probes: &[&ProbeSpectrum], rest: impl Fn(usize)) {
        self.sums.clear();
        let zero = [[[V::splat(0.0); 4]; 2]; COLUMNS];
        self.sums.resize(probes.len(), zero);
        for batch in 0..BATCHES {
            self.transform_rows(batch);
            for (probe, sums) in probes.iter().zip(&mut self.sums) {
                let rows = self.rows.first_chunk().expect("there are as many rows");
                multiply(&probe.0[batch], rows, sums);
            }
            (0..BATCH).for_each(|row| rest(batch * BATCH + row));
        }
    }

    #[inline(always)]
    fn transform_rows(&mut self, batch: usize) {
        for (k, output) in self.rows.iter_mut().enumerate() {
            let row = batch * BATCH + k;
            // Even rows come first: so a half of the words is in use at a time.
            let fields = &self.fields[row / WORD_ROWS];
            let shift = 2 * (row % WORD_ROWS) as u32;
            let input = |column: usize| {
                let [real, imaginary] = &fields[column];
                (V::of_fields(real, shift), V::of_fields(imaginary, shift))
            };
            transform(input, &mut self.room, output);
        }
    }

    /// The agreements of the templates with an eye of a probe, by the index that the probe had
    /// in [`Correlator::multiply`].
    ///
    /// One transform gives the real parts of the correlations with the eye and with its mirror
    /// image: the spectrum of a real series is symmetric, so that another one can be added to
    /// it as imaginary part.
    #[inline(always)]
    pub(crate) fn agreements(&mut self, probe: usize, eye: usize) -> &Agreements<V> {
        let sums = &self.sums[probe];
        for frequency in 0..COLUMNS {
            let opposite = (COLUMNS - frequency) % COLUMNS;
            let (plain, mirrored) = products(&sums[place(frequency)][eye]);
            let (plain_2, mirrored_2) = products(&sums[place(opposite)][eye]);
            let real = plain.0.add(plain_2.0);
            let imaginary = plain.1.sub(plain_2.1);
            self.product.0[frequency] = (
                real.sub(mirrored.1.sub(mirrored_2.1)),
                imaginary.add(mirrored.0.add(mirrored_2.0)),
            );
        }
        let product = &self.product;
        let input = |frequency: usize| product.0[frequency];
        transform(input, &mut self.room, &mut self.agreements.0);
        &self.agreements
    }
}

/// Spectra of the correlations with an eye as it is and mirrored.
#[inline(always)]
fn products<V: Lanes>([xu, yv, xv, yu]: &[V; 4]) -> (Complex<V>, Complex<V>) {
    ((xu.add(*yv), xv.sub(*yu)), (xu.sub(*yv), xv.add(*yu)))
}

#[inline(always)]
fn multiply<V: Lanes>(
    probe: &[[[[f32; 2]; 2]; BATCH]; COLUMNS],
    rows: &[Series<V>; BATCH],
    sums: &mut Sums<V>,
) {
    for frequency in 0..COLUMNS {
        let mut of_eyes = sums[frequency];
        for (row, eyes) in rows.iter().zip(&probe[frequency]) {
            let (u, v) = row.0[frequency];
            for (sums, parts) in of_eyes.iter_mut().zip(eyes) {
                let [x, y] = parts.map(V::splat);
                sums[0] = x.mul_add(u, sums[0]);
                sums[1] = y.mul_add(v, sums[1]);
                sums[2] = x.mul_add(v, sums[2]);
                sums[3] = y.mul_add(u, sums[3]);
            }
        }
        sums[frequency] = of_eyes;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::distance::raw_distance;
    #[cfg(target_arch = "x86_64")]
    use crate::kernel::{Avx2, Avx512, Instructions};
    use crate::pair::mirrored;
    use crate::testing::{arb_template, seeded, turned};

    #[inline(always)]
    fn check<V: Lanes>(probes: &[[IrisTemplate; 2]], templates: &[IrisTemplate]) {
        let spectra: Vec<ProbeSpectrum> = probes
            .iter()
            .map(|eyes| ProbeSpectrum::new(eyes.each_ref()))
            .collect();
        let spectra: Vec<&ProbeSpectrum> = spectra.iter().collect();
        let packed: Vec<PackedTemplate> = templates.iter().map(PackedTemplate::new).collect();
        let mut correlator = Correlator::<V>::new();
        let chunks = templates.chunks(V::COUNT).zip(packed.chunks(V::COUNT));
        for (templates, packed) in chunks {
            correlator.fill(&packed.iter().collect::<Vec<_>>());
            correlator.multiply(&spectra, |_| {});
            for (probe, eyes) in probes.iter().enumerate() {
                for (eye, template) in eyes.iter().enumerate() {
                    let agreements = correlator.agreements(probe, eye);
                    assert_agreements(agreements, template, templates);
                }
            }
        }
    }

    /// Asserts that agreements differ from the definition's by so little that [`SLACK`]
    /// is far.
    fn assert_agreements<V: Lanes>(
        agreements: &Agreements<V>,
        eye: &IrisTemplate,
        templates: &[IrisTemplate],
    ) {
        const MOST: f32 = SLACK / 100.0;
        for (image, eye) in [
            (Image::Plain, eye.clone()),
            (Image::Mirrored, mirrored(eye)),
        ] {
            let greatest = agreements.greatest(image);
            for (lane, template) in templates.iter().enumerate() {
                let mut expected = [i32::MIN; 2];
                for (rotation, agreement) in agreements.at_rotations(image, lane) {
                    let raw = raw_distance(&eye, template, rotation);
                    let exact = raw.shared as i32 - 2 * raw.different as i32;
                    let error = (agreement - exact as f32).abs();
                    assert!(
                        error < MOST,
                        "{image:?} {rotation}: {agreement} for {exact}"
                    );
                    let turned = usize::from(rotation.abs() > MAX_ROTATION);
                    expected[turned] = expected[turned].max(exact);
                }
                for (found, expected) in greatest.iter().zip(expected) {
                    assert!((found[lane] - expected as f32).abs() < MOST);
                }
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma,popcnt")]
    fn check_avx2(probes: &[[IrisTemplate; 2]], templates: &[IrisTemplate]) {
        check::<Avx2>(probes, templates);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512vpopcntdq,popcnt")]
    fn check_avx512(probes: &[[IrisTemplate; 2]], templates: &[IrisTemplate]) {
        check::<Avx512>(probes, templates);
    }

    fn check_all(probes: &[[IrisTemplate; 2]], templates: &[IrisTemplate]) {
        check::<Portable>(probes, templates);
        #[cfg(target_arch = "x86_64")]
        if Instructions::Avx2.are_available() {
            // SAFETY: the line above asked the processor for what the function needs.
            unsafe { check_avx2(probes, templates) };
        }
        #[cfg(target_arch = "x86_64")]
        if Instructions::Avx512.are_available() {
            // SAFETY: the line above asked the processor for what the function needs.
            unsafe { check_avx512(probes, templates) };
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn every_register_correlates_as_the_definition_counts(
            probes in prop::collection::vec([arb_template(), arb_template()], 1..3),
            templates in prop::collection::vec(arb_template(), 1..=MOST_LANES + 1),
        ) {
            check_all(&probes, &templates);
        }
    }

    #[test]
    fn templates_of_the_greatest_sums_are_far_from_the_slack() {
        let ones = IrisTemplate::from_columns([u64::MAX; COLUMNS], [u32::MAX; COLUMNS]);
        let zeros = IrisTemplate::from_columns([0; COLUMNS], [u32::MAX; COLUMNS]);
        let blind = IrisTemplate::from_columns([u64::MAX; COLUMNS], [0; COLUMNS]);
        let striped = IrisTemplate::from_columns(
            std::array::from_fn(|k| if k % 2 == 0 { u64::MAX } else { 0 }),
            [u32::MAX; COLUMNS],
        );
        let all = [
            ones.clone(),
            zeros,
            blind,
            striped.clone(),
            turned(&seeded(1), 77),
        ];
        check_all(&[[ones, striped], [seeded(1), seeded(2)]], &all);
    }
}
