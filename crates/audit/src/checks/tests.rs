#![allow(clippy::unwrap_used)]

mod claims;
mod contracts;
mod evidence;
mod faults;
mod membership;
mod money;
mod power;
mod sample;
mod stranger;

use alloy::primitives::Bytes;
use alloy::sol_types::SolCall;
use annona_bindings::contracts::Distributor;
use proptest::test_runner::Config as ProptestConfig;

use super::run;
use crate::data::ChainData;
use crate::{AuditReport, AuditVerdict, CheckOutcome, CheckResult};
use sample::{AMOUNT, BUDGET, FIRST_CLAIM, STRANGER, honest, pay, transaction, word};

/// A short run of property tests, or a long one where a soak is asked for.
fn cases() -> ProptestConfig {
    let is_soak = std::env::var_os("TEST_SOAK").is_some_and(|value| value == "1");
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(if is_soak { 2_000 } else { 48 })
    }
}

fn report(data: &ChainData) -> AuditReport {
    run(data, |_| ())
}

fn with_outcome(data: &ChainData, outcome: CheckOutcome) -> Vec<&'static str> {
    let checks = report(data).checks.into_iter();
    let some = checks.filter(|check| check.outcome() == outcome);
    some.map(|check| check.id).collect()
}

fn failing(data: &ChainData) -> Vec<&'static str> {
    with_outcome(data, CheckOutcome::Fail)
}

fn check_of(data: &ChainData, id: &str) -> CheckResult {
    let checks = report(data).checks.into_iter();
    checks.into_iter().find(|check| check.id == id).unwrap()
}

/// The honest deployment, changed, fails exactly the check `id`.
#[track_caller]
fn only(id: &str, change: impl FnOnce(&mut ChainData)) {
    let mut data = honest();
    change(&mut data);
    assert_eq!(failing(&data), [id]);
    assert_eq!(report(&data).verdict(), AuditVerdict::Failed);
}

/// As [`only`], and the report names the transaction in `block`.
#[track_caller]
fn only_at(id: &str, block: u64, change: impl FnOnce(&mut ChainData)) {
    let mut data = honest();
    change(&mut data);
    assert_eq!(failing(&data), [id]);
    let objections = check_of(&data, id).objections;
    let shown = objections.iter().map(|objection| objection.transaction);
    assert!(shown.into_iter().any(|one| one == Some(transaction(block))));
}

/// The honest deployment, changed, accuses nobody, and says that it could not see all.
#[track_caller]
fn not_shown(change: impl FnOnce(&mut ChainData)) {
    let mut data = honest();
    change(&mut data);
    assert_eq!(failing(&data), Vec::<&str>::new());
    assert_eq!(report(&data).verdict(), AuditVerdict::Incomplete);
}

fn call_in(data: &ChainData, block: u64) -> Distributor::claimCall {
    let sent = data.transaction(transaction(block)).unwrap();
    Distributor::claimCall::abi_decode(&sent.input).unwrap()
}

fn set_call(data: &mut ChainData, block: u64, call: &Distributor::claimCall) {
    sample::sent(data, block).input = Bytes::from(call.abi_encode());
}

/// A claim that nobody can prove, made where its calldata is not seen.
fn pay_unseen(data: &mut ChainData, block: u64) {
    let call = Distributor::claimCall {
        nullifierHash: word(block),
        ..call_in(data, FIRST_CLAIM)
    };
    pay(data, block, &call);
    sample::sent(data, block).to = Some(STRANGER);
}

/// Tests AUDIT-31, AUDIT-32 and AUDIT-33.
#[test]
fn an_honest_deployment_passes_every_check_that_the_chain_can_answer() {
    let data = honest();
    assert_eq!(failing(&data), Vec::<&str>::new());
    assert_eq!(
        with_outcome(&data, CheckOutcome::NotChecked),
        ["leaves-are-people", "enrolment-signatures", "log-anchors"]
    );
    let report = report(&data);
    assert_eq!(report.verdict(), AuditVerdict::Passed);
    assert_eq!(report.verdict().exit_code(), 0);
    assert_eq!(
        (report.passed(), report.failed(), report.not_checked()),
        (30, 0, 3)
    );
    let totals = report.totals;
    assert_eq!(
        (totals.members, totals.batches, totals.epochs, totals.claims),
        (3, 2, 1, 2)
    );
    assert_eq!(totals.paid_wei.0, word(2 * AMOUNT));
    assert_eq!(totals.fees_wei.0, word(3));
    assert_eq!(totals.issued_wei.0, word(BUDGET));
}

/// Tests AUDIT-37.
#[test]
fn the_report_is_a_function_of_the_chain() {
    let (first, second) = (report(&honest()), report(&honest()));
    assert_eq!(first.to_json(), second.to_json());
    assert_eq!(first.hash(), second.hash());
    let mut other = honest();
    other.head.hash = alloy::primitives::B256::repeat_byte(8);
    assert_ne!(report(&other).hash(), first.hash());
    let mut later = honest();
    later.now += 7;
    assert_eq!(report(&later).hash(), first.hash());
    let json: serde_json::Value = serde_json::from_str(&first.to_json()).unwrap();
    assert_eq!(json["schema"], 3);
    assert_eq!(json["chainId"], 31_337);
    assert_eq!(json["block"]["timestamp"], honest().head.timestamp);
    assert_eq!(json["block"]["ageSecs"], 5);
    assert_eq!(
        (&json["verdict"], &json["exitCode"]),
        (&"passed".into(), &0.into())
    );
    assert_eq!(json["notChecked"], 3);
    assert_eq!(json["totals"]["paidWei"], "20");
    assert_eq!(json["checks"][0]["id"], "head-age");
    assert_eq!(json["checks"][0]["outcome"], "pass");
    for (position, check) in json["checks"].as_array().unwrap().iter().enumerate() {
        assert_eq!(check["requirement"], format!("AUDIT-{}", position + 1));
    }
}

#[test]
fn progress_is_told_of_each_check_once() {
    let mut seen = Vec::new();
    let report = run(&honest(), |check| seen.push(check.clone()));
    assert_eq!(seen, report.checks);
}

/// Tests AUDIT-36.
#[test]
fn every_objection_is_in_the_report() {
    let mut data = honest();
    for block in 24..27 {
        let distributor = data.deployment.distributor;
        sample::transfer(&mut data, block, distributor, STRANGER, 1);
    }
    let objections = check_of(&data, "payments").objections;
    assert_eq!(objections.len(), 3, "{objections:?}");
    let json: serde_json::Value = serde_json::from_str(&report(&data).to_json()).unwrap();
    let mut checks = json["checks"].as_array().unwrap().iter();
    let payments = checks.find(|check| check["id"] == "payments").unwrap();
    assert_eq!(payments["objections"].as_array().unwrap().len(), 3);
}

#[test]
fn a_chain_that_answers_nothing_is_found_wanting_without_a_panic() {
    let mut data = honest();
    data.answers = crate::data::Answers::default();
    data.code.clear();
    data.code_before.clear();
    data.block_times.clear();
    data.transactions.clear();
    data.epoch_states
        .values_mut()
        .for_each(|state| *state = None);
    data.checkpoints
        .values_mut()
        .for_each(|checkpoint| *checkpoint = None);
    assert_eq!(
        failing(&data),
        [
            "contract-code",
            "immutables",
            "wiring",
            "verifying-key",
            "tree-roots",
            "registry-state",
            "checkpoints",
            "epochs-opened",
            "claim-window",
            "census",
            "supply",
            "balance",
            "timelock-delay",
        ]
    );
}
