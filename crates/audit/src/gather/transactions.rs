//! Transactions, receipts and traces, in forms of our own: a chain may have kinds of transactions
//! that a library does not know, and one of them must not end the audit.

use std::collections::BTreeSet;

use alloy::primitives::{Address, B256, Bytes, U64};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::Log;
use annona_bindings::Deployment;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::logs;
use crate::AuditError;
use crate::data::{ReceiptState, Sent};

#[derive(Debug, Deserialize)]
struct RpcTransaction {
    hash: B256,
    from: Address,
    to: Option<Address>,
    #[serde(default)]
    input: Bytes,
    nonce: Option<U64>,
}

impl RpcTransaction {
    fn into_sent(self) -> Sent {
        let created = match (self.to, self.nonce) {
            (None, Some(nonce)) => Some(self.from.create(nonce.to())),
            _ => None,
        };
        Sent {
            from: self.from,
            to: self.to,
            input: self.input,
            creates: created,
        }
    }
}

/// Reads a transaction; `None` if the endpoint does not know it.
pub(crate) async fn read_transaction(
    provider: &DynProvider,
    hash: B256,
) -> Result<Option<Sent>, AuditError> {
    let transaction: Option<RpcTransaction> = provider
        .raw_request("eth_getTransactionByHash".into(), (hash,))
        .await
        .map_err(AuditError::endpoint("a transaction"))?;
    Ok(transaction.map(RpcTransaction::into_sent))
}

#[derive(Debug, Deserialize)]
struct RpcBlock {
    transactions: Vec<RpcTransaction>,
}

/// Reads the transactions of a block, in its order.
pub(crate) async fn read_transactions_of_block(
    provider: &DynProvider,
    number: u64,
) -> Result<Vec<(B256, Sent)>, AuditError> {
    let block: Option<RpcBlock> = provider
        .raw_request("eth_getBlockByNumber".into(), (U64::from(number), true))
        .await
        .map_err(AuditError::endpoint("a block"))?;
    let block = block.ok_or(AuditError::MissingBlock { number })?;
    let all = block.transactions.into_iter();
    Ok(all.map(|one| (one.hash, one.into_sent())).collect())
}

#[derive(Debug, Deserialize)]
struct RpcReceipt {
    logs: Vec<Log>,
    status: Option<U64>,
}

async fn receipt_of(provider: &DynProvider, hash: B256) -> Result<Option<RpcReceipt>, AuditError> {
    provider
        .raw_request("eth_getTransactionReceipt".into(), (hash,))
        .await
        .map_err(AuditError::endpoint("a receipt"))
}

/// Returns whether the transaction is known to have been carried out.
pub(crate) async fn is_carried_out(provider: &DynProvider, hash: B256) -> Result<bool, AuditError> {
    let receipt = receipt_of(provider, hash).await?;
    let status = receipt.and_then(|receipt| receipt.status);
    Ok(status.is_some_and(|status| !status.is_zero()))
}

/// Holds the receipt of `hash` against the logs that were read.
pub(super) async fn read_receipt(
    provider: &DynProvider,
    deployment: &Deployment,
    places: &BTreeSet<(u64, u64)>,
    hash: B256,
) -> Result<ReceiptState, AuditError> {
    let Some(receipt) = receipt_of(provider, hash).await? else {
        return Ok(ReceiptState::NotShown);
    };
    let was_read = |log: &Log| match (log.block_number, log.log_index) {
        (Some(block), Some(index)) => places.contains(&(block, index)),
        _ => false,
    };
    let mut own = receipt
        .logs
        .iter()
        .filter(|log| logs::is_read(deployment, log));
    Ok(if own.all(was_read) {
        ReceiptState::Agrees
    } else {
        ReceiptState::HasMoreLogs
    })
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(rename = "type")]
    kind: String,
    to: Option<Address>,
    #[serde(default)]
    input: Bytes,
    error: Option<String>,
    #[serde(borrow, default)]
    calls: Vec<&'a RawValue>,
}

/// Reads the calldata of the transaction's calls of `contract`, in order and without reverted
/// calls; `None` if the endpoint makes no traces. Nothing but the proofs of claims is taken from a
/// trace.
pub(crate) async fn read_calls_of(
    provider: &DynProvider,
    contract: Address,
    hash: B256,
) -> Option<Vec<Bytes>> {
    let options = json!({ "tracer": "callTracer" });
    let trace: Box<RawValue> = provider
        .raw_request("debug_traceTransaction".into(), (hash, options))
        .await
        .ok()?;
    calls_in(&trace, contract)
}

/// Reads a trace frame by frame: it can be deeper than a parser that calls itself may go.
fn calls_in(trace: &RawValue, contract: Address) -> Option<Vec<Bytes>> {
    let mut calls = Vec::new();
    let mut waiting = vec![trace];
    while let Some(raw) = waiting.pop() {
        let frame: Frame<'_> = serde_json::from_str(raw.get()).ok()?;
        if frame.error.is_some() {
            continue;
        }
        if frame.kind == "CALL" && frame.to == Some(contract) {
            calls.push(frame.input);
        }
        waiting.extend(frame.calls.iter().rev().copied());
    }
    Some(calls)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CONTRACT: Address = Address::repeat_byte(2);

    fn call(kind: &str, input: &str, inner: &[String]) -> String {
        format!(
            r#"{{"type":"{kind}","from":"{CONTRACT}","to":"{CONTRACT}","input":"{input}","calls":[{}]}}"#,
            inner.join(",")
        )
    }

    fn calls(trace: &str) -> Option<Vec<Bytes>> {
        let raw = RawValue::from_string(trace.to_owned()).unwrap();
        calls_in(&raw, CONTRACT)
    }

    #[test]
    fn calls_come_in_order_and_without_what_was_reverted() {
        let reverted = call("CALL", "0x09", &[call("CALL", "0x08", &[])]).replacen(
            r#""type""#,
            r#""error":"execution reverted","type""#,
            1,
        );
        let first = call("CALL", "0x01", &[call("CALL", "0x02", &[])]);
        let foreign = call("DELEGATECALL", "0x07", &[call("STATICCALL", "0x06", &[])]);
        let trace = call(
            "CREATE",
            "0x",
            &[first, reverted, foreign, call("CALL", "0x03", &[])],
        );
        let expected: Vec<Bytes> = (1..=3).map(|byte| Bytes::from(vec![byte])).collect();
        assert_eq!(calls(&trace), Some(expected));
        assert_eq!(calls("{}"), None);
    }

    #[test]
    fn a_deep_trace_is_read() {
        let mut trace = call("CALL", "0x05", &[]);
        for _ in 0..1_000 {
            trace = call("STATICCALL", "0x", &[trace]);
        }
        assert_eq!(calls(&trace), Some(vec![Bytes::from(vec![5])]));
    }
}
