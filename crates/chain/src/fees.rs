//! Prices of gas: by EIP-1559 where the chain has it, and by gas prices where it has no base
//! fee, one of zero, or refuses transactions of that kind.

use alloy::consensus::BlockHeader;
use alloy::eips::BlockNumberOrTag;
use alloy::eips::eip1559::Eip1559Estimation;
use alloy::network::TransactionBuilder;
use alloy::providers::utils::{Eip1559Estimator, eip1559_default_estimator};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use alloy::transports::TransportError;
use annona_engine::ports::{ChainError, FeeMarket, Fees};

use crate::error::from_transport;

/// Kinds of transactions that a chain is known to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransactionKinds {
    /// Transactions with a gas price and those with fees of EIP-1559.
    All,
    /// Only transactions with a gas price.
    Legacy,
}

/// Reads the fees that blocks ask for now.
pub(crate) async fn read_market(
    provider: &DynProvider,
    kinds: TransactionKinds,
) -> Result<FeeMarket, ChainError> {
    let block = provider
        .get_block_by_number(BlockNumberOrTag::Latest)
        .await
        .map_err(from_transport)?
        .ok_or(ChainError::NoNewestBlock)?;
    match block.header.base_fee_per_gas() {
        Some(base_fee) if base_fee > 0 && kinds == TransactionKinds::All => {
            read_dynamic(provider, base_fee.into()).await
        }
        _ => Ok(FeeMarket {
            base_fee_wei: 0,
            priority_fee_wei: read_gas_price(provider).await?,
        }),
    }
}

async fn read_dynamic(provider: &DynProvider, base_fee: u128) -> Result<FeeMarket, ChainError> {
    // The usual estimate, with the base fee as it is.
    let plain = Eip1559Estimator::new(|base_fee, rewards: &[Vec<u128>]| Eip1559Estimation {
        max_fee_per_gas: base_fee,
        ..eip1559_default_estimator(base_fee, rewards)
    });
    match provider.estimate_eip1559_fees_with(plain).await {
        Ok(fees) => Ok(FeeMarket {
            base_fee_wei: to_wei(fees.max_fee_per_gas)?,
            priority_fee_wei: to_wei(fees.max_priority_fee_per_gas)?,
        }),
        // Some endpoints have no fee history. The gas price is the base fee and a tip.
        Err(error) if error.as_error_resp().is_some() => {
            let base_fee_wei = to_wei(base_fee)?;
            let gas_price = read_gas_price(provider).await?;
            Ok(FeeMarket {
                base_fee_wei,
                priority_fee_wei: gas_price.saturating_sub(base_fee_wei).max(1),
            })
        }
        Err(error) => Err(from_transport(error)),
    }
}

async fn read_gas_price(provider: &DynProvider) -> Result<u64, ChainError> {
    to_wei(provider.get_gas_price().await.map_err(from_transport)?)
}

/// Offers `fees` for a transaction.
pub(crate) fn with_fees(request: TransactionRequest, fees: Fees) -> TransactionRequest {
    if fees.is_gas_price() {
        return request.with_gas_price(fees.max_fee_wei.into());
    }
    request
        .with_max_fee_per_gas(fees.max_fee_wei.into())
        .with_max_priority_fee_per_gas(fees.priority_fee_wei.into())
}

/// Returns whether a node refuses transactions with fees of EIP-1559, in the words of many nodes.
pub(crate) fn is_kind_refused(error: &TransportError) -> bool {
    let Some(refusal) = error.as_error_resp() else {
        return false;
    };
    let text = refusal.message.to_lowercase();
    let is_about_kinds = [
        "transaction type",
        "tx type",
        "txtype",
        "typed transaction",
        "type 2",
    ]
    .iter()
    .any(|words| text.contains(words));
    let is_about_fees = ["eip-1559", "eip1559", "maxfeepergas", "dynamic fee"]
        .iter()
        .any(|words| text.contains(words));
    let is_refused = [
        "not supported",
        "unsupported",
        "invalid",
        "unknown",
        "not enabled",
        "not allowed",
        "disabled",
        "before london",
    ]
    .iter()
    .any(|words| text.contains(words));
    (is_about_kinds || is_about_fees) && is_refused
}

fn to_wei(wei: u128) -> Result<u64, ChainError> {
    u64::try_from(wei).map_err(|_| ChainError::GasPriceTooHigh { wei })
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use alloy::rpc::json_rpc::ErrorPayload;

    use super::*;

    #[test]
    fn a_refused_kind_is_told_from_other_refusals() {
        let is_refused = |message| {
            is_kind_refused(&TransportError::ErrorResp(ErrorPayload {
                code: -32_000,
                message: Cow::Borrowed(message),
                data: None,
            }))
        };
        for message in [
            "transaction type not supported",
            "unsupported transaction type",
            "invalid transaction type: 2",
            "EIP-1559 transactions are not supported on this network",
            "EIP-1559 style fee params (maxFeePerGas or maxPriorityFeePerGas) received but they are not supported by the current hardfork.",
            "typed transaction is not supported",
            "Invalid params: unknown tx type",
        ] {
            assert!(is_refused(message), "{message}");
        }
        for message in [
            "nonce too low",
            "insufficient funds for gas * price + value",
            "max fee per gas less than block base fee: maxFeePerGas: 1, baseFee: 7",
            "replacement transaction underpriced",
            "max priority fee per gas higher than max fee per gas",
            "invalid sender",
        ] {
            assert!(!is_refused(message), "{message}");
        }
    }
}
