use alloy_sol_types::SolValue;
use annona_core::{
    Address, Commitment, FieldElement, LeafIndex, Root, SCALAR_MODULUS, U256, keccak256,
};

const APPEND_DOMAIN: &str = "annona.append.v1";
const REVOKE_DOMAIN: &str = "annona.revoke.v1";

/// Registry that a batch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistryScope {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the registry contract.
    pub registry: Address,
}

/// Facts that the contract knows about a batch, or computes from it.
pub trait BatchStatement {
    /// Computes `x`: `keccak256` of everything else, reduced modulo `r` (REG-3).
    fn challenge(&self, scope: &RegistryScope) -> FieldElement;

    /// Returns the list that the polynomial is made of, in the order of the calldata.
    fn items(&self) -> Vec<FieldElement>;

    /// Returns the public inputs of the circuit, in circuit order, with `x` and `y` for `scope`.
    fn public_inputs(&self, scope: &RegistryScope) -> Vec<FieldElement>;
}

/// "`pre_root` becomes `post_root` by writing `leaves` at `start_index`."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppendStatement {
    /// Root before the batch.
    pub pre_root: Root,
    /// Root after the batch.
    pub post_root: Root,
    /// Position of the first leaf.
    pub start_index: LeafIndex,
    /// Digest of the leaves, with zeros behind them up to the size of the batch.
    pub digest: FieldElement,
    /// The leaves, as many as there are and not more than the size of the batch.
    pub leaves: Vec<Commitment>,
}

/// "`pre_root` becomes `post_root` by setting the leaves of `removals` to 0."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeStatement {
    /// Root before the batch.
    pub pre_root: Root,
    /// Root after the batch.
    pub post_root: Root,
    /// Digest of the pairs, with zeros behind them up to the size of the batch.
    pub digest: FieldElement,
    /// Position and commitment of each leaf, in the order of the proof.
    pub removals: Vec<(LeafIndex, Commitment)>,
}

impl BatchStatement for AppendStatement {
    /// Hashes `abi.encode("annona.append.v1", chainId, registry, preRoot, postRoot, startIndex,
    /// digest, leaves)` with `leaves` as `uint256[]`.
    fn challenge(&self, scope: &RegistryScope) -> FieldElement {
        let preimage = (
            APPEND_DOMAIN.to_owned(),
            U256::from(scope.chain_id),
            scope.registry,
            self.pre_root.to_u256(),
            self.post_root.to_u256(),
            U256::from(self.start_index.get()),
            self.digest.to_u256(),
            words(&self.items()),
        );
        reduced_hash(&preimage.abi_encode_params())
    }

    fn items(&self) -> Vec<FieldElement> {
        self.leaves.iter().map(|leaf| leaf.to_field()).collect()
    }

    /// Returns `[preRoot, postRoot, startIndex, digest, x, y]`.
    fn public_inputs(&self, scope: &RegistryScope) -> Vec<FieldElement> {
        let x = self.challenge(scope);
        vec![
            self.pre_root.to_field(),
            self.post_root.to_field(),
            index_element(self.start_index),
            self.digest,
            x,
            evaluate(&self.items(), x),
        ]
    }
}

impl BatchStatement for RevokeStatement {
    /// Hashes `abi.encode("annona.revoke.v1", chainId, registry, preRoot, postRoot, digest, items)`
    /// with `items` as `uint256[]`: index and commitment in turn.
    fn challenge(&self, scope: &RegistryScope) -> FieldElement {
        let preimage = (
            REVOKE_DOMAIN.to_owned(),
            U256::from(scope.chain_id),
            scope.registry,
            self.pre_root.to_u256(),
            self.post_root.to_u256(),
            self.digest.to_u256(),
            words(&self.items()),
        );
        reduced_hash(&preimage.abi_encode_params())
    }

    fn items(&self) -> Vec<FieldElement> {
        let pair = |(index, commitment): &(LeafIndex, Commitment)| {
            [index_element(*index), commitment.to_field()]
        };
        self.removals.iter().flat_map(pair).collect()
    }

    /// Returns `[preRoot, postRoot, digest, x, y]`.
    fn public_inputs(&self, scope: &RegistryScope) -> Vec<FieldElement> {
        let x = self.challenge(scope);
        vec![
            self.pre_root.to_field(),
            self.post_root.to_field(),
            self.digest,
            x,
            evaluate(&self.items(), x),
        ]
    }
}

fn words(items: &[FieldElement]) -> Vec<U256> {
    items.iter().map(|item| item.to_u256()).collect()
}

fn reduced_hash(preimage: &[u8]) -> FieldElement {
    reduced(U256::from_be_bytes(keccak256(preimage).0) % SCALAR_MODULUS)
}

fn index_element(index: LeafIndex) -> FieldElement {
    reduced(U256::from(index.get()))
}

/// Computes `sum items_i x^i` modulo `r`, as the contract computes it.
fn evaluate(items: &[FieldElement], x: FieldElement) -> FieldElement {
    let value = items.iter().rev().fold(U256::ZERO, |sum, item| {
        sum.mul_mod(x.to_u256(), SCALAR_MODULUS)
            .add_mod(item.to_u256(), SCALAR_MODULUS)
    });
    reduced(value)
}

fn reduced(value: U256) -> FieldElement {
    FieldElement::try_from(value).expect("the value is below the modulus")
}
