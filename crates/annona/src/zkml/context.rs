//! Arguments that say what a proof is for.

use annona_core::B256;
use annona_zkml::{ProofContext, Purpose};
use clap::Args;

/// Arguments that say what a proof is for.
#[derive(Debug, Clone, Args)]
pub(super) struct ContextArgs {
    /// Use that the proof is made for: small letters, digits and hyphens.
    #[arg(long, value_name = "WORD", default_value = "enrolment")]
    purpose: Purpose,
    /// Account that the proof is for, such as a commitment of the registry; 32 bytes.
    #[arg(long, value_name = "0x…", default_value_t = B256::ZERO)]
    account: B256,
    /// Epoch in which the proof is used; 0 where epochs do not matter.
    #[arg(long, default_value_t = 0)]
    epoch: u64,
}

impl From<ContextArgs> for ProofContext {
    fn from(args: ContextArgs) -> Self {
        Self {
            purpose: args.purpose,
            account: args.account,
            epoch: args.epoch,
        }
    }
}
