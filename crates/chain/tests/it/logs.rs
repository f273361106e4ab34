//! Event logs from endpoints that limit a query.

use alloy::node_bindings::AnvilInstance;
use alloy::providers::ext::AnvilApi;
use alloy::rpc::types::{Filter, Log};
use annona_bindings::Deployment;
use annona_chain::deploy;
use annona_faults::{Failure, LOG_REFUSALS, LogLimit, Modes, Proxy, RpcRefusal, When};
use annona_rpc::{EndpointLimits, LOG_SPAN_MAX_BLOCKS, LogReader, connect, connect_with};

use crate::world::{QUICK, STEADY, anvil, key, plan};

/// Blocks after the deployment.
const EMPTY_BLOCKS: u64 = 120;

struct Chain {
    anvil: AnvilInstance,
    proxy: Proxy,
    deployment: Deployment,
    /// Every log, as an endpoint without limits gives them.
    logs: Vec<Log>,
    last: u64,
}

fn everything(deployment: &Deployment) -> Filter {
    let all = deployment.contracts().into_iter();
    Filter::new().address(all.map(|(_, address)| address).collect::<Vec<_>>())
}

impl Chain {
    async fn new() -> Self {
        let anvil = anvil().try_spawn().unwrap();
        let provider = connect(&anvil.endpoint()).unwrap();
        let deployment = deploy(&provider, key(&anvil), &plan(&anvil)).await.unwrap();
        provider.anvil_mine(Some(EMPTY_BLOCKS), None).await.unwrap();
        let last = deployment.deployment_block + 11 + EMPTY_BLOCKS;
        let reader = LogReader::new(provider);
        let logs = reader
            .read(&everything(&deployment), 0, last)
            .await
            .unwrap();
        assert!(logs.len() > 10, "{}", logs.len());
        Self {
            proxy: Proxy::start(anvil.endpoint()).await,
            anvil,
            deployment,
            logs,
            last,
        }
    }

    fn reader(&self, limits: EndpointLimits) -> LogReader {
        LogReader::new(connect_with(self.proxy.url(), limits).unwrap())
    }

    /// Queries that reading everything takes.
    async fn read_all(&self, reader: &LogReader) -> u32 {
        let before = self.proxy.asked("eth_getLogs");
        let filter = everything(&self.deployment);
        let logs = reader.read(&filter, 0, self.last).await.unwrap();
        assert_eq!(logs, self.logs);
        self.proxy.asked("eth_getLogs") - before
    }
}

#[tokio::test]
async fn a_limit_in_any_words_is_kept_to() {
    let chain = Chain::new().await;
    for (refusal, blocks) in LOG_REFUSALS
        .into_iter()
        .zip([1, 7, 10, 50, 100, 120].into_iter().cycle())
    {
        chain.proxy.set(Modes::log_span(blocks, refusal));
        let reader = chain.reader(STEADY);
        let needed = u32::try_from(chain.last.div_ceil(blocks)).unwrap();
        let asked = chain.read_all(&reader).await;
        assert!(asked <= 3 * needed + 20, "{refusal:?}: {asked} of {needed}");
        assert!(reader.span_blocks() < 2 * blocks + 2, "{refusal:?}");
        assert!(reader.span_blocks() * 2 >= blocks.min(120), "{refusal:?}");
    }
}

#[tokio::test]
async fn a_limit_on_the_number_of_logs_is_kept_to_in_any_words() {
    let chain = Chain::new().await;
    let in_a_block = |block| {
        chain
            .logs
            .iter()
            .filter(|log| log.block_number == Some(block))
            .count()
    };
    let most = (0..=chain.last).map(in_a_block).max().unwrap();
    for refusal in LOG_REFUSALS {
        chain.proxy.set(Modes {
            log_limit: Some(LogLimit {
                blocks: None,
                results: Some(most),
                refusal,
            }),
            ..Modes::default()
        });
        chain.read_all(&chain.reader(STEADY)).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_to_be_read_is_asked_for_in_parts() {
    let chain = Chain::new().await;
    let limits = EndpointLimits {
        answer_bytes: 8_000,
        ..STEADY
    };
    let asked = chain.read_all(&chain.reader(limits)).await;
    assert!(asked > 1, "{asked}");
}

#[tokio::test]
async fn without_a_limit_few_queries_are_made() {
    let chain = Chain::new().await;
    let reader = chain.reader(STEADY);
    assert_eq!(chain.read_all(&reader).await, 1);
    assert_eq!(reader.span_blocks(), LOG_SPAN_MAX_BLOCKS);
}

#[tokio::test]
async fn a_refusal_of_one_block_is_told() {
    let chain = Chain::new().await;
    for refusal in LOG_REFUSALS {
        chain.proxy.set(Modes::log_span(0, refusal));
        let before = chain.proxy.asked("eth_getLogs");
        let filter = everything(&chain.deployment);
        chain
            .reader(STEADY)
            .read(&filter, 0, chain.last)
            .await
            .unwrap_err();
        let asked = chain.proxy.asked("eth_getLogs") - before;
        assert!(asked <= 12, "{refusal:?}: {asked}");
    }
}

#[tokio::test]
async fn an_endpoint_that_is_away_or_busy_is_not_asked_for_less_and_less() {
    let chain = Chain::new().await;
    let filter = everything(&chain.deployment);
    let wrong_key = Failure::Page(401);
    let busy = Failure::Refuse(RpcRefusal::rpc(429, "too many requests"));
    for (failure, most) in [
        (wrong_key, 1),
        (busy, 12 * QUICK.attempts),
        (Failure::Silent, 20),
    ] {
        chain
            .proxy
            .set(Modes::failing(When::Always, failure, &["eth_getLogs"]));
        let before = chain.proxy.asked("eth_getLogs");
        let limits = EndpointLimits {
            call: QUICK.answer * 2,
            ..QUICK
        };
        chain
            .reader(limits)
            .read(&filter, 0, chain.last)
            .await
            .unwrap_err();
        let asked = chain.proxy.asked("eth_getLogs") - before;
        assert!(asked <= most, "{failure:?}: {asked}");
    }
    let Chain {
        proxy,
        anvil,
        deployment,
        last,
        ..
    } = chain;
    let reader = LogReader::new(connect_with(proxy.url(), QUICK).unwrap());
    drop((proxy, anvil));
    reader
        .read(&everything(&deployment), 0, last)
        .await
        .unwrap_err();
    assert_eq!(reader.span_blocks(), LOG_SPAN_MAX_BLOCKS);
}
