use std::sync::Arc;

use annona_core::{
    Address, ClaimReceipt, ClaimScope, ClaimWindow, Epoch, EpochClock, SignedReceipt, UnixSeconds,
};

use crate::ClaimRecord;
use crate::ports::{DigestSigner, SignerError};

/// Signs for claims that were accepted, so that a dropped one can be proved.
#[derive(Clone)]
pub struct ReceiptDesk {
    signer: Arc<dyn DigestSigner>,
    scope: ClaimScope,
    calendar: EpochClock,
    window: ClaimWindow,
    promise_secs: u64,
}

impl ReceiptDesk {
    /// A desk that promises to settle within `promise_secs` of arrival.
    #[must_use]
    pub fn new(
        signer: Arc<dyn DigestSigner>,
        scope: ClaimScope,
        calendar: EpochClock,
        window: ClaimWindow,
        promise_secs: u64,
    ) -> Self {
        Self {
            signer,
            scope,
            calendar,
            window,
            promise_secs,
        }
    }

    /// Who signs.
    #[must_use]
    pub fn signer(&self) -> Address {
        self.signer.address()
    }

    /// The receipt of a claim; the same for as long as the claim is stored.
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn receipt(&self, record: &ClaimRecord) -> Result<SignedReceipt, SignerError> {
        let receipt = ClaimReceipt {
            nullifier_hash: record.claim.nullifier_hash,
            epoch: record.claim.epoch,
            deadline: self.deadline(record),
        };
        let signature = self.signer.sign(receipt.signing_hash(&self.scope))?;
        Ok(SignedReceipt { receipt, signature })
    }

    /// Nothing can be paid after the epoch's window.
    fn deadline(&self, record: &ClaimRecord) -> UnixSeconds {
        let promised = record.received_at.0.saturating_add(self.promise_secs);
        let after_window = Epoch(record.claim.epoch.0.saturating_add(self.window.0));
        UnixSeconds(promised.min(self.calendar.start_of(after_window).0))
    }
}
