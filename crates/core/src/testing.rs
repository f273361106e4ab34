//! Examples that the unit tests of several modules begin with.
#![allow(clippy::unwrap_used)]

use alloy_primitives::{B256, U256};

use crate::{Commitment, Enrolment, EnrolmentKind, UnixSeconds};

/// Returns a statement of an orb, each field unlike the others.
pub(crate) fn enrolment() -> Enrolment {
    Enrolment {
        commitment: Commitment::try_from(U256::from(5)).unwrap(),
        iris_digest: B256::repeat_byte(1),
        image_digest: B256::repeat_byte(2),
        model_id: B256::repeat_byte(3),
        kind: EnrolmentKind::New,
        captured_at: UnixSeconds(1_700_000_000),
        nonce: B256::repeat_byte(4),
    }
}
