use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use annona_circuits::CircuitId;
use annona_engine::ports::{AppendCall, BatchProver, ProverError};
use annona_keys::{KeyFolder, UnsafeKeyRefused, UnsafeKeys, permit};
use annona_proofs::{AppendBatch, AppendProver, KeyOrigin, RegistryScope};
use async_trait::async_trait;

/// The append circuits, from the smallest to the largest: the registry verifies a batch
/// with the first that it fits into.
const APPENDS: [CircuitId; 3] = [
    CircuitId::Append16,
    CircuitId::Append256,
    CircuitId::Append1024,
];

/// Proves in this process, with keys out of a folder that are loaded when they are needed first.
///
/// The registry's verifiers are those of the test keys, so it takes these.
pub(crate) struct LocalProver {
    scope: RegistryScope,
    keys: KeyFolder,
    loaded: Arc<Mutex<HashMap<CircuitId, Arc<AppendProver>>>>,
}

impl LocalProver {
    /// A prover for the registry of `scope`.
    ///
    /// # Errors
    /// [`UnsafeKeyRefused`] outside development chains.
    pub(crate) fn new(scope: RegistryScope, keys: PathBuf) -> Result<Self, UnsafeKeyRefused> {
        permit(KeyOrigin::UnsafeTest, scope.chain_id, UnsafeKeys::Refuse)?;
        tracing::warn!("the registry's keys are UNSAFE test keys: anybody can forge memberships");
        Ok(Self {
            scope,
            keys: KeyFolder::new(keys),
            loaded: Arc::default(),
        })
    }
}

#[async_trait]
impl BatchProver for LocalProver {
    async fn prove_append(&self, batch: AppendBatch) -> Result<AppendCall, ProverError> {
        let (scope, keys, loaded) = (self.scope, self.keys.clone(), Arc::clone(&self.loaded));
        let proving = tokio::task::spawn_blocking(move || {
            let prover = prover_for(batch.leaves.len(), &keys, &loaded)?;
            Ok(prover.prove(&scope, &batch, &mut rand::rng())?.into())
        });
        proving
            .await
            .map_err(|error| ProverError::Unavailable(Box::new(error)))?
    }
}

/// The prover that the registry's verifier of so many leaves belongs to. A batch that is
/// too large goes to the largest, which refuses it.
fn prover_for(
    leaves: usize,
    keys: &KeyFolder,
    loaded: &Mutex<HashMap<CircuitId, Arc<AppendProver>>>,
) -> Result<Arc<AppendProver>, ProverError> {
    let sizes = APPENDS.map(|circuit| (circuit, circuit.append().expect("it appends")));
    let fits = sizes.iter().find(|(_, append)| append.batch >= leaves);
    let (circuit, append) = fits.unwrap_or(&sizes[sizes.len() - 1]);
    let mut loaded = loaded.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(prover) = loaded.get(circuit) {
        return Ok(Arc::clone(prover));
    }
    let key = keys
        .test_key(*circuit)
        .map_err(|error| ProverError::Unavailable(Box::new(error)))?;
    let prover = Arc::new(AppendProver::new(*append, key));
    loaded.insert(*circuit, Arc::clone(&prover));
    Ok(prover)
}
