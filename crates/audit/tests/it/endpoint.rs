//! The same deployment through endpoints with the faults that real ones have.

use std::time::Duration;

use alloy::primitives::Address;
use alloy::providers::{DynProvider, Provider};
use annona_audit::{AuditError, AuditProgress, AuditReport, AuditVerdict, CheckOutcome, audit};
use annona_bindings::Deployment;
use annona_core::{AmountWei, Payment, U256, UnixSeconds};
use annona_faults::{Failure, LOG_REFUSALS, Modes, Proxy, RetryAfter, When};
use annona_proofs::Identity;
use annona_rpc::{EndpointLimits, connect_with};
use annona_tree::MembershipTree;

use crate::world::{self, Chain, nothing, prove, with_outcome};

/// Short, so that an endpoint that is silent is given up at once.
fn limits() -> EndpointLimits {
    EndpointLimits {
        answer: Duration::from_secs(2),
        call: Duration::from_secs(4),
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(20),
        ..EndpointLimits::default()
    }
}

struct Endpoint {
    chain: Chain,
    proxy: Proxy,
    provider: DynProvider,
    /// The block of the first claim.
    claimed: u64,
}

impl Endpoint {
    /// A deployment with a paid claim and some blocks behind it, seen through a proxy.
    async fn start() -> Self {
        let chain = Chain::start().await;
        let people = [1, 2].map(|seed| Identity::from_secret([seed; 32]));
        let mut tree = MembershipTree::default();
        chain.append(&mut tree, &people).await;
        chain.next_epoch().await;
        let payment = Payment {
            recipient: Address::repeat_byte(0xaa),
            fee_recipient: Address::ZERO,
            fee: AmountWei(U256::ZERO),
        };
        let proof = prove(&chain, &tree, &people[0], &payment);
        assert!(chain.claim(&proof, &payment).await.1);
        let claimed = chain.provider.get_block_number().await.unwrap();
        let proxy = Proxy::start(chain.anvil.endpoint()).await;
        let provider = connect_with(proxy.url(), limits()).unwrap();
        let endpoint = Self {
            chain,
            proxy,
            provider,
            claimed,
        };
        endpoint.mine(4).await;
        endpoint
    }

    async fn mine(&self, blocks: u64) {
        let _: serde_json::Value = self
            .chain
            .provider
            .raw_request("anvil_mine".into(), (U256::from(blocks),))
            .await
            .unwrap();
    }

    async fn report(&self, modes: Modes) -> AuditReport {
        self.proxy.set(modes);
        let report = world::report(&self.provider, &self.chain.deployment).await;
        self.proxy.behave();
        report
    }

    /// The audit sees all of it.
    async fn passes(&self, modes: Modes) {
        let report = self.report(modes).await;
        assert_eq!(
            report.verdict(),
            AuditVerdict::Passed,
            "{}",
            report.to_json()
        );
    }

    /// The audit accuses nobody, and says `word` of what it could not see.
    async fn is_not_shown(&self, modes: Modes, word: &str) {
        let report = self.report(modes).await;
        let failed = with_outcome(&report, CheckOutcome::Fail);
        assert_eq!(failed, Vec::<&str>::new(), "{}", report.to_json());
        assert_eq!(report.verdict(), AuditVerdict::Incomplete);
        assert!(report.to_json().contains(word), "{}", report.to_json());
    }

    async fn error(&self, deployment: &Deployment) -> AuditError {
        let answer = audit(&self.provider, deployment, UnixSeconds(0), nothing).await;
        answer.unwrap_err()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_endpoint_does_not_show_accuses_nobody() {
    let endpoint = Endpoint::start().await;
    endpoint.passes(Modes::default()).await;
    let head = endpoint.claimed + 4;
    let first = endpoint.chain.deployment.deployment_block;
    for block in [first + 1, endpoint.claimed] {
        let modes = Modes {
            first_block_with_logs: block,
            ..Modes::default()
        };
        endpoint.is_not_shown(modes, "ask an archive node").await;
        let modes = Modes {
            first_block_with_transactions: block,
            ..Modes::default()
        };
        endpoint.is_not_shown(modes, "ask an archive node").await;
    }
    // The transactions that created the contracts take the place of old state.
    endpoint
        .passes(Modes {
            first_block_with_state: head,
            ..Modes::default()
        })
        .await;
    let late = Deployment {
        deployment_block: first + 9,
        ..endpoint.chain.deployment.clone()
    };
    assert_eq!(
        world::failing(&endpoint.chain, &late).await,
        ["deployment-block"]
    );
    let future = Deployment {
        deployment_block: head + 1,
        ..endpoint.chain.deployment.clone()
    };
    let error = endpoint.error(&future).await;
    assert!(
        matches!(error, AuditError::BeforeDeployment { .. }),
        "{error}"
    );
    endpoint.proxy.set(Modes {
        chain_id: Some(1),
        ..Modes::default()
    });
    let error = endpoint.error(&endpoint.chain.deployment).await;
    assert!(matches!(error, AuditError::WrongChain { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_is_made_through_limits_and_passing_faults() {
    let endpoint = Endpoint::start().await;
    for refusal in [LOG_REFUSALS[0], LOG_REFUSALS[12]] {
        endpoint.passes(Modes::log_span(3, refusal)).await;
    }
    for failure in [
        Failure::TooManyRequests(RetryAfter::Absent),
        Failure::Page(502),
        Failure::CutAnswer,
    ] {
        endpoint
            .passes(Modes::failing(When::Every(7), failure, &[]))
            .await;
    }
    a_reorg_is_told_as_one(&endpoint).await;
    // The reorg took nothing but empty blocks away.
    endpoint.passes(Modes::default()).await;
    let silent = Modes::failing(When::Always, Failure::Silent, &[]);
    endpoint.proxy.set(silent);
    let error = endpoint.error(&endpoint.chain.deployment).await;
    assert!(matches!(error, AuditError::Endpoint { .. }), "{error}");
}

async fn a_reorg_is_told_as_one(endpoint: &Endpoint) {
    let reorg = || Modes {
        reorg_after: Some((30, 2)),
        ..Modes::default()
    };
    let mut begun_again = 0;
    endpoint.proxy.set(reorg());
    let report = audit(
        &endpoint.provider,
        &endpoint.chain.deployment,
        UnixSeconds(0),
        |progress| {
            begun_again += usize::from(matches!(progress, AuditProgress::BegunAgain { .. }));
        },
    );
    assert_eq!(report.await.unwrap().verdict(), AuditVerdict::Passed);
    assert_eq!(begun_again, 1);
    endpoint.proxy.set(reorg());
    let report = audit(
        &endpoint.provider,
        &endpoint.chain.deployment,
        UnixSeconds(0),
        |progress| {
            if matches!(progress, AuditProgress::BegunAgain { .. }) {
                endpoint.proxy.set(reorg());
            }
        },
    );
    let error = report.await.unwrap_err().to_string();
    assert!(
        error.ends_with("was replaced while it was audited; audit again"),
        "{error}"
    );
    endpoint.proxy.behave();
}
