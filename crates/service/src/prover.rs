//! Prover of registry batches in this process, with test keys from a folder.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use annona_circuits::CircuitId;
use annona_engine::ports::{AppendCall, BatchProver, ProverError, RevokeCall};
use annona_keys::{KeyFolder, UnsafeKeyRefused, UnsafeKeys, permit};
use annona_proofs::{
    AppendBatch, AppendProver, BatchError, KeyOrigin, ProvingKey, RegistryScope, RevokeBatch,
    RevokeProver,
};
use async_trait::async_trait;

/// The circuits of joining and of leaving, each from the smallest to the largest: the
/// registry verifies a batch with the first that it fits into.
const APPENDS: [CircuitId; 3] = [
    CircuitId::Append16,
    CircuitId::Append256,
    CircuitId::Append1024,
];
const REVOKES: [CircuitId; 2] = [CircuitId::Revoke8, CircuitId::Revoke32];

/// Proves in this process, with keys out of a folder that are loaded when they are needed
/// first (REG-8).
///
/// The registry's verifiers are those of the test keys, so it takes these.
pub struct LocalProver {
    scope: RegistryScope,
    keys: KeyFolder,
    appends: Loaded<AppendProver>,
    revokes: Loaded<RevokeProver>,
}

impl LocalProver {
    /// A prover for the registry of `scope`.
    ///
    /// # Errors
    /// [`UnsafeKeyRefused`] outside development chains, unless told twice.
    pub fn new(
        scope: RegistryScope,
        keys: PathBuf,
        said: UnsafeKeys,
    ) -> Result<Self, UnsafeKeyRefused> {
        permit(KeyOrigin::UnsafeTest, scope.chain_id, said)?;
        tracing::warn!("the registry's keys are UNSAFE test keys: anybody can forge memberships");
        Ok(Self {
            scope,
            keys: KeyFolder::new(keys),
            appends: Loaded::default(),
            revokes: Loaded::default(),
        })
    }
}

#[async_trait]
impl BatchProver for LocalProver {
    async fn prove_append(&self, batch: AppendBatch) -> Result<AppendCall, ProverError> {
        let (scope, keys, loaded) = (self.scope, self.keys.clone(), self.appends.clone());
        proving(move || {
            let circuit = circuit_for(batch.leaves.len(), &APPENDS);
            let append = circuit.append().expect("it appends");
            let prover = loaded.get(circuit, &keys, |key| AppendProver::new(append, key))?;
            Ok(timed("append", || prover.prove(&scope, &batch, &mut rand::rng()))?.into())
        })
        .await
    }

    async fn prove_revoke(&self, batch: RevokeBatch) -> Result<RevokeCall, ProverError> {
        let (scope, keys, loaded) = (self.scope, self.keys.clone(), self.revokes.clone());
        proving(move || {
            let circuit = circuit_for(batch.removals.len(), &REVOKES);
            let revoke = circuit.revoke().expect("it revokes");
            let prover = loaded.get(circuit, &keys, |key| RevokeProver::new(revoke, key))?;
            Ok(timed("revoke", || prover.prove(&scope, &batch, &mut rand::rng()))?.into())
        })
        .await
    }
}

/// Runs `prove` where it holds nobody up.
async fn proving<T: Send + 'static>(
    prove: impl FnOnce() -> Result<T, ProverError> + Send + 'static,
) -> Result<T, ProverError> {
    tokio::task::spawn_blocking(prove)
        .await
        .map_err(|error| ProverError::Unavailable(Box::new(error)))?
}

fn timed<T>(
    change: &'static str,
    prove: impl FnOnce() -> Result<T, BatchError>,
) -> Result<T, BatchError> {
    let started = Instant::now();
    let proved = prove()?;
    metrics::histogram!("annona_registry_proving_seconds", "change" => change)
        .record(started.elapsed().as_secs_f64());
    Ok(proved)
}

/// The circuit that the registry's verifier of so many leaves belongs to. A batch that is
/// too large goes to the largest, which refuses it.
fn circuit_for(leaves: usize, circuits: &[CircuitId]) -> CircuitId {
    let fits = circuits.iter().find(|circuit| circuit.batch() >= leaves);
    *fits.unwrap_or(&circuits[circuits.len() - 1])
}

/// Provers by circuit, shared by what runs at once.
struct Loaded<P>(Arc<Mutex<HashMap<CircuitId, Arc<P>>>>);

impl<P> Clone for Loaded<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P> Default for Loaded<P> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<P> Loaded<P> {
    /// The prover of `circuit`, made with its test key when it is needed first.
    fn get(
        &self,
        circuit: CircuitId,
        keys: &KeyFolder,
        make: impl FnOnce(ProvingKey) -> P,
    ) -> Result<Arc<P>, ProverError> {
        let mut loaded = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(prover) = loaded.get(&circuit) {
            return Ok(Arc::clone(prover));
        }
        let key = keys
            .test_key(circuit)
            .map_err(|error| ProverError::Unavailable(Box::new(error)))?;
        let prover = Arc::new(make(key));
        loaded.insert(circuit, Arc::clone(&prover));
        Ok(prover)
    }
}
