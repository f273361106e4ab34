//! Service that signs receipts of claims that were taken, and refusals of those that were rejected.

use std::sync::Arc;

use annona_core::{Address, ClaimReceipt, ClaimRefusal, ClaimScope, SignedReceipt, SignedRefusal};

use crate::ports::{BlockHead, DigestSigner, SignerError};
use crate::{ClaimRecord, ClaimState};

/// Signs for claims that were accepted, so that a dropped one can be proved, and for those
/// that turned out not to be payable, so that an honest service can show why.
#[derive(Clone)]
pub struct ReceiptService {
    signer: Arc<dyn DigestSigner>,
    scope: ClaimScope,
}

impl ReceiptService {
    /// Creates the service that signs receipts and refusals with a key.
    #[must_use]
    pub fn new(signer: Arc<dyn DigestSigner>, scope: ClaimScope) -> Self {
        Self { signer, scope }
    }

    /// Returns the address of the key that signs.
    #[must_use]
    pub fn signer(&self) -> Address {
        self.signer.address()
    }

    /// Returns the receipt of a claim, the same for as long as the claim is stored; `None`
    /// for a claim that was taken without a promise (RCPT-3).
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn receipt(&self, record: &ClaimRecord) -> Result<Option<SignedReceipt>, SignerError> {
        let Some(deadline) = record.intake.deadline else {
            return Ok(None);
        };
        let receipt = ClaimReceipt {
            terms: record.terms(),
            taken_at: record.intake.chain_time,
            deadline,
        };
        let signature = self.signer.sign(receipt.signing_hash(&self.scope))?;
        Ok(Some(SignedReceipt { receipt, signature }))
    }

    /// Returns the statement, as of the newest block, of why a claim is not paid; `None` for
    /// one that is not rejected (RCPT-4).
    ///
    /// # Errors
    /// [`SignerError`].
    pub fn refusal(
        &self,
        record: &ClaimRecord,
        head: BlockHead,
    ) -> Result<Option<SignedRefusal>, SignerError> {
        let ClaimState::Rejected(why) = record.state else {
            return Ok(None);
        };
        let refusal = ClaimRefusal {
            terms: record.terms(),
            reason: why.code().to_owned(),
            block_number: head.number,
            block_time: head.timestamp,
        };
        let signature = self.signer.sign(refusal.signing_hash(&self.scope))?;
        Ok(Some(SignedRefusal { refusal, signature }))
    }
}
