//! Outcome of a call when the endpoint fails.

use std::time::{Duration, Instant};

use alloy::network::TransactionBuilder;
use alloy::node_bindings::AnvilInstance;
use alloy::primitives::{Address, U256};
use alloy::providers::ext::AnvilApi;
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::client::BatchRequest;
use alloy::rpc::types::TransactionRequest;
use alloy::transports::TransportError;
use annona_chain::AccountSender;
use annona_faults::{BatchSupport, Failure, Modes, Proxy, RetryAfter, RpcRefusal, When, patience};
use annona_rpc::{EndpointError, EndpointLimits, connect_with, endpoint_failure};

use crate::world::{QUICK, STEADY, anvil, key};

struct Line {
    anvil: AnvilInstance,
    proxy: Proxy,
    provider: DynProvider,
}

impl Line {
    async fn new(limits: EndpointLimits) -> Self {
        let anvil = anvil().try_spawn().unwrap();
        let proxy = Proxy::start(anvil.endpoint()).await;
        let provider = connect_with(proxy.url(), limits).unwrap();
        Self {
            anvil,
            proxy,
            provider,
        }
    }

    fn fails(&self, when: When, failure: Failure) {
        self.proxy.set(Modes::failing(when, failure, &[]));
    }

    /// Makes a call; returns its result and the number of requests that it made.
    async fn ask(&self) -> (Result<u64, TransportError>, u32) {
        let before = self.proxy.asked("eth_blockNumber");
        let answer = self.provider.get_block_number().await;
        (answer, self.proxy.asked("eth_blockNumber") - before)
    }
}

fn cause(error: TransportError) -> EndpointError {
    *endpoint_failure(error).downcast::<EndpointError>().unwrap()
}

const TOO_MANY: Failure = Failure::TooManyRequests(RetryAfter::Absent);

/// Failures that pass by themselves.
const PASSING: [Failure; 18] = [
    TOO_MANY,
    Failure::TooManyRequests(RetryAfter::Secs(0)),
    Failure::TooManyRequests(RetryAfter::DateIn(0)),
    Failure::TooManyRequests(RetryAfter::Text("soon")),
    Failure::TooManyRequests(RetryAfter::Secs(86_400)),
    Failure::Page(500),
    Failure::Page(502),
    Failure::Page(503),
    Failure::Page(522),
    Failure::Page(200),
    Failure::CutAnswer,
    Failure::NotJson,
    Failure::Empty,
    Failure::WrongId,
    Failure::Silent,
    Failure::Refuse(RpcRefusal::rpc(
        429,
        "exceeded its compute units per second capacity",
    )),
    Failure::Refuse(RpcRefusal::rpc(-32_005, "project ID request rate exceeded")),
    Failure::Refuse(RpcRefusal {
        status: 503,
        code: Some(-32_000),
        message: "no healthy upstream",
    }),
];

#[tokio::test]
async fn a_failure_that_passes_costs_another_request_and_no_more() {
    let line = Line::new(QUICK).await;
    for failure in PASSING {
        line.fails(When::Next(1), failure);
        let (answer, asked) = line.ask().await;
        assert_eq!(answer.unwrap(), 0, "{failure:?}");
        assert_eq!(asked, 2, "{failure:?}");
    }
}

#[tokio::test]
async fn a_failure_that_lasts_is_told_after_a_bounded_number_of_requests() {
    let line = Line::new(QUICK).await;
    for failure in PASSING {
        line.fails(When::Always, failure);
        let (answer, asked) = line.ask().await;
        answer.unwrap_err();
        assert!(
            (2..=QUICK.attempts).contains(&asked),
            "{failure:?}: {asked}"
        );
    }
}

#[tokio::test]
async fn what_does_not_pass_is_asked_once() {
    let line = Line::new(QUICK).await;
    for failure in [
        Failure::Page(401),
        Failure::Page(403),
        Failure::Page(404),
        Failure::Redirect("http://elsewhere.example/SECRET"),
        Failure::Refuse(RpcRefusal::rpc(
            -32_601,
            "the method does not exist/is not available",
        )),
        Failure::Refuse(RpcRefusal::rpc(3, "execution reverted: timeout")),
    ] {
        line.fails(When::Always, failure);
        let (answer, asked) = line.ask().await;
        let shown = format!("{:?}", answer.unwrap_err());
        assert_eq!(asked, 1, "{failure:?}");
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}

#[tokio::test]
async fn a_silent_endpoint_is_given_up_within_the_limit_of_a_call() {
    let limits = EndpointLimits {
        call: Duration::from_millis(700),
        ..QUICK
    };
    let line = Line::new(limits).await;
    line.fails(When::Always, Failure::Silent);
    let started = Instant::now();
    let (answer, asked) = line.ask().await;
    let error = cause(answer.unwrap_err());
    assert!(matches!(error, EndpointError::TimedOut { .. }), "{error}");
    assert!(started.elapsed() < patience(Duration::from_secs(3)));
    assert!(asked >= 2, "{asked}");
    line.proxy.behave();
    line.ask().await.0.unwrap();
}

#[tokio::test]
async fn an_answer_that_is_late_is_waited_for_up_to_its_limit() {
    let line = Line::new(QUICK).await;
    line.fails(When::Always, Failure::Late(QUICK.answer / 3));
    let (answer, asked) = line.ask().await;
    assert_eq!((answer.unwrap(), asked), (0, 1));
}

#[tokio::test]
async fn the_pause_that_an_endpoint_asks_for_is_kept() {
    let limits = EndpointLimits {
        longest_pause: Duration::from_secs(2),
        ..QUICK
    };
    let line = Line::new(limits).await;
    // A date has whole seconds, so that one of it may have passed.
    for (asks, least_millis) in [(RetryAfter::Secs(1), 1_000), (RetryAfter::DateIn(2), 950)] {
        line.fails(When::Next(1), Failure::TooManyRequests(asks));
        let started = Instant::now();
        line.ask().await.0.unwrap();
        let paused = started.elapsed();
        assert!(
            paused >= Duration::from_millis(least_millis),
            "{asks:?}: {paused:?}"
        );
    }
}

#[tokio::test]
async fn an_endpoint_that_is_away_is_named() {
    let endpoint = {
        let line = Line::new(QUICK).await;
        line.proxy.url().to_owned()
    };
    let address = endpoint.replace("http://", "http://user:SECRET1@") + "/v3/SECRET2?key=SECRET3";
    let provider = connect_with(&address, QUICK).unwrap();
    let error = cause(provider.get_block_number().await.unwrap_err());
    assert!(
        matches!(error, EndpointError::Unreachable { .. }),
        "{error}"
    );
    let shown = format!("{error} {error:?} {provider:?}");
    assert!(error.to_string().contains(&endpoint), "{error}");
    assert!(!shown.contains("SECRET"), "{shown}");
}

#[tokio::test]
async fn every_failure_names_the_endpoint_and_none_shows_its_key() {
    let line = Line::new(QUICK).await;
    let host = line.proxy.url();
    let address = host.replace("http://", "http://user:SECRET1@") + "/v3/SECRET2?key=SECRET3";
    let provider = connect_with(&address, QUICK).unwrap();
    provider.get_block_number().await.unwrap();
    let quoting = RpcRefusal::rpc(-32_000, "no project SECRET2 with key=SECRET3 for SECRET1");
    let others = [
        Failure::Page(401),
        Failure::Redirect("/v3/SECRET2"),
        Failure::Refuse(quoting),
    ];
    for failure in PASSING.into_iter().chain(others) {
        line.fails(When::Always, failure);
        let error = provider.get_block_number().await.unwrap_err();
        let cause = endpoint_failure(error);
        let mut shown = format!("{cause:?} {cause}");
        let mut next = cause.source();
        while let Some(inner) = next {
            shown.push_str(&format!(" {inner} {inner:?}"));
            next = inner.source();
        }
        assert!(!shown.contains("SECRET"), "{failure:?}: {shown}");
        if !matches!(failure, Failure::Refuse(_)) {
            assert!(cause.to_string().contains(host), "{failure:?}: {cause}");
        }
    }
    for text in [
        "SECRET",
        "ftp://SECRET@rpc.example",
        "http://",
        "rpc.example:8545/SECRET",
    ] {
        let error = connect_with(text, QUICK).unwrap_err();
        let shown = format!("{error:?} {error} {:?}", std::error::Error::source(&error));
        assert!(!shown.contains("SECRET"), "{shown}");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let limits = EndpointLimits {
        answer_bytes: 100,
        ..QUICK
    };
    let line = Line::new(limits).await;
    line.ask().await.0.unwrap();
    let block = line.provider.get_block_by_number(0.into()).await;
    let error = cause(block.unwrap_err());
    assert!(matches!(error, EndpointError::TooLong { .. }), "{error}");
}

/// Balances of Anvil's ten accounts, asked for in one request.
async fn balances(provider: &DynProvider, anvil: &AnvilInstance) -> Vec<U256> {
    let mut batch = BatchRequest::new(provider.client());
    let mut answers = Vec::new();
    for account in anvil.addresses() {
        let answer = batch.add_call::<_, U256>("eth_getBalance", &(account, "latest"));
        answers.push(answer.unwrap());
    }
    batch.send().await.unwrap();
    let mut balances = Vec::new();
    for answer in answers {
        balances.push(answer.await.unwrap());
    }
    balances
}

#[tokio::test]
async fn several_requests_in_one_reach_endpoints_that_take_fewer() {
    let line = Line::new(QUICK).await;
    let direct = balances(&line.provider, &line.anvil).await;
    assert_eq!(direct.len(), 10);
    for batches in [
        BatchSupport::UpTo(3),
        BatchSupport::Refused,
        BatchSupport::BadRequest,
    ] {
        let provider = connect_with(line.proxy.url(), QUICK).unwrap();
        line.proxy.set(Modes {
            batches,
            ..Modes::default()
        });
        assert_eq!(
            balances(&provider, &line.anvil).await,
            direct,
            "{batches:?}"
        );
        let before = line.proxy.asked("eth_getBalance");
        assert_eq!(
            balances(&provider, &line.anvil).await,
            direct,
            "{batches:?}"
        );
        let asked = line.proxy.asked("eth_getBalance") - before;
        assert_eq!(asked, 10, "{batches:?}: it is remembered");
    }
}

#[tokio::test]
async fn several_requests_in_one_get_through_a_limit_of_rate_below_their_number() {
    let patient = EndpointLimits {
        answer: Duration::from_secs(5),
        call: Duration::from_secs(60),
        first_pause: Duration::from_millis(400),
        longest_pause: Duration::from_millis(2_200),
        ..QUICK
    };
    let line = Line::new(patient).await;
    line.fails(When::AbovePerSec(3), TOO_MANY);
    // Four rounds are needed at three a second, beside those that find the limit.
    assert_eq!(balances(&line.provider, &line.anvil).await.len(), 10);
}

/// A transfer of one wei, whose answer is lost.
async fn transfer(line: &Line, lost: u32) -> Address {
    let recipient = Address::repeat_byte(7);
    line.proxy.set(Modes::failing(
        When::Next(lost),
        Failure::CutAnswer,
        &["eth_sendRawTransaction"],
    ));
    let sender = AccountSender::new(line.provider.clone(), key(&line.anvil), 31_337);
    let request = TransactionRequest::default()
        .with_to(recipient)
        .with_value(U256::ONE);
    let mining = async {
        // Without blocks of its own, Anvil is told to make one as soon as it has the bytes.
        while line.proxy.asked("eth_sendRawTransaction") <= lost {
            tokio::task::yield_now().await;
        }
        let direct = connect_with(&line.anvil.endpoint(), STEADY).unwrap();
        direct.anvil_mine(Some(1), None).await.unwrap();
    };
    let (receipt, ()) = tokio::join!(sender.send(request, 0), mining);
    assert!(receipt.unwrap().status());
    recipient
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_is_sent_again_and_done_once() {
    for automine in [true, false] {
        let line = Line::new(STEADY).await;
        line.provider.anvil_set_auto_mine(automine).await.unwrap();
        let recipient = transfer(&line, 1).await;
        assert_eq!(line.proxy.asked("eth_sendRawTransaction"), 2);
        let balance = line.provider.get_balance(recipient).await.unwrap();
        assert_eq!(balance, U256::ONE, "automine: {automine}");
    }
}

#[tokio::test]
async fn what_acts_each_time_is_not_repeated_when_it_may_have_arrived() {
    let line = Line::new(QUICK).await;
    line.fails(When::Next(1), Failure::CutAnswer);
    line.provider.anvil_mine(Some(1), None).await.unwrap_err();
    assert_eq!(line.provider.get_block_number().await.unwrap(), 1);
    // It did not arrive.
    line.fails(When::Next(1), TOO_MANY);
    line.provider.anvil_mine(Some(1), None).await.unwrap();
    assert_eq!(line.provider.get_block_number().await.unwrap(), 2);
}
