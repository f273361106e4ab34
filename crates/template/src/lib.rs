//! Iris templates as data: code and mask bits, both eyes of a person, and their byte form.
//!
//! Here: [`IrisTemplate`], [`EyePair`], and the [`MODEL_ID`] that their bytes name.
//!
//! Not here: making templates from images (`annona-iris`), comparing them
//! (`annona-matcher`), keeping them (`annona-store`).
//!
//! Invariants:
//! - equal templates have equal bytes, and bytes of another model are refused;
//! - bits are biometric data: `Debug` shows how many are valid, and none of them.

mod pair;
mod template;

pub use pair::{EyePair, PAIR_BYTES};
pub use template::{
    CODE_BITS, COLUMNS, IrisTemplate, MASK_BITS, MIN_VALID_BITS, MODEL_ID, TEMPLATE_BYTES,
    TemplateBytesError,
};
