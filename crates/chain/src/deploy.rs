use alloy::network::TransactionBuilder;
use alloy::primitives::{Address, Bytes, U256};
use alloy::providers::{DynProvider, Provider};
use alloy::rpc::types::TransactionRequest;
use alloy::signers::local::PrivateKeySigner;
use alloy::sol_types::SolConstructor;
use annona_bindings::Deployment;
use annona_bindings::contracts::{
    AnnonaToken, Distributor, MintedIncome, OrbRegistry, Registry, SemaphoreVerifier,
    TimelockController, UnsafeTestAppend16Verifier, UnsafeTestAppend256Verifier,
    UnsafeTestAppend1024Verifier, UnsafeTestRevoke8Verifier, UnsafeTestRevoke32Verifier,
};
use annona_core::{AmountWei, UnixSeconds};
use annona_engine::ports::ChainError;
use annona_keys::{UnsafeKeyRefused, UnsafeKeys, permit};
use annona_proofs::KeyOrigin;

use crate::AccountSender;
use crate::error::from_transport;

/// Failure of a deployment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// The endpoint failed, or a constructor refused.
    #[error("deploying {contract} failed")]
    Chain {
        /// Name of the contract.
        contract: &'static str,
        /// Failure of the endpoint, or refusal of the constructor.
        source: ChainError,
    },
    /// The registry's verifiers have test keys (REG-8).
    #[error("the registry's verifiers have test keys")]
    UnsafeKeys(#[from] UnsafeKeyRefused),
    /// The transaction was mined and reverted.
    #[error("the transaction that deploys {contract} reverted")]
    Reverted {
        /// Name of the contract.
        contract: &'static str,
    },
    /// The contract is not where it must be: the deployer sent something else meanwhile.
    #[error(
        "{contract} was deployed at {actual} instead of {expected}; deploy again with a key that does nothing else"
    )]
    WrongAddress {
        /// Name of the contract.
        contract: &'static str,
        /// Address computed beforehand.
        expected: Address,
        /// Address in the receipt.
        actual: Address,
    },
}

/// Parameters of a deployment. Nothing has a default: it decides over money.
#[derive(Debug, Clone)]
pub struct DeployPlan {
    /// First second of epoch 0; now or earlier.
    pub genesis: UnixSeconds,
    /// Length of an epoch in seconds.
    pub epoch_length_secs: u64,
    /// Number of epochs for which an epoch stays claimable.
    pub claim_window: u64,
    /// Amount minted for each member and epoch.
    pub per_person: AmountWei,
    /// Highest amount that one person is paid in an epoch.
    pub per_person_cap: AmountWei,
    /// Highest amount that is ever minted.
    pub token_cap: AmountWei,
    /// Highest number of members that join in one epoch.
    pub epoch_enrolment_cap: u64,
    /// Delay of the timelock in seconds; longer than an epoch.
    pub timelock_delay_secs: u64,
    /// Account that may propose and execute changes through the timelock.
    pub governor: Address,
    /// Account that may pause payments.
    pub pauser: Address,
    /// Account that may append members.
    pub sequencer: Address,
    /// Account whose key signs the receipts of claims; it has no role on chain.
    pub receipt_signer: Address,
    /// Orbs that are active from the start.
    pub orbs: Vec<Address>,
    /// Operator's decision on the test keys of the registry's verifiers.
    pub unsafe_keys: UnsafeKeys,
}

/// Position of each contract among the deployer's transactions.
const TIMELOCK: u64 = 0;
const TOKEN: u64 = 1;
const INCOME: u64 = 2;
const ORBS: u64 = 3;
const APPEND_VERIFIERS: [u64; 3] = [4, 5, 6];
const REVOKE_VERIFIERS: [u64; 2] = [7, 8];
const REGISTRY: u64 = 9;
const VERIFIER: u64 = 10;
const DISTRIBUTOR: u64 = 11;

/// Number of contracts of a deployment.
pub const DEPLOYED_CONTRACTS: usize = 12;

/// Progress of a contract of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeployProgress {
    /// Its transaction is about to be sent.
    Begun {
        /// Name of the contract.
        contract: &'static str,
        /// Address that it will have.
        address: Address,
    },
    /// The contract is in a block.
    Created {
        /// Name of the contract.
        contract: &'static str,
        /// Address of the contract.
        address: Address,
        /// Number of the block.
        block_number: u64,
    },
}

/// Callback that takes the progress of a deployment.
type Listener<'a> = &'a (dyn Fn(DeployProgress) + Send + Sync);

struct Deployer<'a> {
    sender: AccountSender,
    first_nonce: u64,
    progress: Listener<'a>,
}

impl Deployer<'_> {
    fn address_of(&self, position: u64) -> Address {
        self.sender.address().create(self.first_nonce + position)
    }

    async fn create(
        &self,
        contract: &'static str,
        position: u64,
        bytecode: &Bytes,
        arguments: Vec<u8>,
    ) -> Result<u64, DeployError> {
        let failed = |source| DeployError::Chain { contract, source };
        let address = self.address_of(position);
        (self.progress)(DeployProgress::Begun { contract, address });
        let code = [bytecode.as_ref(), &arguments].concat();
        let request = TransactionRequest::default().with_deploy_code(code);
        let nonce = self.first_nonce + position;
        let receipt = self.sender.send(request, nonce).await.map_err(failed)?;
        if !receipt.status() {
            return Err(DeployError::Reverted { contract });
        }
        let (expected, actual) = (address, receipt.contract_address.unwrap_or_default());
        if actual != expected {
            return Err(DeployError::WrongAddress {
                contract,
                expected,
                actual,
            });
        }
        let block_number = receipt.block_number.unwrap_or_default();
        (self.progress)(DeployProgress::Created {
            contract,
            address,
            block_number,
        });
        Ok(block_number)
    }
}

/// Deploys all contracts with `key`. Their addresses are known beforehand, so each is created with
/// its final owner and `key` never holds a role.
///
/// # Errors
/// [`DeployError`]; contracts that were deployed before it are of no use alone.
pub async fn deploy(
    provider: &DynProvider,
    key: PrivateKeySigner,
    plan: &DeployPlan,
) -> Result<Deployment, DeployError> {
    deploy_telling(provider, key, plan, &|_| {}).await
}

/// Deploys as [`deploy`], and tells `progress` of each contract before it is sent and when
/// it is in a block.
///
/// # Errors
/// [`DeployError`].
pub async fn deploy_telling(
    provider: &DynProvider,
    key: PrivateKeySigner,
    plan: &DeployPlan,
    progress: &(dyn Fn(DeployProgress) + Send + Sync),
) -> Result<Deployment, DeployError> {
    let failed = |error| DeployError::Chain {
        contract: "Annona",
        source: from_transport(error),
    };
    let address = key.address();
    let chain_id = provider.get_chain_id().await.map_err(failed)?;
    permit(KeyOrigin::UnsafeTest, chain_id, plan.unsafe_keys)?;
    let first_nonce = provider
        .get_transaction_count(address)
        .await
        .map_err(failed)?;
    let deployer = Deployer {
        sender: AccountSender::new(provider.clone(), key, chain_id),
        first_nonce,
        progress,
    };

    let deployment = Deployment {
        chain_id,
        deployment_block: create_timelock(&deployer, plan).await?,
        registry: deployer.address_of(REGISTRY),
        distributor: deployer.address_of(DISTRIBUTOR),
        orb_registry: deployer.address_of(ORBS),
        token: deployer.address_of(TOKEN),
        income_source: deployer.address_of(INCOME),
        verifier: deployer.address_of(VERIFIER),
        append_verifiers: APPEND_VERIFIERS.map(|position| deployer.address_of(position)),
        revoke_verifiers: REVOKE_VERIFIERS.map(|position| deployer.address_of(position)),
        timelock: deployer.address_of(TIMELOCK),
        receipt_signer: plan.receipt_signer,
    };
    create_money(&deployer, plan, &deployment).await?;
    create_orbs(&deployer, plan, &deployment).await?;
    create_batch_verifiers(&deployer).await?;
    create_registry(&deployer, plan, &deployment).await?;
    create_distributor(&deployer, plan, &deployment).await?;
    Ok(deployment)
}

async fn create_timelock(deployer: &Deployer<'_>, plan: &DeployPlan) -> Result<u64, DeployError> {
    let arguments = TimelockController::constructorCall {
        minDelay: U256::from(plan.timelock_delay_secs),
        proposers: vec![plan.governor],
        executors: vec![plan.governor],
        // The timelock administers itself.
        admin: Address::ZERO,
    };
    deployer
        .create(
            "TimelockController",
            TIMELOCK,
            &TimelockController::BYTECODE,
            arguments.abi_encode(),
        )
        .await
}

async fn create_money(
    deployer: &Deployer<'_>,
    plan: &DeployPlan,
    at: &Deployment,
) -> Result<(), DeployError> {
    let token = AnnonaToken::constructorCall {
        cap_: plan.token_cap.0,
        minter_: at.income_source,
    };
    deployer
        .create(
            "AnnonaToken",
            TOKEN,
            &AnnonaToken::BYTECODE,
            token.abi_encode(),
        )
        .await?;
    let income = MintedIncome::constructorCall {
        token_: at.token,
        distributor_: at.distributor,
        admin: at.timelock,
        perPerson_: plan.per_person.0,
    };
    deployer
        .create(
            "MintedIncome",
            INCOME,
            &MintedIncome::BYTECODE,
            income.abi_encode(),
        )
        .await?;
    Ok(())
}

async fn create_orbs(
    deployer: &Deployer<'_>,
    plan: &DeployPlan,
    at: &Deployment,
) -> Result<(), DeployError> {
    let orbs = OrbRegistry::constructorCall {
        admin: at.timelock,
        orbs: plan.orbs.clone(),
    };
    deployer
        .create(
            "OrbRegistry",
            ORBS,
            &OrbRegistry::BYTECODE,
            orbs.abi_encode(),
        )
        .await?;
    Ok(())
}

/// Creates the verifiers of the test keys: those of a ceremony take their place when there was one.
async fn create_batch_verifiers(deployer: &Deployer<'_>) -> Result<(), DeployError> {
    let [append_16, append_256, append_1024] = APPEND_VERIFIERS;
    let [revoke_8, revoke_32] = REVOKE_VERIFIERS;
    for (contract, position, bytecode) in [
        (
            "UnsafeTestAppend16Verifier",
            append_16,
            &UnsafeTestAppend16Verifier::BYTECODE,
        ),
        (
            "UnsafeTestAppend256Verifier",
            append_256,
            &UnsafeTestAppend256Verifier::BYTECODE,
        ),
        (
            "UnsafeTestAppend1024Verifier",
            append_1024,
            &UnsafeTestAppend1024Verifier::BYTECODE,
        ),
        (
            "UnsafeTestRevoke8Verifier",
            revoke_8,
            &UnsafeTestRevoke8Verifier::BYTECODE,
        ),
        (
            "UnsafeTestRevoke32Verifier",
            revoke_32,
            &UnsafeTestRevoke32Verifier::BYTECODE,
        ),
    ] {
        deployer
            .create(contract, position, bytecode, Vec::new())
            .await?;
    }
    Ok(())
}

async fn create_registry(
    deployer: &Deployer<'_>,
    plan: &DeployPlan,
    at: &Deployment,
) -> Result<(), DeployError> {
    let registry = Registry::constructorCall {
        admin: at.timelock,
        sequencer: plan.sequencer,
        genesis_: U256::from(plan.genesis.0),
        epochLength_: U256::from(plan.epoch_length_secs),
        epochEnrolmentCap_: U256::from(plan.epoch_enrolment_cap),
        appendVerifiers: at.append_verifiers,
        revokeVerifiers: at.revoke_verifiers,
    };
    deployer
        .create(
            "Registry",
            REGISTRY,
            &Registry::BYTECODE,
            registry.abi_encode(),
        )
        .await?;
    Ok(())
}

async fn create_distributor(
    deployer: &Deployer<'_>,
    plan: &DeployPlan,
    at: &Deployment,
) -> Result<(), DeployError> {
    deployer
        .create(
            "SemaphoreVerifier",
            VERIFIER,
            &SemaphoreVerifier::BYTECODE,
            Vec::new(),
        )
        .await?;
    let distributor = Distributor::constructorCall {
        registry_: at.registry,
        verifier_: at.verifier,
        incomeSource_: at.income_source,
        token_: at.token,
        claimWindow_: U256::from(plan.claim_window),
        perPersonCap_: plan.per_person_cap.0,
        admin: at.timelock,
        pauser: plan.pauser,
    };
    deployer
        .create(
            "Distributor",
            DISTRIBUTOR,
            &Distributor::BYTECODE,
            distributor.abi_encode(),
        )
        .await?;
    Ok(())
}
