//! The life of an encoding's proof at the test model's size: package, proof, file, verification.
#![allow(clippy::unwrap_used, missing_docs)]

mod custody;
mod golden;
mod package;
mod proof;
mod recapture;
mod score;
mod world;
