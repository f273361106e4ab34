//! The file that keeps the receipt of a claim.

use std::path::Path;

use annona_client::ClaimDraft;
use annona_client::wire::{ClaimView, RefusalView};
use annona_core::{Epoch, NullifierHash};
use annona_files::{Audience, FileError, OutputFile, read_text, write_new};
use anyhow::ensure;
use serde::Deserialize;

use super::session::Session;
use crate::output::note;
use crate::promise;

/// Longest file that is taken for a receipt.
const MAX_RECEIPT_BYTES: u64 = 1 << 16;

/// Disk space that is taken for a receipt before the claim is sent.
const RECEIPT_ROOM_BYTES: usize = 4_096;

/// The file for the service's receipt, begun before the claim is sent (RCPT-6).
pub(super) enum ReceiptFile {
    NotWanted,
    New(OutputFile<'static>),
    /// There is one. It may be of the same claim, which was sent before.
    Existing(ReceiptOf, FileError),
}

/// The claim of a receipt, whatever else it promises.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReceiptOf {
    nullifier_hash: String,
    epoch: u64,
    #[serde(rename = "signature")]
    _signature: String,
}

impl ReceiptFile {
    /// Begins the file before anything is sent, with room for the receipt.
    pub(super) fn begin(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::NotWanted);
        };
        match OutputFile::create(path, Audience::Owner) {
            Ok(mut file) => {
                file.reserve(RECEIPT_ROOM_BYTES)?;
                Ok(Self::New(file))
            }
            Err(exists @ FileError::Exists { .. }) => {
                let text = read_text(path, MAX_RECEIPT_BYTES).ok();
                match text.and_then(|text| serde_json::from_str(&text).ok()) {
                    Some(receipt) => Ok(Self::Existing(receipt, exists)),
                    None => Err(exists.into()),
                }
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Refuses a receipt of another claim.
    pub(super) fn check(&self, nullifier: NullifierHash, epoch: Epoch) -> anyhow::Result<()> {
        if let Self::Existing(receipt, exists) = self {
            let is_same =
                receipt.nullifier_hash == nullifier.to_string() && receipt.epoch == epoch.0;
            ensure!(is_same, "{exists}");
        }
        Ok(())
    }

    /// Writes the receipt down once it is seen to bind the service. The first one of a claim
    /// is the earliest promise and stays.
    pub(super) fn write(
        self,
        session: &Session,
        draft: &ClaimDraft,
        accepted: &ClaimView,
    ) -> anyhow::Result<()> {
        let Self::New(mut file) = self else {
            return Ok(());
        };
        let Some(view) = &accepted.receipt else {
            note("the service took the claim, and promises nothing about it");
            return Ok(());
        };
        promise::ensure_binding(view, session.chain.deployment(), draft)?;
        file.put((serde_json::to_string_pretty(view)? + "\n").as_bytes())?;
        Ok(file.commit()?)
    }
}

/// Writes the service's reason down beside the receipt. The first one stays.
pub(super) fn keep_refusal(refusal: &RefusalView, receipt: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(refusal)? + "\n";
    let path = promise::refusal_path(receipt);
    match write_new(&path, Audience::Owner, text.as_bytes()) {
        Err(exists @ FileError::Exists { .. }) => {
            note(format_args!(
                "warning: the reason of the refusal is not kept: {exists}"
            ));
            Ok(())
        }
        kept => Ok(kept?),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::U256;

    use super::*;

    #[test]
    fn a_receipt_is_kept_for_its_own_claim_and_refuses_any_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipt.json");
        let begin = || ReceiptFile::begin(Some(&path));
        assert!(matches!(begin().unwrap(), ReceiptFile::New(_)));
        let nullifier = |number: u64| NullifierHash::try_from(U256::from(number)).unwrap();
        let text = format!(
            r#"{{"nullifierHash": "{}", "epoch": 3, "deadline": 9, "signature": "0x"}}"#,
            nullifier(7)
        );
        std::fs::write(&path, &text).unwrap();
        begin().unwrap().check(nullifier(7), Epoch(3)).unwrap();
        assert!(begin().unwrap().check(nullifier(8), Epoch(3)).is_err());
        assert!(begin().unwrap().check(nullifier(7), Epoch(4)).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        std::fs::write(&path, "{}").unwrap();
        assert!(begin().is_err(), "another file");
    }
}
