use annona_core::{Address, B256};

/// The deployment that a database serves; a database never changes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeploymentTag {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// Address of the registry contract.
    pub registry: Address,
    /// Address of the distributor contract.
    pub distributor: Address,
    /// Hash of the encoder's parameter file, which fixes what templates mean.
    pub model_id: B256,
}
