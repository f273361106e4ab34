//! Errors in good answers of JSON-RPC: those that pass, and those that are answers.

use alloy::rpc::json_rpc::ErrorPayload;

use super::error::Passing;

/// Words in which providers say that too much was asked of them in too short a time.
const RATE_LIMIT_WORDS: [&str; 14] = [
    "rate limit",
    "rate-limit",
    "ratelimit",
    "rate exceeded",
    "too many requests",
    "request limit",
    "requests per second",
    "per second",
    "compute units",
    "credits",
    "throughput limit",
    "throttl",
    "concurrent requests",
    "try again in",
];

/// Codes of the same: of Alchemy, Infura, Cloudflare, and of a busy socket.
const RATE_LIMIT_CODES: [i64; 4] = [429, -32_005, -32_055, 1_008];

/// Words of a node that is behind, busy or restarting.
const UNREADY_WORDS: [&str; 9] = [
    "header not found",
    "timeout",
    "timed out",
    "temporarily",
    "unavailable",
    "overloaded",
    "server busy",
    "no backend",
    "bad gateway",
];

/// Judges whether an error passes. The refusal of a query of logs that was too wide does not,
/// although providers give it the codes and the HTTP status of too many requests: the query is
/// asked again in parts.
pub(super) fn passing(method: &str, status: u16, error: &ErrorPayload) -> Passing {
    let text = error.message.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    if has(&RATE_LIMIT_WORDS) || status == 429 {
        return Passing::Later;
    }
    if method == "eth_getLogs" || error.as_revert_data().is_some() || text.contains("revert") {
        return Passing::Never;
    }
    if RATE_LIMIT_CODES.contains(&error.code) || status >= 500 {
        return Passing::Later;
    }
    if has(&UNREADY_WORDS) {
        return Passing::Soon;
    }
    Passing::Never
}

/// Returns whether a node says that it has these bytes: they arrived, which is all that was wanted.
pub(super) fn is_known_already(error: &ErrorPayload) -> bool {
    let text = error.message.to_lowercase();
    ["already known", "already imported", "known transaction"]
        .iter()
        .any(|known| text.contains(known))
        && !text.contains("unknown transaction")
}

/// Returns whether a request may be made twice: it only reads, or it is the same bytes again.
pub(super) fn is_repeatable(method: &str) -> bool {
    let reads = ["eth_", "net_", "web3_"];
    let writes = ["eth_sendTransaction", "eth_sign", "eth_signTransaction"];
    reads.iter().any(|prefix| method.starts_with(prefix)) && !writes.contains(&method)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    fn error(code: i64, message: &'static str) -> ErrorPayload {
        ErrorPayload {
            code,
            message: Cow::Borrowed(message),
            data: None,
        }
    }

    #[test]
    fn limits_of_rate_pass_and_limits_of_a_query_do_not() {
        for (code, message) in [
            (
                429,
                "Your app has exceeded its compute units per second capacity.",
            ),
            (-32_005, "project ID request rate exceeded"),
            (
                -32_005,
                "daily request count exceeded, request rate limited",
            ),
            (-32_007, "50/second request limit reached"),
            (-32_012, "credits limited to 6000/sec"),
            (-32_016, "over rate limit"),
            (-32_029, "Too Many Requests"),
            (-32_097, "Rate-limit exceeded"),
            (-32_000, "Throttled: try again in 400ms"),
        ] {
            for method in ["eth_call", "eth_getLogs"] {
                let passes = passing(method, 200, &error(code, message));
                assert_eq!(passes, Passing::Later, "{method}: {message}");
            }
        }
        for refusal in annona_faults::LOG_REFUSALS {
            let Some(code) = refusal.code else { continue };
            let passes = passing("eth_getLogs", refusal.status, &error(code, refusal.message));
            assert_eq!(passes, Passing::Never, "{}", refusal.message);
        }
    }

    #[test]
    fn what_a_contract_says_is_an_answer() {
        for (code, message) in [
            (3, "execution reverted: timeout"),
            (
                -32_000,
                "VM execution error: reverted, try later, unavailable",
            ),
            (-32_000, "insufficient funds for gas * price + value"),
            (-32_000, "nonce too low"),
            (-32_601, "the method does not exist/is not available"),
        ] {
            let passes = passing("eth_call", 200, &error(code, message));
            assert_eq!(passes, Passing::Never, "{message}");
        }
    }

    #[test]
    fn nothing_is_done_twice_that_acts_each_time() {
        for method in [
            "eth_call",
            "eth_sendRawTransaction",
            "eth_getLogs",
            "net_version",
        ] {
            assert!(is_repeatable(method), "{method}");
        }
        for method in [
            "eth_sendTransaction",
            "anvil_mine",
            "evm_increaseTime",
            "personal_sign",
        ] {
            assert!(!is_repeatable(method), "{method}");
        }
    }
}
