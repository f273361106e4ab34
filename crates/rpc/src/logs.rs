//! Event logs, in spans of blocks that suit the endpoint. Providers limit a query by its blocks
//! (10, 500, 2,000, …) or by its results, and refuse it in words and codes of their own, so every
//! refusal of several blocks is a reason to ask for fewer.

use std::sync::{Arc, Mutex, PoisonError};

use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::{Filter, Log};
use alloy::transports::{RpcError, TransportError};

use crate::endpoint::EndpointError;

/// Number of blocks of the first query, and of every later one at most.
pub const LOG_SPAN_MAX_BLOCKS: u64 = 2_000;

/// Answers in a row after which a wider query is tried; the number doubles whenever that
/// was refused, up to the second, and is the first again when it was not.
const FIRST_ANSWERS_BEFORE_WIDER: u32 = 4;
const MOST_ANSWERS_BEFORE_WIDER: u32 = 256;

/// Queries of several blocks in one reading that may end without any answer, as those do
/// that take a node too long, before the endpoint counts as gone.
const MOST_UNANSWERED: u32 = 3;

/// A reader of event logs that remembers how many blocks the endpoint takes at once.
/// Its clones learn from each other.
#[derive(Debug, Clone)]
pub struct LogReader {
    provider: DynProvider,
    span: Arc<Mutex<Span>>,
}

impl LogReader {
    /// Makes a reader that knows nothing of the endpoint yet.
    #[must_use]
    pub fn new(provider: DynProvider) -> Self {
        Self {
            provider,
            span: Arc::default(),
        }
    }

    /// Returns the number of blocks that the next query asks for at most.
    #[must_use]
    pub fn span_blocks(&self) -> u64 {
        self.with(|span| span.blocks)
    }

    /// Returns the number of blocks that the endpoint takes in one query, if it refused more: the
    /// widest query that it has answered since.
    #[must_use]
    pub fn limit_blocks(&self) -> Option<u64> {
        self.with(|span| {
            let answered = if span.proven == 0 {
                span.blocks
            } else {
                span.proven
            };
            (span.blocks < LOG_SPAN_MAX_BLOCKS).then_some(answered)
        })
    }

    /// Reads the logs of the blocks `first..=last` in the chain's order, without those that
    /// a reorg took away.
    ///
    /// # Errors
    /// [`TransportError`] if the endpoint fails, or refuses a single block.
    pub async fn read(
        &self,
        filter: &Filter,
        first: u64,
        last: u64,
    ) -> Result<Vec<Log>, TransportError> {
        let mut logs = Vec::new();
        let mut unanswered = 0;
        let mut from = first;
        while from <= last {
            let to = last.min(from.saturating_add(self.span_blocks() - 1));
            let blocks = to - from + 1;
            let query = filter.clone().from_block(from).to_block(to);
            match self.provider.get_logs(&query).await {
                Ok(found) => {
                    logs.extend(found.into_iter().filter(|log| !log.removed));
                    self.with(|span| span.was_answered(blocks));
                    if to == u64::MAX {
                        break;
                    }
                    from = to + 1;
                }
                Err(error) if blocks > 1 => {
                    match complaint(&error) {
                        Complaint::Refused => {}
                        Complaint::Unanswered if unanswered < MOST_UNANSWERED => unanswered += 1,
                        Complaint::Unanswered | Complaint::Gone => return Err(error),
                    }
                    tracing::debug!(blocks, "the endpoint takes fewer blocks in a query of logs");
                    self.with(|span| span.was_refused(blocks));
                }
                Err(error) => return Err(error),
            }
        }
        logs.sort_by_key(|log| (log.block_number, log.log_index));
        Ok(logs)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Span) -> T) -> T {
        // A number is never half changed.
        change(&mut self.span.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A failure, seen as one about the width of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Complaint {
    /// The endpoint says no; fewer blocks may do.
    Refused,
    /// There was no whole answer; fewer blocks may do.
    Unanswered,
    /// Fewer blocks will not do.
    Gone,
}

fn complaint(error: &TransportError) -> Complaint {
    if error.as_error_resp().is_some() {
        return Complaint::Refused;
    }
    let RpcError::Transport(kind) = error else {
        return Complaint::Gone;
    };
    let known = kind
        .as_custom()
        .and_then(|custom| custom.downcast_ref::<EndpointError>());
    match known {
        Some(EndpointError::TooLong { .. }) => Complaint::Refused,
        Some(EndpointError::TimedOut { .. } | EndpointError::BrokenOff { .. }) => {
            Complaint::Unanswered
        }
        Some(EndpointError::Status { status, .. }) => match status {
            401 | 403 | 404 | 429 => Complaint::Gone,
            400..500 => Complaint::Refused,
            _ => Complaint::Unanswered,
        },
        _ => Complaint::Gone,
    }
}

/// Number of blocks that an endpoint takes in one query, as far as is known.
#[derive(Debug)]
struct Span {
    blocks: u64,
    /// Answers to queries of that many blocks since it changed.
    answers: u32,
    answers_before_wider: u32,
    /// The widest query that was answered since the last refusal.
    proven: u64,
}

impl Default for Span {
    fn default() -> Self {
        Self {
            blocks: LOG_SPAN_MAX_BLOCKS,
            answers: 0,
            answers_before_wider: FIRST_ANSWERS_BEFORE_WIDER,
            proven: 0,
        }
    }
}

impl Span {
    fn was_answered(&mut self, blocks: u64) {
        // The last query of a reading is often narrower, and tells nothing.
        if blocks < self.blocks {
            return;
        }
        if (1..blocks).contains(&self.proven) {
            self.answers_before_wider = FIRST_ANSWERS_BEFORE_WIDER;
        }
        self.proven = blocks;
        self.answers += 1;
        if self.answers >= self.answers_before_wider {
            self.answers = 0;
            let wider = self.blocks + self.blocks / 4 + 1;
            self.blocks = wider.min(LOG_SPAN_MAX_BLOCKS);
        }
    }

    fn was_refused(&mut self, blocks: u64) {
        // Another reading may have learned it meanwhile.
        if blocks > self.blocks {
            return;
        }
        self.answers = 0;
        if (1..blocks).contains(&self.proven) {
            // Growing was too much: back to what worked, for longer.
            self.blocks = self.proven;
            let longer = self.answers_before_wider.saturating_mul(2);
            self.answers_before_wider = longer.min(MOST_ANSWERS_BEFORE_WIDER);
        } else {
            self.blocks = (blocks / 2).max(1);
        }
        self.proven = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks for `count` blocks of an endpoint that takes `limit` at once, and counts the queries.
    fn queries(span: &mut Span, limit: u64, count: u64) -> u64 {
        let (mut read, mut queries) = (0, 0);
        while read < count {
            queries += 1;
            let blocks = span.blocks.min(count - read);
            if blocks > limit {
                span.was_refused(blocks);
            } else {
                span.was_answered(blocks);
                read += blocks;
            }
        }
        queries
    }

    #[test]
    fn any_limit_is_found_and_kept_with_few_refusals() {
        for limit in [1, 2, 3, 9, 10, 99, 100, 500, 1_000, 1_999, 2_000, 10_000] {
            let mut span = Span::default();
            let found = queries(&mut span, limit, 200 * limit);
            let needed = (200 * limit).div_ceil(limit.min(LOG_SPAN_MAX_BLOCKS));
            assert!(found < 2 * needed + 40, "{limit}: {found} of {needed}");
            assert!(
                span.blocks * 2 > limit.min(LOG_SPAN_MAX_BLOCKS),
                "{limit}: {span:?}"
            );
            let again = queries(&mut span, limit, 200 * limit);
            assert!(again * 2 < 3 * needed + 20, "{limit}: {again} of {needed}");
        }
    }

    #[test]
    fn a_span_recovers_when_the_limit_is_gone() {
        let mut span = Span::default();
        queries(&mut span, 10, 10_000);
        queries(&mut span, LOG_SPAN_MAX_BLOCKS, 2_000_000);
        assert_eq!(span.blocks, LOG_SPAN_MAX_BLOCKS);
    }

    #[test]
    fn a_single_block_is_the_least() {
        let mut span = Span::default();
        for _ in 0..100 {
            let blocks = span.blocks;
            span.was_refused(blocks);
            assert!(span.blocks >= 1);
        }
        assert_eq!(span.blocks, 1);
    }
}
