use alloy::contract::Error as ContractError;
use alloy::eips::BlockId;
use alloy::primitives::{B256, Bytes, U256};
use alloy::providers::{DynProvider, Provider};
use alloy::transports::TransportError;
use annona_bindings::Deployment;
use annona_bindings::contracts::{
    AnnonaToken, Distributor, MintedIncome, Registry, SemaphoreVerifier, TimelockController,
};

use crate::AuditError;
use crate::data::{Answers, Checkpoint, CodeBefore, Contract, EpochState, RoleKey};

/// JSON-RPC's code for a call that reverted.
const REVERTED: i64 = 3;

/// Client of the contracts, which asks always at the same block.
pub(crate) struct Caller {
    provider: DynProvider,
    deployment: Deployment,
    block: BlockId,
}

/// Calls a contract: `Some` for an answer, `None` where the contract refused or is none.
macro_rules! ask {
    ($self:ident, $contract:ident at $address:ident . $($call:tt)+) => {
        answered(
            stringify!($contract),
            $contract::new($self.deployment.$address, $self.provider.clone())
                .$($call)+
                .block($self.block)
                .call()
                .await,
        )?
    };
}

impl Caller {
    pub(crate) fn new(provider: &DynProvider, deployment: &Deployment, block: B256) -> Self {
        Self {
            provider: provider.clone(),
            deployment: deployment.clone(),
            block: BlockId::hash(block),
        }
    }

    pub(super) async fn code(&self, contract: Contract) -> Result<Bytes, AuditError> {
        self.provider
            .get_code_at(contract.address(&self.deployment))
            .block_id(self.block)
            .await
            .map_err(AuditError::endpoint("a contract's code"))
    }

    /// Looks at the block before the deployment's. An endpoint without old state says so by an
    /// error of its own wording.
    pub(super) async fn code_before(&self, contract: Contract) -> Result<CodeBefore, AuditError> {
        let Some(block) = self.deployment.deployment_block.checked_sub(1) else {
            return Ok(CodeBefore::Nothing);
        };
        let code = self
            .provider
            .get_code_at(contract.address(&self.deployment))
            .block_id(block.into())
            .await;
        match code {
            Ok(code) if code.is_empty() => Ok(CodeBefore::Nothing),
            Ok(_) => Ok(CodeBefore::Something),
            Err(error) if error.as_error_resp().is_some() => Ok(CodeBefore::NotShown),
            Err(error) => Err(AuditError::endpoint("a contract's code")(error)),
        }
    }

    pub(crate) async fn answers(&self) -> Result<Answers, AuditError> {
        Ok(Answers {
            distributor_registry: ask!(self, Distributor at distributor.registry()),
            distributor_verifier: ask!(self, Distributor at distributor.verifier()),
            distributor_income_source: ask!(self, Distributor at distributor.incomeSource()),
            distributor_token: ask!(self, Distributor at distributor.token()),
            token_minter: ask!(self, AnnonaToken at token.minter()),
            income_token: ask!(self, MintedIncome at income_source.token()),
            income_distributor: ask!(self, MintedIncome at income_source.distributor()),
            genesis: ask!(self, Registry at registry.genesis()),
            epoch_length: ask!(self, Registry at registry.epochLength()),
            claim_window: ask!(self, Distributor at distributor.claimWindow()),
            min_delay: ask!(self, TimelockController at timelock.getMinDelay()),
            per_person_cap: ask!(self, Distributor at distributor.perPersonCap()),
            token_cap: ask!(self, AnnonaToken at token.cap()),
            total_supply: ask!(self, AnnonaToken at token.totalSupply()),
            distributor_balance: ask!(
                self, AnnonaToken at token.balanceOf(self.deployment.distributor)
            ),
            current_root: ask!(self, Registry at registry.currentRoot()),
            next_index: ask!(self, Registry at registry.nextIndex()),
            member_count: ask!(self, Registry at registry.memberCount()),
            verifying_key: self.verifying_key().await?,
        })
    }

    async fn verifying_key(&self) -> Result<Option<Vec<U256>>, AuditError> {
        let key = ask!(self, SemaphoreVerifier at verifier.verifyingKey());
        Ok(key.map(|key| {
            let fixed = [&key.alpha[..], &key.beta, &key.gamma, &key.delta].concat();
            let inputs = key.ic.into_iter().flatten();
            fixed.into_iter().chain(inputs).collect()
        }))
    }

    pub(crate) async fn checkpoint_before(
        &self,
        epoch: u64,
    ) -> Result<Option<Checkpoint>, AuditError> {
        let answer = ask!(self, Registry at registry.checkpointBefore(U256::from(epoch)));
        Ok(answer.map(|answer| Checkpoint {
            root: answer.root,
            members: answer.members,
        }))
    }

    pub(crate) async fn epoch_state(&self, epoch: U256) -> Result<Option<EpochState>, AuditError> {
        let answer = ask!(self, Distributor at distributor.epochState(epoch));
        Ok(answer.map(|state| EpochState {
            root: state.root,
            member_count: state.memberCount,
            budget: state.budget,
            amount: state.amount,
            claimed: state.claimed,
            is_closed: state.closed,
        }))
    }

    pub(super) async fn external_nullifier(&self, epoch: U256) -> Result<Option<U256>, AuditError> {
        Ok(ask!(self, Distributor at distributor.externalNullifier(epoch)))
    }

    pub(crate) async fn is_paused(&self) -> Result<Option<bool>, AuditError> {
        Ok(ask!(self, Distributor at distributor.paused()))
    }

    /// Asks for a role. All contracts with roles share the declaration of `hasRole`.
    pub(super) async fn has_role(&self, key: RoleKey) -> Result<Option<bool>, AuditError> {
        let address = key.contract.address(&self.deployment);
        answered(
            "AccessControl",
            Registry::new(address, self.provider.clone())
                .hasRole(key.role, key.account)
                .block(self.block)
                .call()
                .await,
        )
    }
}

fn answered<T>(
    contract: &'static str,
    answer: Result<T, ContractError>,
) -> Result<Option<T>, AuditError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(ContractError::TransportError(error)) if !is_revert(&error) => {
            Err(AuditError::endpoint(contract)(error))
        }
        Err(_) => Ok(None),
    }
}

/// Returns whether a call reverted. Nodes differ: they give revert data, the code, or only the
/// text.
fn is_revert(error: &TransportError) -> bool {
    error.as_error_resp().is_some_and(|response| {
        response.as_revert_data().is_some()
            || response.code == REVERTED
            || response.message.contains("execution reverted")
    })
}
