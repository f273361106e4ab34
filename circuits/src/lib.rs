//! The circuits of Annona, as rank-one constraint systems over the scalar field of BN254.
//!
//! Here: [`Append`] and [`Revoke`], which prove that the registry's root changes by
//! exactly the listed leaves; [`Encoding`], which proves that an iris code came from its image
//! by a published model; [`Score`], which proves how many errors a hidden filter bank makes over a
//! committed test set; [`Recapture`], which proves that two committed codes match; the
//! [`Builder`] that every circuit is written against; Poseidon with circomlib's constants; the files that ceremonies and
//! other tools read ([`write_r1cs`], [`write_wtns`]).
//!
//! Not here: keys, proofs, challenges, a tree, input or output of files.
//!
//! Invariants: the rows of a circuit depend on its size and never on a witness;
//! each row belongs to one numbered rule of the circuit's header; a circuit that
//! is in [`CircuitId`] never changes its rows without the lock file
//! `circuits/circuits.lock.json` saying so.

mod append;
mod builder;
mod catalogue;
mod cut;
mod encoding;
mod export;
mod gadgets;
mod integers;
mod poseidon;
mod r1cs;
mod recapture;
mod revoke;
mod score;
mod values;

pub use append::{Append, AppendPrivate, AppendPublic, AppendWitness};
pub use builder::{Builder, Circuit, Rule};
pub use catalogue::{AnyCircuit, CircuitId, UnknownCircuit};
pub use cut::{Cut, CutError, Form, Gadget, Instance, cut};
pub use encoding::{
    Encoding, EncodingPrivate, EncodingPublic, EncodingWitness, commit_code, commit_image,
    eye_scalar,
};
pub use export::{write_r1cs, write_wtns};
pub use poseidon::{SPONGE_RATE, absorb, hash_pair};
pub use r1cs::{R1cs, Row};
pub use recapture::{
    MOST_BIT_COUNT, Recapture, RecaptureCode, RecapturePrivate, RecapturePublic, RecaptureScore,
    RecaptureWitness,
};
pub use revoke::{Removal, Revoke, RevokePrivate, RevokePublic, RevokeWitness};
pub use score::{Score, ScoreBank, ScoreErrors, ScorePublic, ScoreSet, ScoreWitness};
pub use values::{Assignment, assign, outputs, trial};
