use std::error::Error;

use alloy::contract::Error as ContractError;
use alloy::rpc::json_rpc::ErrorPayload;
use alloy::sol_types::SolInterface;
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use annona_engine::ports::{ChainError, RevertReason};

use crate::bindings::Distributor::DistributorErrors;
use crate::bindings::Registry::RegistryErrors;

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
        | DistributorErrors::Distributor_NoMembers(_) => RevertReason::EpochNotOpen,
        DistributorErrors::Distributor_NullifierSpent(_) => RevertReason::NullifierSpent,
        DistributorErrors::Distributor_InvalidProof(_) => RevertReason::InvalidProof,
        DistributorErrors::Distributor_CensusExceeded(_) => RevertReason::CensusReached,
        DistributorErrors::Distributor_FeeAboveAmount(_) => RevertReason::FeeAboveAmount,
        DistributorErrors::Distributor_InvalidRecipient(_)
        | DistributorErrors::Distributor_InvalidFeeRecipient(_) => RevertReason::BadRecipient,
        DistributorErrors::Distributor_NothingToPay(_)
        | DistributorErrors::Distributor_BudgetNotReceived(_) => RevertReason::NoMoney,
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

/// An answer of another form than the request asks for.
#[derive(Debug, thiserror::Error)]
#[error("the RPC endpoint answers in a form that cannot be read")]
pub struct UnreadableAnswer {
    source: serde_json::Error,
}

/// Returns the cause of a transport's failure, said once: an [`crate::EndpointError`] when the
/// endpoint gave no answer, and the endpoint's own words when it gave one.
#[must_use]
pub fn endpoint_failure(error: TransportError) -> Box<dyn Error + Send + Sync> {
    match error {
        RpcError::Transport(TransportErrorKind::Custom(cause)) => cause,
        // The text of the answer can be long.
        RpcError::DeserError { err: source, .. } => Box::new(UnreadableAnswer { source }),
        other => Box::new(other),
    }
}

/// Returns whether an endpoint's answer is that a call reverted, with revert data or without.
#[must_use]
pub fn is_revert(answer: &ErrorPayload) -> bool {
    answer.as_revert_data().is_some() || answer.message.contains("revert")
}

/// Converts a transport's failure: with revert data it is a refusal of the contract.
pub(crate) fn from_transport(error: TransportError) -> ChainError {
    let data = error.as_error_resp().and_then(ErrorPayload::as_revert_data);
    match data {
        Some(data) => ChainError::Reverted(revert_reason(&data)),
        None => ChainError::Unavailable(endpoint_failure(error)),
    }
}

/// Converts a call's failure as [`from_transport`] does.
pub(crate) fn from_contract(error: ContractError) -> ChainError {
    match error {
        ContractError::TransportError(error) => from_transport(error),
        other => match other.as_revert_data() {
            Some(data) => ChainError::Reverted(revert_reason(&data)),
            None => ChainError::Unavailable(Box::new(other)),
        },
    }
}

#[cfg(test)]
mod tests {
    use alloy::primitives::U256;
    use alloy::sol_types::SolError;

    use super::*;
    use crate::bindings::{Distributor, Registry};

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
