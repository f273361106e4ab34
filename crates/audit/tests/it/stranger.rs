//! A stranger on a real chain: every function of every contract, decoys, gifts and a contract that
//! calls several functions in one transaction. Nothing of it makes a check fail.

use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, B256, Bytes, TxKind, U256, hex, keccak256};
use alloy::providers::Provider;
use alloy::rpc::types::{TransactionReceipt, TransactionRequest};
use alloy::sol_types::SolCall;
use annona_audit::{AuditVerdict, CheckOutcome};
use annona_bindings::contracts::{
    AnnonaToken, Distributor, IDistributor, MintedIncome, TimelockController, artifacts,
};
use annona_core::{AmountWei, Payment};
use annona_proofs::{ClaimProof, Identity};
use annona_tree::MembershipTree;
use serde_json::Value;

use crate::world::{self, Chain, EPOCH_LENGTH_SECS, prove, with_outcome};

/// Enough for whatever is called here; a call that is refused is mined all the same.
const GAS: u64 = 8_000_000;

/// Requests for one receipt.
const RECEIPT_REQUESTS: usize = 2_000;

/// Times that each function is called, with other arguments.
const VARIANTS: u64 = 2;

/// A contract that makes the calls in its calldata, each written as the address (20 bytes), the
/// length (32 bytes) and the calldata, and goes on when one is refused.
const CALLER: &[u8] = &hex!(
    "603180600b6000396000f3"
    "60005b80361115602f578060140135808260340160003760006000826000600086356060"
    "1c5af15001603401600256"
    "5b00"
);

/// The deployed contracts by their artifacts, which list every function.
fn contracts(chain: &Chain) -> Vec<(Address, &'static str)> {
    let at = &chain.deployment;
    let mut contracts = vec![
        (at.timelock, artifacts::TIMELOCK_CONTROLLER),
        (at.token, artifacts::ANNONA_TOKEN),
        (at.income_source, artifacts::MINTED_INCOME),
        (at.orb_registry, artifacts::ORB_REGISTRY),
        (at.registry, artifacts::REGISTRY),
        (at.verifier, artifacts::SEMAPHORE_VERIFIER),
        (at.distributor, artifacts::DISTRIBUTOR),
    ];
    let appends = at.append_verifiers.iter();
    contracts.extend(appends.map(|one| (*one, artifacts::UNSAFE_TEST_APPEND_16_VERIFIER)));
    let revokes = at.revoke_verifiers.iter();
    contracts.extend(revokes.map(|one| (*one, artifacts::UNSAFE_TEST_REVOKE_8_VERIFIER)));
    contracts
}

/// Arguments by the ABI: addresses of the deployment and of the stranger, small numbers, empty
/// lists and texts.
struct Arguments<'a> {
    chain: &'a Chain,
    stranger: Address,
    variant: u64,
}

impl Arguments<'_> {
    fn word(&self, kind: &str, place: u64) -> B256 {
        let at = &self.chain.deployment;
        let some = [at.distributor, self.stranger, at.income_source, at.timelock];
        let number = self.variant.wrapping_mul(place + 1) % 4;
        if kind == "address" {
            return some[(self.variant + place) as usize % some.len()].into_word();
        }
        if kind == "bool" {
            return U256::from(number % 2).into();
        }
        U256::from(number).into()
    }

    /// A value of fixed size: the words; `None` for one of variable size.
    fn fixed(&self, input: &Value, place: u64) -> Option<Vec<B256>> {
        let kind = input["type"].as_str().unwrap();
        if kind == "bytes" || kind == "string" || kind.ends_with("[]") {
            return None;
        }
        if let Some((of, length)) = kind.strip_suffix(']').and_then(|kind| kind.split_once('[')) {
            let length: u64 = length.parse().unwrap();
            return Some(
                (0..length)
                    .map(|index| self.word(of, place + index))
                    .collect(),
            );
        }
        if kind == "tuple" {
            let parts = input["components"].as_array().unwrap().iter();
            let parts = parts.map(|part| self.fixed(part, place));
            return Some(parts.collect::<Option<Vec<_>>>()?.concat());
        }
        Some(vec![self.word(kind, place)])
    }

    fn calldata(&self, function: &Value) -> Vec<u8> {
        let inputs = function["inputs"].as_array().unwrap();
        let signature = format!(
            "{}({})",
            function["name"].as_str().unwrap(),
            types_of(inputs).join(",")
        );
        let values: Vec<_> = (0..)
            .zip(inputs)
            .map(|(place, input)| self.fixed(input, place))
            .collect();
        let heads: usize = values
            .iter()
            .map(|value| value.as_ref().map_or(1, Vec::len))
            .sum();
        let mut words = Vec::new();
        for value in values {
            // All of variable size are empty, and share the word that says so.
            words.extend(value.unwrap_or_else(|| vec![U256::from(heads * 32).into()]));
        }
        words.push(B256::ZERO);
        let mut calldata = keccak256(signature)[..4].to_vec();
        calldata.extend(words.iter().flat_map(|word| word.0));
        calldata
    }
}

fn types_of(inputs: &[Value]) -> Vec<String> {
    let types = inputs.iter().map(|input| {
        let kind = input["type"].as_str().unwrap();
        match (kind.strip_prefix("tuple"), input["components"].as_array()) {
            (Some(rest), Some(parts)) => format!("({}){rest}", types_of(parts).join(",")),
            _ => kind.to_owned(),
        }
    });
    types.collect()
}

impl Chain {
    async fn send(&self, from: Address, to: Option<Address>, data: Vec<u8>) -> TransactionReceipt {
        let mut request = TransactionRequest::default().with_input(data);
        request.to = Some(to.map_or(TxKind::Create, Into::into));
        self.mined(request.with_from(from)).await
    }

    async fn give_ether(&self, from: Address, to: Address) {
        let request = TransactionRequest::default().with_to(to).with_from(from);
        self.mined(request.with_value(U256::from(1))).await;
    }

    /// The chain mines at once, so its receipt is asked for until it is there.
    async fn mined(&self, request: TransactionRequest) -> TransactionReceipt {
        let request = request.with_gas_limit(GAS);
        let pending = self.provider.send_transaction(request).await.unwrap();
        let hash = *pending.tx_hash();
        for _ in 0..RECEIPT_REQUESTS {
            let receipt = self.provider.get_transaction_receipt(hash).await;
            if let Some(receipt) = receipt.unwrap() {
                return receipt;
            }
        }
        panic!("{hash} was not mined");
    }

    /// Calls every function of every contract, and sends ether to each.
    async fn call_everything(&self, stranger: Address) -> usize {
        let mut functions = 0;
        for (address, artifact) in contracts(self) {
            let artifact: Value = serde_json::from_str(artifact).unwrap();
            let abi = artifact["abi"].as_array().unwrap();
            for function in abi.iter().filter(|item| item["type"] == "function") {
                functions += 1;
                for variant in 0..VARIANTS {
                    let arguments = Arguments {
                        chain: self,
                        stranger,
                        variant,
                    };
                    let calldata = arguments.calldata(function);
                    self.send(stranger, Some(address), calldata).await;
                }
            }
            self.give_ether(stranger, address).await;
        }
        functions
    }
}

fn claim_of(proof: &ClaimProof, payment: &Payment) -> IDistributor::Claim {
    IDistributor::Claim {
        nullifierHash: proof.inputs.nullifier_hash.to_u256(),
        recipient: payment.recipient,
        feeRecipient: payment.fee_recipient,
        fee: payment.fee.0,
        proof: *proof.points.coordinates(),
    }
}

fn entry(epoch: u64, claim: &IDistributor::Claim) -> IDistributor::EpochClaim {
    IDistributor::EpochClaim {
        epoch: U256::from(epoch),
        claim: claim.clone(),
    }
}

/// Calls for [`CALLER`].
fn several(calls: &[(Address, Vec<u8>)]) -> Vec<u8> {
    let mut calldata = Vec::new();
    for (to, data) in calls {
        calldata.extend_from_slice(to.as_slice());
        calldata.extend_from_slice(&U256::from(data.len()).to_be_bytes::<32>());
        calldata.extend_from_slice(data);
    }
    calldata
}

/// A true claim among decoys with its nullifier hash, of epochs that are not claimable, with a fee
/// that is too high, and once more behind it.
fn catch_up_among_decoys(truth: &IDistributor::Claim, stranger: Address) -> Vec<u8> {
    let decoy = IDistributor::Claim {
        recipient: stranger,
        proof: [U256::MAX; 8],
        ..truth.clone()
    };
    let costly = IDistributor::Claim {
        feeRecipient: stranger,
        fee: U256::from(1_000_000),
        ..decoy.clone()
    };
    let claims = vec![
        entry(1_000, &decoy),
        entry(1_000, truth),
        entry(1, &costly),
        entry(1, truth),
        entry(1, truth),
        entry(1, &decoy),
    ];
    let mut calldata = Distributor::catchUpCall { claims }.abi_encode();
    calldata.extend_from_slice(b"behind the arguments");
    calldata
}

/// Everything that the contract can do in one transaction: two claims in two ways, decoys, a claim
/// that is refused, and transfers of nothing.
fn through_a_contract(
    chain: &Chain,
    [second, third]: [&IDistributor::Claim; 2],
    stranger: Address,
) -> Vec<u8> {
    let at = &chain.deployment;
    let epoch = U256::from(1);
    let batch = |claims: Vec<IDistributor::Claim>| {
        Distributor::claimBatchCall { epoch, claims }.abi_encode()
    };
    let refused = IDistributor::Claim {
        recipient: stranger,
        ..third.clone()
    };
    let nothing = AnnonaToken::transferFromCall {
        from: at.distributor,
        to: stranger,
        value: U256::ZERO,
    };
    several(&[
        (at.token, nothing.abi_encode()),
        (at.distributor, batch(vec![refused])),
        (at.distributor, catch_up_among_decoys(second, stranger)),
        (
            at.distributor,
            batch(vec![second.clone(), third.clone(), third.clone()]),
        ),
        (at.distributor, batch(vec![third.clone()])),
        (at.token, nothing.abi_encode()),
    ])
}

async fn raise_income_through_the_timelock(chain: &Chain, is_ready: bool) {
    let at = &chain.deployment;
    let data: Bytes = MintedIncome::setPerPersonCall {
        newPerPerson: U256::from(21),
    }
    .abi_encode()
    .into();
    let call = if is_ready {
        TimelockController::executeCall {
            target: at.income_source,
            payload: data,
            ..Default::default()
        }
        .abi_encode()
    } else {
        TimelockController::scheduleCall {
            target: at.income_source,
            data,
            delay: U256::from(EPOCH_LENGTH_SECS + 1),
            ..Default::default()
        }
        .abi_encode()
    };
    let governor = chain.anvil.addresses()[1];
    assert!(chain.send(governor, Some(at.timelock), call).await.status());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_makes_no_check_fail() {
    let chain = Chain::start().await;
    let stranger = chain.anvil.addresses()[6];
    let people = [1, 2, 3, 4].map(|seed| Identity::from_secret([seed; 32]));
    let mut tree = MembershipTree::default();
    chain.append(&mut tree, &people).await;
    raise_income_through_the_timelock(&chain, false).await;
    chain.next_epoch().await;
    let functions = chain.call_everything(stranger).await;
    assert!(functions > 100, "{functions}");

    let payment = Payment {
        recipient: stranger,
        fee_recipient: chain.deployment.income_source,
        fee: AmountWei(U256::from(2)),
    };
    let proofs = people
        .each_ref()
        .map(|person| prove(&chain, &tree, person, &payment));
    let claims = proofs.each_ref().map(|proof| claim_of(proof, &payment));
    assert!(chain.claim(&proofs[0], &payment).await.1);
    let distributor = Some(chain.deployment.distributor);
    let calldata = catch_up_among_decoys(&claims[1], stranger);
    assert!(chain.send(stranger, distributor, calldata).await.status());
    let caller = chain
        .send(stranger, None, CALLER.to_vec())
        .await
        .contract_address;
    let calldata = through_a_contract(&chain, [&claims[2], &claims[3]], stranger);
    chain.send(stranger, caller, calldata).await;

    chain.next_epoch().await;
    raise_income_through_the_timelock(&chain, true).await;
    for to in [chain.deployment.distributor, chain.deployment.income_source] {
        let gift = AnnonaToken::transferCall {
            to,
            value: U256::from(3),
        };
        let receipt = chain
            .send(stranger, Some(chain.deployment.token), gift.abi_encode())
            .await;
        assert!(receipt.status());
    }
    chain.call_everything(stranger).await;

    let report = world::report(&chain.provider, &chain.deployment).await;
    assert_eq!(
        with_outcome(&report, CheckOutcome::Fail),
        Vec::<&str>::new(),
        "{}",
        report.to_json()
    );
    assert_eq!(
        report.verdict(),
        AuditVerdict::Passed,
        "{}",
        report.to_json()
    );
    assert_eq!(report.totals.claims, 4);
}
