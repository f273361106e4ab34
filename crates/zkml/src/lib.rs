//! The code came from the model: commitments to a normalised iris and to its iris code, and the
//! proof that one was computed from the other by a published encoder.
//!
//! Here: [`IrisPackage`], which a person keeps, with the two commitments of it;
//! [`CustodyPackage`], in which an orb hands both eyes over, encrypted;
//! [`EncodingProver`] and [`EncodingVerifier`]; [`EncodingProof`], a proof with all that says
//! what it is about, and [`ProofPair`], those of both eyes; the [`ProofContext`] that it is for;
//! the [`pinned`] keys; [`RecaptureEvidence`], that an orb saw an enrolled person again, with its
//! prover and verifier; a [`ScoreProof`] of how many errors a hidden [`FilterBank`] makes over a
//! committed [`TestSet`].
//!
//! Not here: images (`annona-iris`), the encoder (`annona-model`), the rows of the circuit
//! (`annona-circuits`), the orb registry, files, randomness.
//!
//! Invariants: no pixel, code bit or salt is printed or is part of a proof; a proof is accepted
//! under the key of one model, for one context, and in one form of its bytes.

mod context;
mod custody;
mod orb_statement;
mod package;
mod pair;
mod pins;
mod proof;
mod prover;
mod recapture;
mod score;
mod statement;
mod text;
mod upgrade;
mod verifier;

pub use annona_model::ModelName;
pub use context::{ContextError, ProofContext, Purpose};
pub use custody::{CustodyError, CustodyPackage, CustodyVisit, VisitSecret};
pub use orb_statement::{OrbStatement, OrbStatementError};
pub use package::{IrisPackage, MAX_PACKAGE_BYTES, PackageError, Salt, SizeMismatch};
pub use pair::{PairError, PairFormatError, ProofPair};
pub use pins::{circuit, circuit_name, pinned, unsafe_test_verifying_key};
pub use proof::{BACKEND, EncodingProof, MAX_PROOF_BYTES, ProofFormatError, RELATION};
pub use prover::{EncodingProver, PreparedProof, ProveError};
pub use recapture::{
    EvidenceError, EyeEvidence, MAX_BELOW_MICROS, MAX_EVIDENCE_BYTES, PreparedRecapture,
    RECAPTURE_BELOW_MICROS, RECAPTURE_RELATION, RecaptureError, RecaptureEvidence,
    RecaptureExpectation, RecaptureFormatError, RecaptureProof, RecaptureProver,
    RecaptureStatement, RecaptureVerifier, RefusedRecapture, bounds, pair_micros, pinned_recapture,
    recapture_circuit, recapture_circuit_name, unsafe_test_recapture_key,
};
pub use score::{
    BankError, FilterBank, MAX_SCORE_BYTES, PrivateBank, SCORE, SCORE_CIRCUIT, SCORE_RELATION,
    ScoreError, ScoreErrors, ScoreFormatError, ScoreProof, ScoreProver, ScoreStatement,
    ScoreVerifier, TestSet, TestSetError, pinned_score, unsafe_test_score_key,
};
pub use statement::EncodingStatement;
pub use upgrade::{ProvedCodes, UpgradeProofError};
pub use verifier::{EncodingVerifier, RefusedProof};
