use alloy::contract::Error as ContractError;
use alloy::rpc::json_rpc::ErrorPayload;
use alloy::transports::TransportError;
use annona_bindings::revert_reason;
use annona_engine::ports::ChainError;
use annona_rpc::endpoint_failure;

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
