//! From a near-infrared picture of one eye to an iris template.
//!
//! Here, in the order in which an image passes them, and in which modules may know each
//! other: pictures in files (`picture`), planes of grey levels (`raster`), circles, contours
//! and edges (`geometry`), measures of quality (`quality`), the edges of pupil, iris and
//! eyelids (`segmentation`), the rubber-sheet normalisation (`normalise`), templates of what the
//! integer encoder gives (`encode`), and the whole way (`pipeline`). Presentation attack detection ([`pad`]) builds on it.
//!
//! Not here: the encoder with its published parameter file (`annona-model`), the template and
//! its bytes (`annona-template`), comparing templates (`annona-matcher`), storing them, cameras, networks, clocks or randomness. The pipeline sees pixels and nothing else.
//!
//! Invariants:
//! - from the normalised iris on, everything is integer arithmetic with the
//!   constants of [`MODEL_ID`](annona_template::MODEL_ID): equal normalised irises give equal
//!   templates on every machine;
//! - no input makes a panic, and no input costs more than its pixels: sizes are
//!   checked before an image is decoded, and every search has a fixed range;
//! - a template is made only when every limit of [`limits`] holds; otherwise the
//!   error says which one failed and by how much.

mod cause;
mod encode;
mod error;
mod geometry;
pub mod limits;
mod normalise;
mod overlay;
pub mod pad;
mod picture;
mod pipeline;
mod quality;
mod raster;
mod segmentation;
mod stage;

pub use annona_model::{Eye, NormalisedIris, responses};
pub use error::{FileFault, FileFeature, IrisError};
pub use geometry::contour::Contour;
pub use normalise::unroll_between;
pub use overlay::{examination_overlay, normalised_picture, overlay};
pub use picture::read_image;
pub use pipeline::{
    Encoding, Examination, Geometry, encode, encode_by_stage, encode_bytes, examine, normalise,
};
pub use quality::Quality;
pub use stage::Stage;
