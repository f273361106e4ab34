//! The simulated orb: synthetic eyes and the optics that photograph them.
//!
//! Here: the anatomy of a person's two irises grown from a seed ([`Person`]), the
//! circumstances of one photograph ([`CaptureConditions`]), and the rendering of an 8-bit
//! near-infrared image ([`capture`]).
//!
//! Also the device ([`Orb`]): it reads the code that a citizen's phone shows ([`Visit`]), runs the
//! iris pipeline on images, signs the result and speaks to the service through `annona-client`,
//! as a stranger.
//!
//! Not here: recognition of its own. The renderer knows nothing of iris codes, the device
//! knows nothing of seeds, and the pipeline sees pixels only. [`Truth`] exists for
//! measuring segmentation and texture, never for enrolment. What is measured, and how near
//! the simulated eye is to real ones, is in `annona-evaluation`.
//!
//! Invariants:
//! - the same person, eye, conditions and random stream give the same image to the bit;
//! - two captures of one eye differ in every respect in which photographs differ;
//! - the left and right irises of a person are independent draws.

mod anatomy;
pub mod attack;
mod conditions;
#[cfg(feature = "device")]
mod device;
mod eyelids;
mod fast;
mod faults;
mod geometry;
mod lashes;
mod lattice;
mod optics;
mod other_cameras;
mod random;
mod render;
mod scene;
mod sensor;
pub mod session;
mod texture;
mod tile;
mod truth;
mod view;
#[cfg(feature = "device")]
mod visit;

pub use anatomy::Person;
pub use annona_iris::Eye;
pub use conditions::{CaptureConditions, Glint, Target};
#[cfg(feature = "device")]
pub use device::{
    Capture, EyeImages, Invitation, IrisPackages, IrisPair, Orb, OrbError, upgraded_codes,
};
pub use faults::{Faults, LensEdge, Pane};
pub use geometry::Contour;
pub use other_cameras::scaled;
pub use random::normal;
pub use render::{capture, capture_with_truth};
pub use truth::{Ray, Truth};
pub use view::{HEIGHT, WIDTH};
#[cfg(feature = "device")]
pub use visit::{
    VISIT_MAX_LEAD_SECS, VISIT_PREFIX, VISIT_VALID_SECS, Visit, VisitError, visit_text,
};
