//! Eyelid margins and the skin beyond them. Coordinates are face coordinates:
//! iris radii from the iris centre, right and down, before the roll of the head.

use crate::anatomy::EyelidAnatomy;
use crate::conditions::CaptureConditions;
use crate::fast::{Table, exp, gauss};
use crate::random::between;
use crate::tile;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use std::sync::OnceLock;

/// The opening between the eyelids in one photograph.
pub(crate) struct Eyelids {
    upper: f32,
    lower: f32,
    half_width: f32,
    skew: f32,
    crease: f32,
    /// Sideways place of the middle of the opening.
    middle: f32,
    /// Margins are parabolas: the inverse of the half width of the upper and the lower one.
    narrowness: (f32, f32),
    /// Offset at which this face reads the shared noise of the skin.
    patch: (f32, f32),
    profiles: &'static Profiles,
}

/// Brightness by the distance from a margin, the same for everybody.
struct Profiles {
    upper_rim: Table,
    fold: Table,
    lower_rim: Table,
    upper_shadow: Table,
    lower_shadow: Table,
}

impl Profiles {
    fn get() -> &'static Self {
        static PROFILES: OnceLock<Profiles> = OnceLock::new();
        PROFILES.get_or_init(|| Self {
            upper_rim: Table::new(0.0, 0.4, 400, |d| {
                0.10 * gauss((d - 0.05) / 0.04) - 0.10 * gauss(d / 0.02)
            }),
            fold: Table::new(-0.4, 0.8, 600, |d| {
                -0.22 * gauss(d / 0.05) + 0.06 * gauss((d - 0.16) / 0.12)
            }),
            lower_rim: Table::new(0.0, 1.2, 600, |d| {
                0.12 * gauss((d - 0.06) / 0.05) - 0.06 * gauss((d - 0.45) / 0.10)
            }),
            upper_shadow: Table::new(0.0, 3.0, 1200, |d| {
                0.24 * exp(-d / 0.10) + 0.24 * exp(-d / 0.6)
            }),
            lower_shadow: Table::new(0.0, 0.6, 600, |d| 0.10 * exp(-d / 0.06)),
        })
    }
}

/// Iris radii by which the eyeball carries the iris for a radian of gaze:
/// twelve millimetres of eyeball over six of iris.
const IRIS_RADII_PER_GAZE_RADIAN: f32 = 2.0;

impl Eyelids {
    pub(crate) fn new(
        anatomy: &EyelidAnatomy,
        growth_seed: u64,
        conditions: &CaptureConditions,
    ) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(growth_seed);
        rng.set_stream(1);
        // The eyelids follow the gaze up and down for the most part.
        let down = 0.3 * IRIS_RADII_PER_GAZE_RADIAN * conditions.gaze.1;
        let upper = (anatomy.upper - conditions.upper_eyelid_drop + down).max(0.28);
        Self {
            upper,
            lower: (anatomy.lower - conditions.lower_eyelid_rise - down).max(0.45),
            half_width: anatomy.half_width,
            skew: anatomy.skew,
            crease: anatomy.crease,
            middle: -IRIS_RADII_PER_GAZE_RADIAN * conditions.gaze.0,
            narrowness: (1.0 / (anatomy.half_width + 0.3), 1.0 / anatomy.half_width),
            patch: (between(&mut rng, 0.0, 1.0), between(&mut rng, 0.0, 1.0)),
            profiles: Profiles::get(),
        }
    }

    /// Height of the upper margin at `x`.
    pub(crate) fn upper_at(&self, x: f32) -> f32 {
        let t = (x - self.middle - self.skew) * self.narrowness.0;
        -self.upper + (self.upper + 0.1) * (t * t).min(1.6)
    }

    /// Height of the lower margin at `x`.
    pub(crate) fn lower_at(&self, x: f32) -> f32 {
        let t = (x - self.middle + 0.3 * self.skew) * self.narrowness.1;
        self.lower - (self.lower - 0.15) * (t * t).min(1.6)
    }

    /// Distances inside the opening from the upper and the lower margin; negative on skin.
    pub(crate) fn depths(&self, x: f32, y: f32) -> (f32, f32) {
        (y - self.upper_at(x), self.lower_at(x) - y)
    }

    /// Relative brightness of the skin at a point `out` beyond the nearer margin.
    pub(crate) fn skin(&self, x: f32, y: f32, above: f32, below: f32) -> f32 {
        let (px, py) = self.patch;
        let mottle = 0.035 * tile::broad().at(px + 0.19 * x, py + 0.19 * y)
            + 0.014 * tile::fine().at(px + 0.25 * x, py + 0.25 * y);
        let profiles = self.profiles;
        let relief = if above > 0.0 {
            profiles.upper_rim.at(above) + profiles.fold.at(above - self.crease - 0.05 * x)
        } else {
            profiles.lower_rim.at(below)
        };
        1.0 + mottle + relief
    }

    /// Relative brightness of the eyeball in the shadow of the eyelids.
    pub(crate) fn shadow(&self, from_upper: f32, from_lower: f32) -> f32 {
        let profiles = self.profiles;
        1.0 - profiles.upper_shadow.at(from_upper) - profiles.lower_shadow.at(from_lower)
    }

    /// Sideways extent of the opening.
    pub(crate) fn extent(&self) -> (f32, f32) {
        (self.middle - self.half_width, self.middle + self.half_width)
    }
}
