use serde_json::{Value, json};

use crate::modes::{FeeModel, Modes, RpcRefusal};
use crate::node::Node;

/// Methods that ask for the state of a block, and the place of the block in their parameters.
const STATE_METHODS: [(&str, usize); 7] = [
    ("eth_call", 1),
    ("eth_estimateGas", 1),
    ("eth_getBalance", 1),
    ("eth_getCode", 1),
    ("eth_getTransactionCount", 1),
    ("eth_getStorageAt", 2),
    ("eth_getProof", 2),
];

const TOO_LONG: RpcRefusal = RpcRefusal::rpc(-32_008, "response is too big");

/// Result of one request.
pub(crate) enum ProxyOutcome {
    Answer(Value),
    Refused(RpcRefusal),
    /// The node gave no answer.
    Lost,
}

/// Reads a number of JSON-RPC.
pub(crate) fn number(value: &Value) -> Option<u64> {
    let digits = value.as_str()?.strip_prefix("0x")?;
    u64::from_str_radix(digits, 16).ok()
}

/// Answers one request as an endpoint with these properties does.
pub(crate) async fn answer(node: &Node, modes: &Modes, request: &Value) -> ProxyOutcome {
    let method = request["method"].as_str().unwrap_or_default();
    let request = &at_stale_head(modes, method, request);
    if let Some(refusal) = refused_outright(modes, method, request) {
        return ProxyOutcome::Refused(refusal);
    }
    if let (Some(chain_id), "eth_chainId" | "net_version") = (modes.chain_id, method) {
        let result = match method {
            "eth_chainId" => format!("{chain_id:#x}"),
            _ => chain_id.to_string(),
        };
        return ProxyOutcome::Answer(
            json!({ "jsonrpc": "2.0", "id": request["id"], "result": result }),
        );
    }
    if method == "eth_getLogs" && is_beyond_span(node, modes, request).await {
        return ProxyOutcome::Refused(modes.log_limit.map_or(TOO_LONG, |limit| limit.refusal));
    }
    let Some(mut answer) = node.forward(request).await else {
        return ProxyOutcome::Lost;
    };
    match method {
        "eth_getLogs" => {
            if let Some(refusal) = change_logs(modes, &mut answer["result"]) {
                return ProxyOutcome::Refused(refusal);
            }
        }
        "eth_getBlockByNumber" | "eth_getBlockByHash" => {
            change_block(modes, &mut answer["result"]);
        }
        "eth_feeHistory" if modes.fees == FeeModel::ZeroBase => {
            let fees = answer["result"]["baseFeePerGas"].as_array_mut();
            fees.into_iter()
                .flatten()
                .for_each(|fee| *fee = json!("0x0"));
        }
        "eth_getTransactionByHash" | "eth_getTransactionReceipt" => {
            let block = number(&answer["result"]["blockNumber"]);
            if block.is_some_and(|block| block < modes.first_block_with_transactions) {
                answer["result"] = Value::Null;
            }
        }
        "eth_blockNumber" => {
            if let Some(head) = modes.stale_head {
                answer["result"] = json!(format!("{head:#x}"));
            }
        }
        _ => {}
    }
    let is_too_long = |most| answer.to_string().len() > most;
    if modes.longest_answer_bytes.is_some_and(is_too_long) {
        return ProxyOutcome::Refused(TOO_LONG);
    }
    ProxyOutcome::Answer(answer)
}

/// Rewrites the request to the endpoint's own idea of the newest block.
fn at_stale_head(modes: &Modes, method: &str, request: &Value) -> Value {
    let mut request = request.clone();
    let Some(head) = modes.stale_head else {
        return request;
    };
    let head_tag = json!(format!("{head:#x}"));
    let is_newest = |value: &Value| {
        matches!(
            value.as_str(),
            Some("latest" | "pending" | "safe" | "finalized")
        )
    };
    if let Some(params) = request["params"].as_array_mut() {
        for param in params {
            if is_newest(param) {
                *param = head_tag.clone();
            }
        }
    }
    if method == "eth_getLogs" {
        let filter = &mut request["params"][0];
        let to = number(&filter["toBlock"]);
        if is_newest(&filter["toBlock"]) || to.is_some_and(|to| to > head) {
            filter["toBlock"] = head_tag;
        }
    }
    request
}

fn refused_outright(modes: &Modes, method: &str, request: &Value) -> Option<RpcRefusal> {
    const UNKNOWN: RpcRefusal =
        RpcRefusal::rpc(-32_601, "the method does not exist/is not available");
    let takes_type_two = matches!(modes.fees, FeeModel::Dynamic | FeeModel::NoHistory);
    let has_history = !matches!(modes.fees, FeeModel::Legacy | FeeModel::NoHistory);
    match method {
        "eth_feeHistory" | "eth_maxPriorityFeePerGas" if !has_history => Some(UNKNOWN),
        "eth_sendRawTransaction" if !takes_type_two => {
            let raw = request["params"][0].as_str().unwrap_or_default();
            let is_type_two = raw.starts_with("0x02");
            is_type_two.then_some(RpcRefusal::rpc(-32_000, "transaction type not supported"))
        }
        _ => {
            let (_, place) = STATE_METHODS.iter().find(|(known, _)| *known == method)?;
            let block = &request["params"][place];
            let block = number(block).or_else(|| number(&block["blockNumber"]))?;
            (block < modes.first_block_with_state)
                .then_some(RpcRefusal::rpc(-32_000, "missing trie node"))
        }
    }
}

async fn is_beyond_span(node: &Node, modes: &Modes, request: &Value) -> bool {
    let Some(most) = modes.log_limit.and_then(|limit| limit.blocks) else {
        return false;
    };
    let filter = &request["params"][0];
    let Some(from) = number(&filter["fromBlock"]) else {
        return false;
    };
    let to = match number(&filter["toBlock"]) {
        Some(to) => Some(to),
        None => number(&node.tell("eth_blockNumber", &json!([])).await),
    };
    to.is_some_and(|to| to >= from.saturating_add(most))
}

fn change_logs(modes: &Modes, logs: &mut Value) -> Option<RpcRefusal> {
    let logs = logs.as_array_mut()?;
    let first = modes.first_block_with_logs;
    logs.retain(|log| number(&log["blockNumber"]).is_none_or(|block| block >= first));
    let limit = modes.log_limit?;
    let is_beyond = limit.results.is_some_and(|most| logs.len() > most);
    is_beyond.then_some(limit.refusal)
}

fn change_block(modes: &Modes, block: &mut Value) {
    let Some(height) = number(&block["number"]) else {
        return;
    };
    if modes.stale_head.is_some_and(|head| height > head) {
        *block = Value::Null;
        return;
    }
    if let (0, Some(hash)) = (height, modes.genesis_hash) {
        block["hash"] = json!(hash.to_string());
    }
    match modes.fees {
        FeeModel::Legacy => {
            if let Some(fields) = block.as_object_mut() {
                fields.remove("baseFeePerGas");
            }
        }
        FeeModel::ZeroBase => block["baseFeePerGas"] = json!("0x0"),
        FeeModel::Dynamic | FeeModel::NoTypeTwo | FeeModel::NoHistory => {}
    }
}
