//! Reasons in the revert data of the contracts.

use alloy::sol_types::SolInterface;
use annona_core::RevertReason;

use crate::contracts::Distributor::DistributorErrors;
use crate::contracts::Registry::RegistryErrors;

/// Decodes the reason in a call's revert data, whichever contract made it.
#[must_use]
pub fn revert_reason(data: &[u8]) -> RevertReason {
    if let Ok(error) = DistributorErrors::abi_decode(data) {
        return distributor_reason(&error, data);
    }
    match RegistryErrors::abi_decode(data) {
        Ok(error) => registry_reason(&error, data),
        Err(_) => RevertReason::Other(selector(data)),
    }
}

fn distributor_reason(error: &DistributorErrors, data: &[u8]) -> RevertReason {
    match error {
        DistributorErrors::EnforcedPause(_) => RevertReason::Paused,
        DistributorErrors::Distributor_EpochNotClaimable(_)
        | DistributorErrors::Distributor_NoMembers(_) => RevertReason::EpochNotClaimable,
        DistributorErrors::Distributor_NullifierSpent(_) => RevertReason::NullifierSpent,
        DistributorErrors::Distributor_InvalidProof(_) => RevertReason::InvalidProof,
        DistributorErrors::Distributor_CensusExceeded(_) => RevertReason::CensusExceeded,
        DistributorErrors::Distributor_FeeAboveAmount(_) => RevertReason::FeeAboveAmount,
        DistributorErrors::Distributor_InvalidRecipient(_)
        | DistributorErrors::Distributor_InvalidFeeRecipient(_) => RevertReason::InvalidRecipient,
        DistributorErrors::Distributor_NothingToPay(_)
        | DistributorErrors::Distributor_BudgetNotReceived(_) => RevertReason::NothingToPay,
        DistributorErrors::Distributor_TooLittleGas(_) => RevertReason::TooLittleGas,
        _ => RevertReason::Other(selector(data)),
    }
}

fn registry_reason(error: &RegistryErrors, data: &[u8]) -> RevertReason {
    match error {
        // The prover checks its proofs: one that fails was made for an earlier root.
        RegistryErrors::Registry_InvalidProof(_) => RevertReason::StaleRegistry,
        RegistryErrors::Registry_EpochEnrolmentCapExceeded(_) => RevertReason::EnrolmentCapReached,
        _ => RevertReason::Other(selector(data)),
    }
}

fn selector(data: &[u8]) -> [u8; 4] {
    data.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use alloy::primitives::U256;
    use alloy::sol_types::SolError;

    use super::*;
    use crate::contracts::{Distributor, Registry};

    #[test]
    fn refusals_are_told_apart() {
        let spent = Distributor::Distributor_NullifierSpent {
            epoch: U256::ONE,
            nullifierHash: U256::ONE,
        };
        assert_eq!(
            revert_reason(&spent.abi_encode()),
            RevertReason::NullifierSpent
        );
        let stale = Registry::Registry_InvalidProof {
            preRoot: U256::ONE,
            nextIndex: U256::ZERO,
        };
        assert_eq!(
            revert_reason(&stale.abi_encode()),
            RevertReason::StaleRegistry
        );
        assert_eq!(
            revert_reason(&[1, 2, 3, 4, 5]),
            RevertReason::Other([1, 2, 3, 4])
        );
        assert_eq!(revert_reason(&[]), RevertReason::Other([0; 4]));
    }
}
