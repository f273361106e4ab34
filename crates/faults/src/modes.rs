use std::time::Duration;

use alloy_primitives::B256;

/// Lasting properties of an endpoint; they can be combined and changed at any time.
#[derive(Debug, Clone, Default)]
pub struct Modes {
    /// Failures of requests; the first that fits applies.
    pub troubles: Vec<Trouble>,
    /// Limits on `eth_getLogs`.
    pub log_limit: Option<LogLimit>,
    /// Logs of earlier blocks are left out without a word.
    pub first_block_with_logs: u64,
    /// Transactions and receipts of earlier blocks are `null`.
    pub first_block_with_transactions: u64,
    /// State of earlier blocks is missing.
    pub first_block_with_state: u64,
    /// Chain id that is told instead of the node's.
    pub chain_id: Option<u64>,
    /// Hash of block 0 that is told instead of the node's.
    pub genesis_hash: Option<B256>,
    /// Newest block that the endpoint knows of.
    pub stale_head: Option<u64>,
    /// Pricing of gas.
    pub fees: FeeModel,
    /// Treatment of several requests in one.
    pub batches: BatchSupport,
    /// Longest answer in bytes; a longer one is refused.
    pub longest_answer_bytes: Option<usize>,
    /// After so many requests the newest blocks are replaced by Anvil: requests, and blocks.
    pub reorg_after: Option<(u32, u64)>,
}

impl Modes {
    /// Makes requests for `methods` (all, when there are none) fail as `failure` says.
    #[must_use]
    pub fn failing(when: When, failure: Failure, methods: &'static [&'static str]) -> Self {
        Self {
            troubles: vec![Trouble {
                when,
                failure,
                methods,
            }],
            ..Self::default()
        }
    }

    /// Limits `eth_getLogs` to `blocks`, with a refusal in these words.
    #[must_use]
    pub fn log_span(blocks: u64, refusal: RpcRefusal) -> Self {
        Self {
            log_limit: Some(LogLimit {
                blocks: Some(blocks),
                results: None,
                refusal,
            }),
            ..Self::default()
        }
    }
}

/// A failure of some requests.
#[derive(Debug, Clone, Copy)]
pub struct Trouble {
    /// Selection of the requests that fail.
    pub when: When,
    /// Failure that they meet.
    pub failure: Failure,
    /// Methods whose requests fail; all of them when empty.
    pub methods: &'static [&'static str],
}

/// Selection of the requests that fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Every request.
    Always,
    /// Every n-th request.
    Every(u32),
    /// The next so many requests.
    Next(u32),
    /// Requests beyond so many in a second.
    AbovePerSec(u32),
}

/// Failure of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The request is taken and never answered.
    Silent,
    /// The request is answered after this time.
    Late(Duration),
    /// The connection ends in the middle of the answer, after it was carried out.
    CutAnswer,
    /// Status 429 with this header.
    TooManyRequests(RetryAfter),
    /// A page of HTML with this status; 200 is one too.
    Page(u16),
    /// Status 200 with text that is no JSON.
    NotJson,
    /// Status 200 with an empty body.
    Empty,
    /// A good answer to a request of another number.
    WrongId,
    /// An error of JSON-RPC with this HTTP status, code and text.
    Refuse(RpcRefusal),
    /// A redirect to this address.
    Redirect(&'static str),
}

/// The header `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// No such header.
    Absent,
    /// A number of seconds.
    Secs(u64),
    /// The HTTP date of so many seconds from now.
    DateIn(u64),
    /// Something that is neither.
    Text(&'static str),
}

/// An error in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RpcRefusal {
    /// HTTP status of the answer.
    pub status: u16,
    /// Code of JSON-RPC; without one the answer is a page of HTML.
    pub code: Option<i64>,
    /// Text of the error.
    pub message: &'static str,
}

impl RpcRefusal {
    /// Makes an error of JSON-RPC in an answer with status 200.
    #[must_use]
    pub const fn rpc(code: i64, message: &'static str) -> Self {
        Self {
            status: 200,
            code: Some(code),
            message,
        }
    }
}

/// Limits on `eth_getLogs`.
#[derive(Debug, Clone, Copy)]
pub struct LogLimit {
    /// Highest number of blocks in one query.
    pub blocks: Option<u64>,
    /// Highest number of logs in one answer.
    pub results: Option<usize>,
    /// Answer of the endpoint beyond these limits.
    pub refusal: RpcRefusal,
}

/// Refusals of a log query in the words of providers.
pub const LOG_REFUSALS: [RpcRefusal; 14] = [
    RpcRefusal::rpc(
        -32_600,
        "You can make eth_getLogs requests with up to a 10 block range. Based on your parameters, this block range should work",
    ),
    RpcRefusal::rpc(-32_005, "query returned more than 10000 results"),
    RpcRefusal::rpc(-32_005, "limit exceeded"),
    RpcRefusal::rpc(
        -32_602,
        "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range",
    ),
    RpcRefusal::rpc(-32_614, "eth_getLogs is limited to a 10,000 range"),
    RpcRefusal::rpc(-32_701, "exceed maximum block range: 50000"),
    RpcRefusal::rpc(35, "ranges over 10000 blocks are not supported on freetier"),
    RpcRefusal::rpc(-32_000, "the query exceeds the range allowed for your plan"),
    RpcRefusal::rpc(-32_002, "request timed out"),
    RpcRefusal::rpc(-32_603, "internal error"),
    RpcRefusal {
        status: 400,
        code: Some(-32_600),
        message: "block range is too wide",
    },
    RpcRefusal {
        status: 503,
        code: Some(-32_011),
        message: "too many logs: narrow the query",
    },
    RpcRefusal {
        status: 413,
        code: None,
        message: "Request Entity Too Large",
    },
    RpcRefusal {
        status: 400,
        code: None,
        message: "Bad Request",
    },
];

/// Pricing of gas on the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FeeModel {
    /// Fees are those of EIP-1559.
    #[default]
    Dynamic,
    /// Blocks have no base fee, there is no fee history, and transactions of type 2 are refused.
    Legacy,
    /// The base fee is zero in every block, and transactions of type 2 are refused.
    ZeroBase,
    /// Blocks have a base fee, and transactions of type 2 are refused all the same.
    NoTypeTwo,
    /// Blocks have a base fee, and there is no fee history.
    NoHistory,
}

/// Treatment of several requests in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BatchSupport {
    /// Any number of requests.
    #[default]
    All,
    /// At most so many; more are refused by one error.
    UpTo(usize),
    /// No batch is taken: one error of JSON-RPC.
    Refused,
    /// No batch is taken: HTTP 400 with a page.
    BadRequest,
}
