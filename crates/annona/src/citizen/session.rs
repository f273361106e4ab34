//! Session of a wallet with the chain: epochs that can be claimed, the path in the tree, and the
//! note beside the wallet.

use annona_bindings::Deployment;
use annona_chain::EvmReader;
use annona_client::{ApiClient, TreeReader, Wallet, WalletNote};
use annona_core::{ClaimCalendar, ClaimScope, Epoch};
use annona_engine::ports::{ChainReader, Checkpoint};
use annona_files::FileError;
use annona_keys::DEVELOPMENT_CHAINS;
use annona_rpc::connect;
use annona_tree::InclusionProof;
use anyhow::{Context, ensure};

use super::Connection;
use crate::output::note;

/// The own secret and the chain; the service only where one is asked.
pub(super) struct Session {
    pub(super) wallet: Wallet,
    pub(super) chain: EvmReader,
    pub(super) calendar: ClaimCalendar,
    note: WalletNote,
}

/// The epochs that can be claimed now.
pub(super) struct Claimable {
    pub(super) oldest: Epoch,
    pub(super) current: Epoch,
    pub(super) seconds_to_next: u64,
}

impl Session {
    /// Opens the wallet, and only then asks anybody anything.
    pub(super) async fn open(connection: &Connection) -> anyhow::Result<Self> {
        let wallet = Wallet::open(&connection.wallet)?;
        if wallet.was_exposed() {
            note(format_args!(
                "warning: other users of this machine could read the wallet {} until now; whoever has a copy is paid in your place",
                connection.wallet.display()
            ));
        }
        let (note, problem) = wallet.note();
        warn_of_note(problem);
        let deployment = Deployment::load(&connection.deployment)?;
        let chain = EvmReader::open(connect(connection.rpc_url.expose())?, deployment)
            .await
            .with_context(|| format!("the chain at {} cannot be used", connection.rpc_url))?;
        warn_of_unsafe_keys(&chain).await?;
        Ok(Self {
            wallet,
            note,
            calendar: chain.calendar().await?,
            chain,
        })
    }

    pub(super) fn scope(&self) -> ClaimScope {
        self.chain.deployment().claim_scope()
    }

    pub(super) async fn claimable(&self) -> anyhow::Result<Claimable> {
        let now = self.chain.head().await?.timestamp;
        let current = self.calendar.clock.epoch_at(now)?;
        let next = self.calendar.clock.start_of(Epoch(current.0 + 1));
        Ok(Claimable {
            oldest: self.calendar.oldest_claimable(current),
            current,
            seconds_to_next: next.0.saturating_sub(now.0),
        })
    }

    /// The epoch that was named or the current one, if it can be claimed.
    pub(super) async fn epoch(&self, named: Option<u64>) -> anyhow::Result<Epoch> {
        let Claimable {
            oldest, current, ..
        } = self.claimable().await?;
        let epoch = named.map_or(current, Epoch);
        ensure!(
            epoch >= oldest && epoch <= current,
            "epoch {epoch} cannot be claimed now; epochs {oldest} to {current} can"
        );
        Ok(epoch)
    }

    /// The own path in a service's tree of an epoch, if it leads anywhere.
    pub(super) async fn path(
        &mut self,
        service: &ApiClient,
        epoch: Epoch,
        checkpoint: &Checkpoint,
    ) -> anyhow::Result<Option<InclusionProof>> {
        let scope = self.scope();
        let mut tree = TreeReader::new(service, epoch, checkpoint.member_count);
        let known = self.note.leaf_index(&scope);
        let commitment = self.wallet.identity().commitment();
        let Some(leaf_index) = tree.find(commitment, known).await? else {
            return Ok(None);
        };
        warn_of_note(self.note.remember_leaf(&scope, leaf_index).err());
        Ok(Some(tree.path(leaf_index).await?))
    }

    /// Epochs whose claims this wallet handed to `service`.
    pub(super) fn handed_to(&self, service: &ApiClient) -> Vec<Epoch> {
        self.note.handed_to(&self.scope(), service.base())
    }

    /// Notes that a claim is handed to `service`.
    pub(super) fn remember_claim(&mut self, service: &ApiClient, epoch: Epoch) {
        let scope = self.scope();
        let noted = self.note.remember_claim(&scope, epoch, service.base());
        warn_of_note(noted.err());
    }
}

/// Warns of batch verifiers with test keys, outside development chains.
async fn warn_of_unsafe_keys(chain: &EvmReader) -> anyhow::Result<()> {
    let chain_id = chain.deployment().chain_id;
    if DEVELOPMENT_CHAINS.contains(&chain_id) {
        return Ok(());
    }
    for verifier in chain.unsafe_batch_verifiers().await? {
        note(format_args!(
            "warning: the batch verifier {verifier} on chain {chain_id} has an UNSAFE test key: anyone can forge members, so do not rely on payments of this deployment"
        ));
    }
    Ok(())
}

/// The note saves requests. One that cannot be read or written stops nothing.
fn warn_of_note(problem: Option<FileError>) {
    if let Some(problem) = problem {
        note(format_args!(
            "warning: the note beside the wallet is not used: {problem}"
        ));
    }
}
