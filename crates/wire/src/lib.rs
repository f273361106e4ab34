//! The API's bodies, shared by the service and its client.
//!
//! Here: serde types with their OpenAPI schemas, and the conversions to domain
//! types, which is where a malformed value is refused and named.
//!
//! Not here: routes, HTTP, decisions.
//!
//! Invariants: numbers of the field and of the curve are `0x` and 64 hexadecimal
//! digits; amounts are decimal strings of the token's smallest unit; times are
//! Unix seconds.

mod claim;
mod custody;
mod enrolment;
mod health;
mod hex;
mod info;
mod number;
mod problem;
mod receipt;
mod schema;
mod upgrade;

pub use claim::{ClaimRequest, ClaimStatus, ClaimView};
pub use custody::{ParsedPackage, SealedPackageRequest, SealedPackageView, VisitSignatureRequest};
pub use enrolment::{
    EnrolmentRequest, EnrolmentStatus, EnrolmentView, EyeCommitmentsRequest,
    IrisCommitmentsRequest, KindName, ParsedEnrolment,
};
pub use health::{LivenessView, PartStatus, PartView, ReadinessView, ServicePart};
pub use hex::FieldProblem;
pub use info::{ConfigView, EpochView};
pub use problem::Problem;
pub use receipt::{ReceiptView, RefusalView};
pub use schema::{
    AddressText, AmountText, AnyTemplateText, Base64Text, CommitmentText, CoordinateText,
    ProofPairText, ScalarText, SignatureText, TemplateText, UnsignedNumber, VisitKeyText,
    VisitSignatureText, WordText,
};
pub use upgrade::{
    ModelUpgradeView, ParsedCodes, TemplateUpgradeRequest, TemplateUpgradeView,
    UpgradedCodesRequest,
};
