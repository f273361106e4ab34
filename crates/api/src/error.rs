//! Errors of requests, and the refusal that each becomes, with the next step for the sender.

use std::error::Error;
use std::sync::Arc;

use annona_core::{EpochError, FieldError, NullifierHash};
use annona_engine::ports::{ChainError, SignerError, StoreError};
use annona_engine::{
    ClaimError, CustodyError, EnrolError, EnrolmentId, Eye, RefusedCodes, RefusedEncoding,
    RefusedProof, UpgradeError,
};
use annona_proofs::VerifyError;
use annona_wire::FieldProblem;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::response::{IntoResponse, Response};

use crate::ProblemCode as Code;
use crate::limits::MAX_PARSER_TEXT_CHARS;
use crate::problem::Refusal;

/// Seconds after which a short-lived fault of this machine has passed.
const RETRY_SOON_SECS: u64 = 2;
/// Seconds after which a node that did not answer is asked again.
const RETRY_CHAIN_SECS: u64 = 5;
/// Seconds after which a queue or a pause is looked at again.
const RETRY_LATER_SECS: u64 = 60;
const DAY_SECS: u64 = 86_400;

/// Reason for which a request does not get the answer that it asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ApiError {
    #[error(transparent)]
    Body(#[from] JsonRejection),
    #[error(transparent)]
    Path(#[from] PathRejection),
    #[error(transparent)]
    Field(#[from] FieldProblem),
    #[error("no such route")]
    RouteUnknown,
    #[error("the route does not take this method")]
    MethodNotAllowed,
    #[error(transparent)]
    Claim(#[from] ClaimError),
    #[error("no claim {0}")]
    ClaimUnknown(NullifierHash),
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    #[error(transparent)]
    Custody(#[from] CustodyError),
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    #[error("the service changes to no other model")]
    ModelUpgradeUnknown,
    #[error("the key that was published is none")]
    ModelUpgradeUnusable,
    #[error("no enrolment {}", .0.0)]
    EnrolmentUnknown(EnrolmentId),
    #[error("no enrolment has this nonce")]
    NonceUnknown,
    #[error("enrolment {} is a duplicate", .0.0)]
    Duplicate(EnrolmentId),
    #[error("enrolment {} needs a second capture", .0.0)]
    Review(EnrolmentId),
    #[error("the tree has not caught up with the chain")]
    NotSynced,
    #[error("there is no tree of the epoch")]
    TreeUnknown(#[source] EpochError),
    #[error("the tree has no such tile")]
    TileUnknown,
    #[error(transparent)]
    Epoch(#[from] EpochError),
    #[error(transparent)]
    Chain(#[from] ChainError),
    #[error("chain or contracts are not those of this service")]
    OtherChain,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("too many requests are under way")]
    Overloaded,
    #[error("the body is too large")]
    BodyTooLarge,
    #[error("the body did not arrive in time")]
    BodyTooSlow,
    #[error("the body did not arrive whole")]
    BodyUnreadable,
    #[error(transparent)]
    Shared(Arc<ApiError>),
    #[error("the client has too many streams open")]
    TooManyStreams,
    #[error("too many requests in a short time")]
    RateLimited { wait_secs: u64 },
    #[error("the receipt was not signed")]
    Receipt(#[from] SignerError),
    #[error("the request took too long")]
    TimedOut,
    #[error("a file of the app cannot be read")]
    FileUnreadable(#[source] std::io::Error),
    #[error("a handler panicked: {0}")]
    Panicked(String),
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let refusal = self.refusal();
        if refusal.code.status().is_server_error() {
            let cause = chain_of_causes(&self);
            tracing::error!(code = refusal.code.as_str(), cause, "request failed");
        }
        refusal.into_response()
    }
}

impl ApiError {
    /// Returns the refusal that the sender is told.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Body(rejection) => body_refusal(rejection),
            Self::Path(_) => Refusal::new(
                Code::PathInvalid,
                "Write the path in UTF-8, percent-encoded, and send the request again.",
            ),
            Self::Field(problem) => field_refusal(problem),
            Self::RouteUnknown => Refusal::new(
                Code::RouteUnknown,
                "Look the route up in /openapi.json; all routes of people and orbs begin with /v1.",
            ),
            Self::MethodNotAllowed => Refusal::new(
                Code::MethodNotAllowed,
                "Use a method that /openapi.json names for this route.",
            ),
            Self::Claim(error) => claim_refusal(error),
            Self::ClaimUnknown(_) => Refusal::new(
                Code::ClaimUnknown,
                "Check the nullifier hash; if the claim was never acknowledged, send it again.",
            ),
            Self::Enrol(error) => enrol_refusal(error),
            Self::Custody(error) => custody_refusal(error),
            Self::Upgrade(error) => upgrade_refusal(error),
            Self::ModelUpgradeUnknown => no_upgrade(),
            Self::ModelUpgradeUnusable => internal(),
            Self::EnrolmentUnknown(_) => Refusal::new(
                Code::EnrolmentUnknown,
                "Check the id; if the enrolment was never acknowledged, the orb sends the same packet again.",
            ),
            Self::NonceUnknown => Refusal::new(
                Code::EnrolmentUnknown,
                "Ask again in a moment, until the orb has submitted the capture; if it never does, show it a fresh code.",
            )
            .of_field("nonce")
            .retry_after(RETRY_SOON_SECS),
            Self::Duplicate(id) => Refusal::new(
                Code::EnrolmentDuplicate,
                "Use the identity that was enrolled first: one person has one, and a second is never admitted.",
            )
            .of_enrolment(*id),
            Self::Review(id) => Refusal::new(
                Code::EnrolmentReview,
                "Look into the orb once more, eyes wide open and without glasses: a second capture decides, or the operator of the service.",
            )
            .of_enrolment(*id),
            Self::NotSynced => Refusal::new(
                Code::MembershipNotSynced,
                "Ask again in a moment: the service is reading the registry.",
            )
            .retry_after(RETRY_SOON_SECS),
            Self::TreeUnknown(error) => Refusal {
                code: Code::TreeUnknown,
                ..epoch_refusal(error)
            },
            Self::TileUnknown => Refusal::new(
                Code::TileUnknown,
                "Ask for levels 0 to 3, and on each for tiles that have members.",
            )
            .of_field("index"),
            Self::Epoch(error) => epoch_refusal(error),
            Self::Chain(error) => chain_refusal(error),
            Self::OtherChain => Refusal::new(
                Code::ChainUnavailable,
                "Send the same request again later: the service has lost its chain, and /readyz says how.",
            )
            .retry_after(RETRY_LATER_SECS),
            Self::Store(error) => store_refusal(error),
            Self::Overloaded => Refusal::new(
                Code::Overloaded,
                "Wait as long as Retry-After says and send the same request again.",
            )
            .retry_after(RETRY_SOON_SECS),
            Self::RateLimited { wait_secs } => Refusal::new(
                Code::RateLimited,
                "Wait as long as Retry-After says and send the same request again.",
            )
            .retry_after(*wait_secs),
            Self::BodyTooLarge => Refusal::new(
                Code::BodyTooLarge,
                "Send a body of at most 96 KiB; no request of this API needs more.",
            ),
            Self::BodyTooSlow => Refusal::new(
                Code::BodyTooSlow,
                "Send the request again over a faster connection, its body in one piece.",
            )
            .retry_after(RETRY_SOON_SECS),
            Self::BodyUnreadable => Refusal::new(
                Code::BodyUnreadable,
                "Send the request again; its body did not arrive whole.",
            ),
            Self::Shared(error) => error.refusal(),
            Self::TooManyStreams => Refusal::new(
                Code::RateLimited,
                "Close a stream of events before opening another, or ask for the claim now and then.",
            )
            .retry_after(RETRY_SOON_SECS),
            Self::Receipt(_) => internal(),
            Self::TimedOut => Refusal::new(
                Code::RequestTimedOut,
                "Send the same request again; what was taken already is not taken twice.",
            )
            .retry_after(RETRY_SOON_SECS),
            Self::FileUnreadable(_) | Self::Panicked(_) => internal(),
        }
    }
}

fn internal() -> Refusal {
    Refusal::new(
        Code::Internal,
        "Send the same request again later; if it fails again, give the operator the x-request-id of this answer.",
    )
}

fn body_refusal(rejection: &JsonRejection) -> Refusal {
    match rejection {
        JsonRejection::JsonSyntaxError(error) => Refusal::new(
            Code::BodyNotJson,
            format!("Send one JSON object: {}.", parser_text(&error.body_text())),
        ),
        JsonRejection::JsonDataError(error) => Refusal::new(
            Code::BodyInvalid,
            format!(
                "Compare the body with its schema in /openapi.json: {}.",
                parser_text(&error.body_text())
            ),
        ),
        JsonRejection::MissingJsonContentType(_) => Refusal::new(
            Code::ContentTypeNotJson,
            "Send the body with the header Content-Type: application/json.",
        ),
        _ => Refusal::new(
            Code::BodyUnreadable,
            "Send the request again; its body did not arrive whole.",
        ),
    }
}

fn field_refusal(problem: &FieldProblem) -> Refusal {
    match problem {
        FieldProblem::Malformed { field, expected } => Refusal::new(
            Code::MalformedField,
            format!("Write {field} as {expected}."),
        )
        .of_field(field),
        FieldProblem::StatementVersion { .. } => Refusal::new(
            Code::StatementVersionInvalid,
            "Send a statement of version 1 without commitments, or of version 2 with them.",
        )
        .of_field("version"),
        FieldProblem::OutOfRange { field, source } => range_refusal(field, *source).of_field(field),
        FieldProblem::Address { field, .. } => Refusal::new(
            Code::MalformedField,
            format!(
                "Copy {field} again from where you have it: its capital letters are a checksum, and it is wrong."
            ),
        )
        .of_field(field),
        _ => Refusal::new(
            Code::MalformedField,
            "Compare the request with /openapi.json and send it again.",
        ),
    }
}

fn range_refusal(field: &'static str, problem: FieldError) -> Refusal {
    match problem {
        FieldError::NotCanonical => Refusal::new(
            Code::NotCanonical,
            format!("Send {field} reduced: below the BN254 scalar modulus."),
        ),
        FieldError::ZeroCommitment => Refusal::new(
            Code::ZeroCommitment,
            "Make a new identity: zero stands for an empty leaf.",
        ),
        FieldError::CoordinateOutOfRange { index } => Refusal::new(
            Code::CoordinateOutOfRange,
            format!(
                "Make the proof anew: coordinate {index} of the eight, counted from 0, is not below the BN254 base modulus."
            ),
        ),
        FieldError::Malformed | FieldError::LeafIndexOutOfRange(_) => Refusal::new(
            Code::MalformedField,
            format!("Correct {field} and send the request again."),
        ),
        _ => Refusal::new(
            Code::MalformedField,
            format!("Correct {field} and send the request again."),
        ),
    }
}

fn claim_refusal(error: &ClaimError) -> Refusal {
    match error {
        ClaimError::Epoch(error) => epoch_refusal(error),
        ClaimError::NoMembers(epoch) => Refusal::new(
            Code::EpochWithoutMembers,
            format!("Claim an epoch that begins after you joined; nobody had joined before epoch {epoch}."),
        ),
        ClaimError::Proof(VerifyError::NotInGroup) => Refusal::new(
            Code::ProofNotInGroup,
            "Make the proof anew: these coordinates are no points of the curve.",
        )
        .of_field("proof"),
        ClaimError::Proof(_) => Refusal::new(
            Code::ClaimProofInvalid,
            "Make the proof anew for exactly this epoch, recipient, fee recipient and fee, against the root that the chain has for the epoch.",
        ),
        ClaimError::NullifierTaken => Refusal::new(
            Code::NullifierAlreadyClaimed,
            "Ask for the claim that was taken first, GET /v1/claims/{nullifier}; the next epoch can be claimed when it begins.",
        ),
        ClaimError::NullifierSpent => Refusal::new(
            Code::NullifierSpent,
            "Look at the recipient's balance: this epoch was paid already; the next one can be claimed when it begins.",
        ),
        ClaimError::Paused => Refusal::new(
            Code::PaymentsPaused,
            "Send the claim again later; nothing is lost as long as the epoch's claim window is open.",
        )
        .retry_after(RETRY_LATER_SECS),
        ClaimError::InvalidRecipient(_) => Refusal::new(
            Code::InvalidRecipient,
            "Make the proof for the address of somebody: the zero address, the token and the distributor would lose the money.",
        ),
        ClaimError::CensusExceeded(_) => Refusal::new(
            Code::CensusExceeded,
            "Tell the governor: somebody has claimed who is no member. The next epoch can be claimed when it begins.",
        ),
        ClaimError::FeeAboveAmount { amount } => Refusal::new(
            Code::FeeAboveAmount,
            format!("Make the proof for a fee of at most {} in the token's smallest unit.", amount.0),
        )
        .of_field("fee"),
        ClaimError::QueueFull => Refusal::new(
            Code::ClaimQueueFull,
            "Send the same claim again later, or send it to the contract yourself.",
        )
        .retry_after(RETRY_LATER_SECS),
        ClaimError::Chain(error) => chain_refusal(error),
        ClaimError::Store(error) => store_refusal(error),
        _ => internal(),
    }
}

fn enrol_refusal(error: &EnrolError) -> Refusal {
    match error {
        EnrolError::Signature(_) => Refusal::new(
            Code::OrbSignatureInvalid,
            "Sign the enrolment with the orb's device key under the chain id and orb registry of /v1/config, with s in the lower half.",
        )
        .of_field("signature"),
        EnrolError::OrbNotActive(orb) => Refusal::new(
            Code::OrbNotActive,
            format!("Go to another orb, or have orb {orb} listed in the orb registry; a signature over other data also names a stranger."),
        ),
        EnrolError::OrbRefused(orb) => Refusal::new(
            Code::OrbRefused,
            format!("Go to another orb, at once: the operator of this service takes nothing from orb {orb}."),
        ),
        EnrolError::OrbLimitReached { wait_secs, .. } => Refusal::new(
            Code::OrbLimitReached,
            "Go to another orb, or come again in the next epoch.",
        )
        .retry_after((*wait_secs).max(RETRY_LATER_SECS)),
        EnrolError::IrisDigestMismatch => Refusal::new(
            Code::IrisDigestMismatch,
            "Send the very templates that were signed: irisDigest is keccak256 of the left and then the right one.",
        )
        .of_field("irisDigest"),
        EnrolError::CommitmentsRequired => Refusal::new(
            Code::CommitmentsRequired,
            "Update the orb and capture again: this service takes statements of version 2 only.",
        )
        .of_field("version"),
        EnrolError::CodeCommitmentMismatch { eye } => Refusal::new(
            Code::CodeCommitmentMismatch,
            format!(
                "Send the very template and salt that {}.codeCommitment is to, each in the place of its eye.",
                commitments_of(*eye)
            ),
        )
        .of_field(commitments_of(*eye)),
        EnrolError::Encoding(refusal) => {
            encoding_refusal(refusal, ProofUse::Enrolment).of_field("encodingProofs")
        }
        EnrolError::Upgrade(refusal) => codes_refusal(refusal).of_field("upgradedCodes"),
        EnrolError::IrisCommitmentUsed => Refusal::new(
            Code::IrisCommitmentUsed,
            "Capture again: an orb draws new salts for each eye of each capture.",
        )
        .of_field("commitments"),
        EnrolError::ModelMismatch { expected, .. } => Refusal::new(
            Code::ModelMismatch,
            format!("Update the orb to the encoder with model {expected} and capture again."),
        )
        .of_field("modelId"),
        EnrolError::NotFresh { captured_at, now } => Refusal::new(
            Code::CaptureNotFresh,
            format!("Set the orb's clock and capture again: the capture is from {captured_at}, and it is {now} now."),
        )
        .of_field("capturedAt"),
        EnrolError::NothingToRecover => Refusal::new(
            Code::NothingToRecover,
            "Enrol as a new person.",
        )
        .of_field("kind"),
        EnrolError::RecoveryTooSoon { wait_days } => Refusal::new(
            Code::RecoveryTooSoon,
            "Come back later: the enrolment before has to settle, and some time has to pass between two of one person.",
        )
        .of_field("kind")
        .retry_after(wait_days.saturating_mul(DAY_SECS)),
        EnrolError::TemplateUnusable => Refusal::new(
            Code::TemplateUnusable,
            "Capture again with both eyes wide open: too little of an iris was visible.",
        ),
        EnrolError::NonceUsed => Refusal::new(
            Code::NonceUsed,
            "Show the orb a new invitation: each one is good for one enrolment.",
        )
        .of_field("nonce"),
        EnrolError::CommitmentTaken(_) => Refusal::new(
            Code::CommitmentTaken,
            "Claim with this identity if it is yours; to enrol somebody else, make a new one.",
        )
        .of_field("commitment"),
        EnrolError::Busy => Refusal::new(
            Code::EnrolmentBusy,
            "Send the same packet again.",
        )
        .retry_after(RETRY_SOON_SECS),
        EnrolError::Chain(error) => chain_refusal(error),
        EnrolError::Store(error) => store_refusal(error),
        _ => internal(),
    }
}

fn no_upgrade() -> Refusal {
    Refusal::new(
        Code::ModelUpgradeUnknown,
        "Keep your templates as they are: the service changes to no other model now.",
    )
}

fn upgrade_refusal(error: &UpgradeError) -> Refusal {
    match error {
        UpgradeError::NotUnderWay => no_upgrade(),
        UpgradeError::Over { old_until } => Refusal::new(
            Code::ModelUpgradeOver,
            format!("Visit an orb: people could change from home until {old_until} (Unix seconds)."),
        ),
        UpgradeError::UnknownAccount(_) => Refusal::new(
            Code::AccountUnknown,
            "Use the identity that is enrolled: nobody who counts has this commitment.",
        )
        .of_field("commitment"),
        UpgradeError::Uncommitted => Refusal::new(
            Code::IrisUncommitted,
            "Visit an orb: no orb committed to your irises, so that nothing can be proved about them.",
        )
        .of_field("commitment"),
        UpgradeError::OrbNotActive(orb) => Refusal::new(
            Code::OrbNotActive,
            format!("Visit an orb: {orb}, which signed the commitments to your irises, is not believed any longer."),
        ),
        UpgradeError::OtherCodes => Refusal::new(
            Code::TemplateUpgraded,
            "Leave it at that: your templates are of the new model already.",
        )
        .of_field("codes"),
        UpgradeError::Codes(refusal) => codes_refusal(refusal).of_field("codes"),
        UpgradeError::Orb(error) => enrol_refusal(error),
        UpgradeError::Store(error) => store_refusal(error),
        _ => internal(),
    }
}

fn codes_refusal(refusal: &RefusedCodes) -> Refusal {
    match refusal {
        RefusedCodes::Missing { model_id } => Refusal::new(
            Code::UpgradedCodesRequired,
            format!(
                "Have the orb send codes by model {model_id} as well, with their proofs, and capture again."
            ),
        ),
        RefusedCodes::OtherModel { expected, .. } => Refusal::new(
            Code::ModelMismatch,
            format!("Encode the irises by model {expected}: the service changes to it."),
        ),
        RefusedCodes::Unusable => Refusal::new(
            Code::TemplateUnusable,
            "Visit an orb with both eyes wide open: too little of an iris was visible.",
        ),
        RefusedCodes::Encoding(refusal) => encoding_refusal(refusal, ProofUse::Upgrade),
        _ => internal(),
    }
}

/// Use of proofs of encoding, which is the purpose that they are made for.
#[derive(Debug, Clone, Copy)]
enum ProofUse {
    Enrolment,
    Upgrade,
}

fn encoding_refusal(refusal: &RefusedEncoding, of: ProofUse) -> Refusal {
    match refusal {
        RefusedEncoding::Missing => Refusal::new(
            Code::EncodingProofRequired,
            "Have the orb prove both codes and capture again: this service takes no packet without their proofs.",
        ),
        RefusedEncoding::Malformed { reason } => Refusal::new(
            Code::EncodingProofInvalid,
            format!(
                "Send the text of a file of both eyes' proofs: {}.",
                parser_text(reason)
            ),
        ),
        RefusedEncoding::Proof {
            eye,
            source: RefusedProof::OtherModel { expected, actual },
        } => Refusal::new(
            Code::EncodingProofMismatch,
            format!(
                "Prove the code of the {} eye by the model {expected}: the proof is for the model {actual}.",
                eye.name()
            ),
        ),
        RefusedEncoding::Proof {
            eye,
            source: RefusedProof::OtherKey { expected, actual },
        } => Refusal::new(
            Code::EncodingProofMismatch,
            format!(
                "Prove the code of the {} eye for the key {expected}: the proof is for the key {actual}.",
                eye.name()
            ),
        ),
        RefusedEncoding::OtherContext => Refusal::new(
            Code::EncodingProofMismatch,
            match of {
                ProofUse::Enrolment => {
                    "Make the proofs for the purpose enrolment, the account that is the packet's commitment, and epoch 0."
                }
                ProofUse::Upgrade => {
                    "Make the proofs for the purpose model-upgrade, the account that is the person's commitment, and epoch 0."
                }
            },
        ),
        RefusedEncoding::OtherStatement { eye } => Refusal::new(
            Code::EncodingProofMismatch,
            format!(
                "Prove both commitments that were signed for the {} eye, each eye in its own place.",
                eye.name()
            ),
        ),
        RefusedEncoding::Proof { eye, .. } => Refusal::new(
            Code::EncodingProofInvalid,
            format!(
                "Make the proof of the {} eye anew: it does not hold.",
                eye.name()
            ),
        ),
        _ => internal(),
    }
}

fn custody_refusal(error: &CustodyError) -> Refusal {
    match error {
        CustodyError::Unknown => Refusal::new(
            Code::PackageUnknown,
            "Look for the package where you saved it: it is kept for a week after the visit, and until a device has confirmed that it has it.",
        )
        .of_field("nonce"),
        CustodyError::Signature => Refusal::new(
            Code::VisitSignatureInvalid,
            "Sign the request with the key of the visit code, under the chain id and orb registry of /v1/config.",
        )
        .of_field("signature"),
        CustodyError::Store(error) => store_refusal(error),
        _ => internal(),
    }
}

const fn commitments_of(eye: Eye) -> &'static str {
    match eye {
        Eye::Left => "commitments.left",
        Eye::Right => "commitments.right",
    }
}

fn epoch_refusal(error: &EpochError) -> Refusal {
    match error {
        EpochError::NotBegun { epoch, seconds_left } => Refusal::new(
            Code::EpochNotBegun,
            format!("Wait: epoch {epoch} begins in {seconds_left} seconds by the chain's clock."),
        )
        .of_field("epoch")
        .retry_after(*seconds_left),
        EpochError::BeforeGenesis { time, genesis } => {
            let seconds_left = genesis.saturating_sub(*time);
            Refusal::new(
                Code::EpochNotBegun,
                format!("Wait: the first epoch begins in {seconds_left} seconds by the chain's clock."),
            )
            .retry_after(seconds_left)
        }
        EpochError::WindowOver { epoch, current } => Refusal::new(
            Code::ClaimWindowOver,
            format!("Claim the current epoch, {current}; what was not claimed in epoch {epoch} went back to the treasury."),
        )
        .of_field("epoch"),
        EpochError::ZeroLength => internal(),
        _ => internal(),
    }
}

fn chain_refusal(error: &ChainError) -> Refusal {
    if !error.is_retryable() {
        return internal();
    }
    Refusal::new(
        Code::ChainUnavailable,
        "Send the same request again; the service's chain endpoint does not answer now.",
    )
    .retry_after(RETRY_CHAIN_SECS)
}

fn store_refusal(error: &StoreError) -> Refusal {
    match error {
        StoreError::Backend(_) => Refusal::new(
            Code::StoreUnavailable,
            "Send the same request again; what was acknowledged before is kept.",
        )
        .retry_after(RETRY_SOON_SECS),
        StoreError::Corrupt { .. } | StoreError::RowCount { .. } => internal(),
        _ => internal(),
    }
}

/// Returns a parser's message, cut to a bounded length and without its full stop.
fn parser_text(text: &str) -> String {
    let short: String = text.chars().take(MAX_PARSER_TEXT_CHARS).collect();
    short.trim_end_matches('.').to_owned()
}

fn chain_of_causes(error: &ApiError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
