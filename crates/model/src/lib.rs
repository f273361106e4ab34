//! The published encoder: its parameter files, the normalised iris that it reads, and the
//! integer arithmetic from there to the iris code and its mask.
//!
//! Here: [`EncoderModel`], parsed from a file and checked; the models in use by
//! [`ModelName`]; [`NormalisedIris`]; [`EncodedIris`], code and mask in their one order.
//!
//! Not here: images (`annona-iris`), the byte form of templates (`annona-template`), circuits
//! (`annona-circuits`), floats.
//!
//! Invariants:
//! - a model that was parsed keeps every bound that the circuit rests on: kernels sum to
//!   zero, responses fit their bits, windows lie inside the normalised iris;
//! - a normalised iris has the size and the pixel depth of its model;
//! - pixels, codes and masks are biometric data, and `Debug` shows none of them.

mod catalogue;
mod encode;
mod encoder;
mod eye;
mod normalised;

pub use catalogue::{ModelName, UnknownModel};
pub use encode::{EncodedIris, Probe, Response, responses};
pub use encoder::{EncoderModel, Filter, ModelError, NormalisedSize};
pub use eye::Eye;
pub use normalised::{NormalisedError, NormalisedIris};
