//! Evaluation of the pipeline on labelled images: encode all, compare all pairs, report.
//!
//! The caller [`load`]s a manifest, has its images encoded ([`EncodedImages::encode`]) and
//! compared ([`compare_single_eyes`], [`compare_both_eyes`]), and joins the results to an
//! [`ImagesReport`].

mod encoded;
mod manifest;
mod notable;
mod pairs;
mod plot;
mod report;

pub use encoded::{EncodedImages, UnreadableImage};
pub use manifest::{FieldError, FormatError, ManifestEntry, ManifestError, load};
pub use notable::{NotablePair, NotablePairs, SUSPECTS_HEADER};
pub use pairs::{
    ComparedCaptures, ComparedPairs, SCORES_HEADER, compare_both_eyes, compare_single_eyes,
};
pub use plot::draw;
pub use report::ImagesReport;
