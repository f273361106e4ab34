use std::collections::BTreeMap;
use std::ops::Range;

use alloy::primitives::{Address, Bytes, U256, hex};
use annona_bindings::contracts::artifacts;
use annona_keys::DEVELOPMENT_CHAINS;
use annona_proofs::VerifyingKey;
use serde::Deserialize;

use super::Evidence;
use super::findings::{Finding, Findings, Verdict, answer, wrong};
use super::rebuilt::looked_at;
use crate::Objection;
use crate::data::Contract;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Artifact {
    deployed_bytecode: DeployedBytecode,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeployedBytecode {
    object: String,
    #[serde(default)]
    immutable_references: BTreeMap<String, Vec<Place>>,
}

#[derive(Deserialize)]
struct Place {
    start: usize,
    length: usize,
}

/// Runtime code as the compiler made it, and the places that constructors fill in.
pub(super) struct Published {
    pub(super) code: Vec<u8>,
    /// The places of each immutable, in the order of declaration: the compiler
    /// numbers declarations as it reads them.
    pub(super) immutables: Vec<Vec<Range<usize>>>,
}

impl Published {
    pub(super) fn of(contract: Contract) -> Self {
        let text = match contract {
            Contract::Timelock => artifacts::TIMELOCK_CONTROLLER,
            Contract::Token => artifacts::ANNONA_TOKEN,
            Contract::IncomeSource => artifacts::MINTED_INCOME,
            Contract::OrbRegistry => artifacts::ORB_REGISTRY,
            Contract::Registry => artifacts::REGISTRY,
            Contract::Verifier => artifacts::SEMAPHORE_VERIFIER,
            Contract::Distributor => artifacts::DISTRIBUTOR,
            Contract::Append16Verifier => artifacts::UNSAFE_TEST_APPEND_16_VERIFIER,
            Contract::Append256Verifier => artifacts::UNSAFE_TEST_APPEND_256_VERIFIER,
            Contract::Append1024Verifier => artifacts::UNSAFE_TEST_APPEND_1024_VERIFIER,
            Contract::Revoke8Verifier => artifacts::UNSAFE_TEST_REVOKE_8_VERIFIER,
            Contract::Revoke32Verifier => artifacts::UNSAFE_TEST_REVOKE_32_VERIFIER,
        };
        let artifact: Artifact =
            serde_json::from_str(text).expect("the artifacts are part of the build");
        let deployed = artifact.deployed_bytecode;
        let by_declaration: BTreeMap<u64, Vec<Place>> = deployed
            .immutable_references
            .into_iter()
            .map(|(id, places)| {
                (
                    id.parse().expect("the compiler numbers declarations"),
                    places,
                )
            })
            .collect();
        let range = |place: Place| place.start..place.start + place.length;
        Self {
            code: hex::decode(deployed.object).expect("artifacts hold linked bytecode"),
            immutables: by_declaration
                .into_values()
                .map(|places| places.into_iter().map(range).collect())
                .collect(),
        }
    }

    /// Returns whether `code` is this code with anything in the immutables' places.
    fn matches(&self, code: &[u8]) -> bool {
        if code.len() != self.code.len() {
            return false;
        }
        let mut masked = code.to_vec();
        for place in self.immutables.iter().flatten() {
            masked[place.clone()].copy_from_slice(&self.code[place.clone()]);
        }
        masked == self.code
    }

    /// Reads the word of each immutable; `None` if two places of one differ.
    fn words(&self, code: &[u8]) -> Option<Vec<U256>> {
        let word = |place: &Range<usize>| code.get(place.clone()).map(U256::from_be_slice);
        let same = |places: &Vec<Range<usize>>| {
            let first = word(places.first()?)?;
            places
                .iter()
                .all(|place| word(place) == Some(first))
                .then_some(first)
        };
        self.immutables.iter().map(same).collect()
    }
}

fn code_of<'a>(evidence: &'a Evidence<'_>, contract: Contract) -> Result<&'a Bytes, Finding> {
    match evidence.data.code.get(&contract) {
        Some(code) if !code.is_empty() => Ok(code),
        _ => wrong(format!(
            "there is no contract at {}, where {contract} should be",
            contract.address(&evidence.data.deployment)
        )),
    }
}

/// Checks AUDIT-4: every contract runs the published code.
pub(super) fn code(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    for contract in Contract::ALL {
        let Some(code) = found.note(code_of(evidence, contract)) else {
            continue;
        };
        if !Published::of(contract).matches(code) {
            found.note::<()>(wrong(format!(
                "the code at {} is not that of {contract}",
                contract.address(&evidence.data.deployment)
            )));
        }
    }
    looked_at(Contract::ALL.len(), "contracts")
}

/// Refuses test keys on any chain but a development one: their seed is in the sources, and anyone
/// who reads it can prove a false batch (AUDIT-5).
pub(super) fn batch_verifier_keys(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let chain_id = evidence.data.deployment.chain_id;
    if DEVELOPMENT_CHAINS.contains(&chain_id) {
        return Ok(format!("test keys; chain {chain_id} is for development"));
    }
    for contract in Contract::BATCH_VERIFIERS {
        let code = evidence.data.code.get(&contract);
        if code.is_some_and(|code| Published::of(contract).matches(code)) {
            found.note::<()>(wrong(format!(
                "{contract} at {} has an UNSAFE test key: anyone can forge batches for it",
                contract.address(&evidence.data.deployment)
            )));
        }
    }
    looked_at(Contract::BATCH_VERIFIERS.len(), "verifiers of batches")
}

/// Compares the immutables with the deployment. Some are private, so they are read out of the
/// code (AUDIT-6).
pub(super) fn immutables(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let (at, answers) = (&evidence.data.deployment, &evidence.data.answers);
    let genesis = answer(answers.genesis.as_ref(), "genesis()")?;
    let length = answer(answers.epoch_length.as_ref(), "epochLength()")?;
    let window = answer(answers.claim_window.as_ref(), "claimWindow()")?;
    let address = |address: Address| U256::from_be_bytes(address.into_word().0);
    let batch_verifiers = at.append_verifiers.iter().chain(&at.revoke_verifiers);
    let of_registry = [genesis, length]
        .into_iter()
        .chain(batch_verifiers.map(|verifier| address(*verifier)));
    // The distributor keeps the key of claims; its words come first.
    let of_distributor = VerifyingKey::semaphore_30().to_words().into_iter().chain([
        address(at.registry),
        address(at.verifier),
        address(at.income_source),
        address(at.token),
        window,
        genesis,
        length,
    ]);
    let expected = [
        (Contract::Registry, of_registry.collect()),
        (
            Contract::IncomeSource,
            vec![address(at.token), address(at.distributor)],
        ),
        (Contract::Distributor, of_distributor.collect()),
    ];
    for (contract, words) in &expected {
        let code = evidence
            .data
            .code
            .get(contract)
            .map_or(&[][..], |code| &code[..]);
        if Published::of(*contract).words(code).as_ref() != Some(words) {
            found.note::<()>(wrong(format!(
                "{contract} was built with other contracts, another key or another calendar than this \
                 deployment's"
            )));
        }
    }
    looked_at(expected.len(), "contracts with parts fixed at deployment")
}

/// Checks AUDIT-7: the contracts refer to each other as deployed.
pub(super) fn wiring(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let (at, answers) = (&evidence.data.deployment, &evidence.data.answers);
    let wires = [
        (
            "the distributor's registry()",
            answers.distributor_registry,
            at.registry,
        ),
        (
            "the distributor's verifier()",
            answers.distributor_verifier,
            at.verifier,
        ),
        (
            "the distributor's incomeSource()",
            answers.distributor_income_source,
            at.income_source,
        ),
        (
            "the distributor's token()",
            answers.distributor_token,
            at.token,
        ),
        (
            "the token's minter()",
            answers.token_minter,
            at.income_source,
        ),
        (
            "the income source's token()",
            answers.income_token,
            at.token,
        ),
        (
            "the income source's distributor()",
            answers.income_distributor,
            at.distributor,
        ),
    ];
    for (wire, actual, expected) in &wires {
        let Some(actual) = found.note(answer(actual.as_ref(), wire)) else {
            continue;
        };
        if actual != *expected {
            found.note::<()>(wrong(format!("{wire} is {actual} instead of {expected}")));
        }
    }
    looked_at(wires.len(), "references")
}

/// Words of a point of G1 and of G2.
const G1_WORDS: usize = 2;
const G2_WORDS: usize = 4;

/// Checks AUDIT-8: the verifier uses the sound key of the public ceremony.
pub(super) fn verifying_key(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let words = answer(
        evidence.data.answers.verifying_key.as_ref(),
        "verifyingKey()",
    )?;
    let fixed = G1_WORDS + 3 * G2_WORDS;
    let (Some(fixed), Some(inputs)) = (words.get(..fixed), words.get(fixed..)) else {
        return wrong("the verifier's key is too short to be one");
    };
    let (alpha, in_g2) = fixed.split_at(G1_WORDS);
    let points: Vec<&[U256]> = std::iter::once(alpha)
        .chain(in_g2.chunks(G2_WORDS))
        .chain(inputs.chunks(G1_WORDS))
        .collect();
    if points.iter().any(|point| point.iter().all(U256::is_zero)) {
        found.note::<()>(wrong("the verifier's key holds the point at infinity"));
    }
    // Points with the same x are equal or negatives of each other; both forge.
    let (gamma, delta) = (points[2], points[3]);
    if gamma[..2] == delta[..2] {
        found.note::<()>(wrong(
            "gamma equals delta up to sign: anyone can forge a proof under the verifier's key",
        ));
    }
    let pinned = VerifyingKey::semaphore_30();
    if words != pinned.to_words() {
        return wrong(format!(
            "the verifier's key is not the pinned one, {}",
            pinned.hash()
        ));
    }
    Ok(format!("key {}", pinned.hash()))
}

/// Checks AUDIT-9: every event can be read.
pub(super) fn events_readable(evidence: &Evidence<'_>, found: &mut Findings) -> Verdict {
    let events = &evidence.data.events;
    for (signature, transaction) in &events.unreadable {
        found.note::<()>(Err(Finding::Wrong(Objection {
            what: format!("an event cannot be read, a {signature}"),
            transaction: *transaction,
        })));
    }
    let count = events.batches.len()
        + events.opened.len()
        + events.closed.len()
        + events.claims.len()
        + events.fees.len()
        + events.skipped.len()
        + events.funded.len()
        + events.transfers.len()
        + events.admin.len();
    looked_at(count, "events")
}
