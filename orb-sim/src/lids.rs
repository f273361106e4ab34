//! Lid margins and the skin beyond them. Coordinates are face coordinates:
//! iris radii from the iris centre, right and down, before the roll of the head.

use crate::anatomy::LidAnatomy;
use crate::conditions::CaptureConditions;
use crate::lattice::Field;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

/// The opening between the lids in one photograph.
pub(crate) struct Lids {
    upper: f32,
    lower: f32,
    half_width: f32,
    skew: f32,
    crease: f32,
    /// Sideways place of the middle of the opening.
    middle: f32,
    mottle: Field,
    pores: Field,
}

/// Iris radii by which the eyeball carries the iris for a radian of gaze:
/// twelve millimetres of eyeball over six of iris.
const CARRY: f32 = 2.0;

impl Lids {
    pub(crate) fn new(
        anatomy: &LidAnatomy,
        growth_seed: u64,
        conditions: &CaptureConditions,
    ) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(growth_seed);
        rng.set_stream(1);
        // The lids follow the gaze up and down for the most part.
        let down = 0.3 * CARRY * conditions.gaze.1;
        let upper = (anatomy.upper - conditions.upper_lid_drop + down).max(0.28);
        Self {
            upper,
            lower: (anatomy.lower - conditions.lower_lid_rise - down).max(0.45),
            half_width: anatomy.half_width,
            skew: anatomy.skew,
            crease: anatomy.crease,
            middle: -CARRY * conditions.gaze.0,
            mottle: Field::new(&mut rng, 14, 10),
            pores: Field::new(&mut rng, 150, 110),
        }
    }

    /// Height of the upper margin at `x`.
    pub(crate) fn upper_at(&self, x: f32) -> f32 {
        let t = (x - self.middle - self.skew) / (self.half_width + 0.3);
        -self.upper + (self.upper + 0.1) * (t * t).min(1.6)
    }

    /// Height of the lower margin at `x`.
    pub(crate) fn lower_at(&self, x: f32) -> f32 {
        let t = (x - self.middle + 0.3 * self.skew) / self.half_width;
        self.lower - (self.lower - 0.15) * (t * t).min(1.6)
    }

    /// Distances inside the opening from the upper and the lower margin; negative on skin.
    pub(crate) fn depths(&self, x: f32, y: f32) -> (f32, f32) {
        (y - self.upper_at(x), self.lower_at(x) - y)
    }

    /// Relative brightness of the skin at a point `out` beyond the nearer margin.
    pub(crate) fn skin(&self, x: f32, y: f32, above: f32, below: f32) -> f32 {
        let mottle = 0.035 * self.mottle.at(x * 0.16, y * 0.16 + 0.5)
            + 0.014 * self.pores.at(x * 0.16, y * 0.16 + 0.5);
        let relief = if above > 0.0 {
            let rim = 0.10 * gauss((above - 0.05) / 0.04) - 0.10 * gauss(above / 0.02);
            let fold = self.crease + 0.05 * x;
            rim - 0.22 * gauss((above - fold) / 0.05) + 0.06 * gauss((above - fold - 0.16) / 0.12)
        } else {
            let rim = 0.12 * gauss((below - 0.06) / 0.05);
            rim - 0.06 * gauss((below - 0.45) / 0.10)
        };
        1.0 + mottle + relief
    }

    /// Relative brightness of the eyeball in the shadow of the lids.
    pub(crate) fn shadow(&self, from_upper: f32, from_lower: f32) -> f32 {
        let above = from_upper.max(0.0);
        let deep = 0.22 * (-above / 0.10).exp() + 0.20 * (-above / 0.5).exp();
        1.0 - deep - 0.10 * (-from_lower.max(0.0) / 0.06).exp()
    }

    /// Sideways extent of the opening.
    pub(crate) fn extent(&self) -> (f32, f32) {
        (self.middle - self.half_width, self.middle + self.half_width)
    }
}

fn gauss(x: f32) -> f32 {
    (-0.5 * x * x).exp()
}
