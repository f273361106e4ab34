//! Codes of all problems that the API answers with, each with its HTTP status and title.

use core::fmt::Write;

use axum::http::StatusCode;

macro_rules! problem_codes {
    ($($variant:ident, $status:ident, $code:literal, $title:literal;)*) => {
        /// Every way in which the API says no: a stable code, its status and its title.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum ProblemCode {
            $(#[doc = $title] $variant,)*
        }

        impl ProblemCode {
            /// All problem codes.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the code, as it is written in a problem; it never changes its meaning.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns the HTTP status that goes with it.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// Returns the summary of the problem, the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

problem_codes! {
    BodyNotJson, BAD_REQUEST, "body-not-json", "The body is not JSON.";
    BodyInvalid, BAD_REQUEST, "body-invalid", "The body lacks a field, has an unknown one, or one of another type.";
    BodyUnreadable, BAD_REQUEST, "body-unreadable", "The body did not arrive whole.";
    PathInvalid, BAD_REQUEST, "path-invalid", "A part of the path cannot be read.";
    MalformedField, BAD_REQUEST, "malformed-field", "A field is not of its written form.";
    NotCanonical, BAD_REQUEST, "not-canonical", "A number is not below the BN254 scalar modulus.";
    ZeroCommitment, BAD_REQUEST, "zero-commitment", "Zero cannot be a commitment.";
    CoordinateOutOfRange, BAD_REQUEST, "proof-coordinate-out-of-range", "A coordinate of the proof is not below the BN254 base modulus.";
    ProofNotInGroup, BAD_REQUEST, "proof-not-in-group", "A point of the proof is not in its group.";
    StatementVersionInvalid, BAD_REQUEST, "statement-version-invalid", "The version of the orb's statement is unknown, or does not go with its commitments.";
    CaptureNotFresh, BAD_REQUEST, "capture-not-fresh", "The capture is too old, or lies in the future.";
    OrbSignatureInvalid, UNAUTHORIZED, "orb-signature-invalid", "The signature fits no orb.";
    VisitSignatureInvalid, UNAUTHORIZED, "visit-signature-invalid", "The request is not signed by the key of the visit.";
    OrbNotActive, FORBIDDEN, "orb-not-active", "The orb is not active in the orb registry.";
    OrbRefused, FORBIDDEN, "orb-refused", "Nothing is taken from this orb.";
    RouteUnknown, NOT_FOUND, "route-unknown", "There is no such route.";
    TreeUnknown, NOT_FOUND, "tree-unknown", "There is no tree of this epoch.";
    TileUnknown, NOT_FOUND, "tile-unknown", "The tree has no such tile.";
    ClaimUnknown, NOT_FOUND, "claim-unknown", "No claim with this nullifier was taken.";
    EnrolmentUnknown, NOT_FOUND, "enrolment-unknown", "No enrolment has this id or nonce.";
    PackageUnknown, NOT_FOUND, "package-unknown", "No package is kept for this visit.";
    ModelUpgradeUnknown, NOT_FOUND, "model-upgrade-unknown", "The service changes to no other model.";
    AccountUnknown, NOT_FOUND, "account-unknown", "Nobody who counts is enrolled with this commitment.";
    MethodNotAllowed, METHOD_NOT_ALLOWED, "method-not-allowed", "The route does not take this method.";
    EnrolmentDuplicate, CONFLICT, "enrolment-duplicate", "This person is enrolled already.";
    EnrolmentReview, CONFLICT, "enrolment-review", "The capture is neither clearly new nor clearly known.";
    NonceUsed, CONFLICT, "nonce-used", "The nonce belongs to another enrolment.";
    CommitmentTaken, CONFLICT, "commitment-taken", "The commitment is enrolled already.";
    IrisCommitmentUsed, CONFLICT, "iris-commitment-used", "A commitment to an iris or to a code was used before.";
    TemplateUpgraded, CONFLICT, "template-upgraded", "The templates of this person were replaced by others before.";
    IrisUncommitted, CONFLICT, "iris-uncommitted", "No orb committed to the irises of this person.";
    RecoveryTooSoon, CONFLICT, "recovery-too-soon", "The person's enrolment cannot be replaced yet.";
    EpochNotBegun, CONFLICT, "epoch-not-begun", "The epoch has not begun.";
    EpochWithoutMembers, CONFLICT, "epoch-without-members", "The epoch has no members.";
    NullifierAlreadyClaimed, CONFLICT, "nullifier-already-claimed", "A claim for another payment with this nullifier was taken before.";
    NullifierSpent, CONFLICT, "nullifier-spent", "The nullifier was paid already.";
    CensusExceeded, CONFLICT, "census-reached", "The epoch has paid as many claims as it has members.";
    ClaimWindowOver, GONE, "claim-window-over", "The epoch can no longer be claimed.";
    ModelUpgradeOver, GONE, "model-upgrade-over", "The time for changing to the new model from home is over.";
    BodyTooSlow, REQUEST_TIMEOUT, "body-too-slow", "The body did not arrive in time.";
    BodyTooLarge, PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large.";
    ContentTypeNotJson, UNSUPPORTED_MEDIA_TYPE, "content-type-not-json", "The content type is not application/json.";
    ClaimProofInvalid, UNPROCESSABLE_ENTITY, "claim-proof-invalid", "The proof does not hold for this claim.";
    InvalidRecipient, UNPROCESSABLE_ENTITY, "bad-recipient", "The recipient of the money, or of the fee, would lose it.";
    FeeAboveAmount, UNPROCESSABLE_ENTITY, "fee-above-amount", "The fee exceeds what the epoch pays.";
    NothingToRecover, UNPROCESSABLE_ENTITY, "nothing-to-recover", "Nobody like this is enrolled.";
    IrisDigestMismatch, UNPROCESSABLE_ENTITY, "iris-digest-mismatch", "The templates are not the ones that the orb signed.";
    ModelMismatch, UNPROCESSABLE_ENTITY, "model-mismatch", "The templates were made with another encoder.";
    CommitmentsRequired, UNPROCESSABLE_ENTITY, "commitments-required", "The orb's statement has no commitments.";
    CodeCommitmentMismatch, UNPROCESSABLE_ENTITY, "code-commitment-mismatch", "A template does not open its code commitment.";
    EncodingProofRequired, UNPROCESSABLE_ENTITY, "encoding-proof-required", "The packet has no proofs that its codes came from the model.";
    EncodingProofMismatch, UNPROCESSABLE_ENTITY, "encoding-proof-mismatch", "The proofs of the codes are for another model, key, person or eye.";
    EncodingProofInvalid, UNPROCESSABLE_ENTITY, "encoding-proof-invalid", "The proofs of the codes cannot be read, or do not hold.";
    UpgradedCodesRequired, UNPROCESSABLE_ENTITY, "upgraded-codes-required", "The packet has no codes by the model that the service changes to.";
    TemplateUnusable, UNPROCESSABLE_ENTITY, "template-unusable", "A template has too few valid bits to decide on.";
    OrbLimitReached, TOO_MANY_REQUESTS, "orb-limit-reached", "The orb has brought in as many people as it may in an epoch.";
    RateLimited, TOO_MANY_REQUESTS, "rate-limited", "Too many requests came in a short time.";
    Internal, INTERNAL_SERVER_ERROR, "internal", "The service failed.";
    PaymentsPaused, SERVICE_UNAVAILABLE, "payments-paused", "Payments are paused.";
    ClaimQueueFull, SERVICE_UNAVAILABLE, "claim-queue-full", "Too many claims are waiting.";
    EnrolmentBusy, SERVICE_UNAVAILABLE, "enrolment-busy", "Too many people are joining at once.";
    MembershipNotSynced, SERVICE_UNAVAILABLE, "membership-not-synced", "The membership tree has not caught up with the chain.";
    ChainUnavailable, SERVICE_UNAVAILABLE, "chain-unavailable", "The chain gave no answer.";
    StoreUnavailable, SERVICE_UNAVAILABLE, "store-unavailable", "The database gave no answer.";
    Overloaded, SERVICE_UNAVAILABLE, "overloaded", "Too many requests are under way.";
    RequestTimedOut, SERVICE_UNAVAILABLE, "request-timed-out", "The request took too long.";
}

impl ProblemCode {
    /// The `type` of a problem with this code.
    #[must_use]
    pub fn urn(self) -> String {
        format!("urn:annona:problem:{}", self.as_str())
    }

    /// All codes as a table in Markdown.
    #[must_use]
    pub fn table() -> String {
        let mut table = String::from("| status | code | meaning |\n| --- | --- | --- |\n");
        for code in Self::ALL {
            let (status, name, title) = (code.status().as_u16(), code.as_str(), code.title());
            writeln!(table, "| {status} | `{name}` | {title} |").expect("a String takes any text");
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_distinct_and_of_one_form() {
        let names: BTreeSet<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), ProblemCode::ALL.len());
        for name in names {
            assert!(
                name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'),
                "{name}"
            );
        }
    }

    #[test]
    fn every_code_is_an_error_and_a_row_of_the_table() {
        for code in ProblemCode::ALL {
            let status = code.status();
            assert!(status.is_client_error() || status.is_server_error());
            assert!(ProblemCode::table().contains(&format!("`{}`", code.as_str())));
        }
    }
}
