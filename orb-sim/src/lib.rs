//! The simulated orb: synthetic eyes and the optics that photograph them.
//!
//! What is here: the anatomy of a person's two irises grown from a seed
//! ([`Person`]), the circumstances of one photograph ([`CaptureConditions`]),
//! and the rendering of an 8-bit near-infrared image ([`capture`]).
//!
//! What is not here: any recognition. The renderer knows nothing of iris codes
//! (it borrows the name of an eye from `annona-iris`, nothing else), and the
//! recogniser sees pixels only. [`Truth`] exists for measuring
//! segmentation and texture, never for enrolment.
//!
//! Invariants:
//! - the same person, eye, conditions and random stream give the same image to the bit;
//! - two captures of one eye differ in every respect in which photographs differ;
//! - the left and right irises of a person are independent draws.

mod anatomy;
mod conditions;
mod geometry;
mod lashes;
mod lattice;
mod lids;
mod optics;
mod random;
mod render;
mod sensor;
mod texture;

pub use anatomy::Person;
pub use annona_iris::Eye;
pub use conditions::{CaptureConditions, Glint, Target};
pub use geometry::Contour;
pub use render::{HEIGHT, Truth, WIDTH, capture, capture_with_truth};
