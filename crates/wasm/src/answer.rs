use std::ops::Range;

use annona_core::{Commitment, ExternalNullifier, Root};
use annona_prover::{ClaimProver, PendingClaim, ProveError, Share, Sums};
use annona_tree::{InclusionProof, TILE_LEVELS, TILE_WIDTH, Tile, TileId, TileRanges};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zeroize::Zeroize;

use crate::call::Call;
use crate::message::Reader;
use crate::receive::receive_address;

/// Reason why a call has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// The argument is shorter or longer than the call's.
    #[error("the argument does not have the form of the call's")]
    Malformed,
    /// A number is not below its modulus, or names a place outside the tree.
    #[error("a number is out of range")]
    OutOfRange,
    /// No call has this number.
    #[error("there is no such call")]
    UnknownCall,
    /// The prover's files are missing, damaged, or of another version.
    #[error("the prover's files are not loaded, or not whole")]
    NoProver,
    /// The path leads to another root than `R_e` (IDENT-8).
    #[error("the path leads to another root")]
    ForeignRoot,
    /// No claim was begun, or it has no such share.
    #[error("no claim was begun")]
    NoClaim,
    /// Tiles or sums do not belong together.
    #[error("the parts do not belong together")]
    Mismatch,
}

impl Refusal {
    /// Returns the number by which a browser knows the refusal.
    pub(crate) const fn number(self) -> u32 {
        self as u32 + 1
    }
}

/// State of the module: argument, answer, prover, and the claim that is being proved.
#[derive(Default)]
pub(crate) struct Instance {
    pub(crate) request: Vec<u8>,
    pub(crate) answer: Vec<u8>,
    prover: Option<ClaimProver>,
    claim: Option<(PendingClaim, Vec<Share>)>,
}

impl Instance {
    /// Carries out a call, overwrites its argument, and leaves the answer.
    pub(crate) fn carry_out(&mut self, number: u32) -> Result<(), Refusal> {
        self.answer.zeroize();
        let mut request = std::mem::take(&mut self.request);
        let outcome = Call::of(number)
            .ok_or(Refusal::UnknownCall)
            .and_then(|call| self.answer(call, &mut Reader::new(&request)));
        request.zeroize();
        self.request = request;
        self.answer = outcome?;
        Ok(())
    }

    fn answer(&mut self, call: Call, request: &mut Reader<'_>) -> Result<Vec<u8>, Refusal> {
        match call {
            Call::Commitment => {
                let identity = request.identity()?;
                request.end()?;
                Ok(identity.commitment().to_be_bytes().to_vec())
            }
            Call::NullifierHash => {
                let (identity, scope, epoch) =
                    (request.identity()?, request.scope()?, request.epoch()?);
                request.end()?;
                let hash = identity.nullifier_hash(ExternalNullifier::new(&scope, epoch));
                Ok(hash.to_be_bytes().to_vec())
            }
            Call::ReceiveAddress => {
                let (identity, scope, epoch) =
                    (request.identity()?, request.scope()?, request.epoch()?);
                request.end()?;
                Ok(receive_address(&identity, &scope, epoch).to_vec())
            }
            Call::LoadProver => {
                let prover = request.measured()?;
                let prover = ClaimProver::from_bytes(prover, request.rest());
                self.prover = Some(prover.map_err(|_| Refusal::NoProver)?);
                Ok(Vec::new())
            }
            Call::BeginClaim => self.begin_claim(request),
            Call::Share => {
                let [number] = request.array()?;
                request.end()?;
                let (_, shares) = self.claim.as_ref().ok_or(Refusal::NoClaim)?;
                let share = shares.get(usize::from(number)).ok_or(Refusal::NoClaim)?;
                Ok(share.to_bytes())
            }
            Call::Sums => {
                let share = Share::from_bytes(request.rest()).map_err(|_| Refusal::Malformed)?;
                let sums = self.prover()?.sums(&share);
                Ok(sums.map_err(|_| Refusal::Mismatch)?.to_bytes())
            }
            Call::FinishClaim => self.finish_claim(request),
            Call::TileRange => {
                let (leaves, members) = (request.number()?, request.number()?);
                let number = request.number()?;
                request.end()?;
                Ok(bounds(TileRanges::new(leaves, members).newest(number)))
            }
            Call::TileRangeAround => {
                let (leaves, members) = (request.number()?, request.number()?);
                let tile = request.number()?;
                request.end()?;
                Ok(bounds(TileRanges::new(leaves, members).around(tile)))
            }
            Call::Path => path(request),
        }
    }

    fn prover(&self) -> Result<&ClaimProver, Refusal> {
        self.prover.as_ref().ok_or(Refusal::NoProver)
    }

    fn begin_claim(&mut self, request: &mut Reader<'_>) -> Result<Vec<u8>, Refusal> {
        self.claim = None;
        let (identity, scope, epoch) = (request.identity()?, request.scope()?, request.epoch()?);
        let payment = request.payment()?;
        let path = request.path()?;
        let root = Root::from(request.element()?);
        let mut rng = ChaCha20Rng::from_seed(request.array()?);
        let [shares] = request.array()?;
        request.end()?;
        if path.root_from(identity.commitment()) != root {
            return Err(Refusal::ForeignRoot);
        }
        let shares = usize::from(shares);
        let claim = self
            .prover()?
            .begin(&identity, &path, &scope, epoch, &payment, shares, &mut rng)
            .map_err(of_prover)?;
        self.claim = Some(claim);
        Ok(Vec::new())
    }

    fn finish_claim(&mut self, request: &mut Reader<'_>) -> Result<Vec<u8>, Refusal> {
        let mut sums = Vec::new();
        while !request.is_at_end() {
            let share = Sums::from_bytes(request.measured()?);
            sums.push(share.map_err(|_| Refusal::Mismatch)?);
        }
        let (pending, shares) = self.claim.take().ok_or(Refusal::NoClaim)?;
        if sums.len() != shares.len() {
            return Err(Refusal::Mismatch);
        }
        let proof = self.prover()?.finish(&pending, sums).map_err(of_prover)?;
        let mut answer = proof.inputs.nullifier_hash.to_be_bytes().to_vec();
        for coordinate in proof.points.coordinates() {
            answer.extend_from_slice(&coordinate.to_be_bytes::<32>());
        }
        Ok(answer)
    }
}

fn of_prover(_: ProveError) -> Refusal {
    Refusal::NoProver
}

fn bounds(range: Option<Range<u64>>) -> Vec<u8> {
    range.map_or_else(Vec::new, |range| {
        [range.start.to_be_bytes(), range.end.to_be_bytes()].concat()
    })
}

fn path(request: &mut Reader<'_>) -> Result<Vec<u8>, Refusal> {
    let leaf_index = request.leaf_index()?;
    let mut tiles = Vec::with_capacity(TILE_LEVELS);
    for id in TileId::path_of(leaf_index) {
        let tile = Tile::from_bytes(id, request.measured()?);
        tiles.push(tile.map_err(|_| Refusal::OutOfRange)?);
    }
    request.end()?;
    let tiles: [Tile; TILE_LEVELS] = tiles.try_into().map_err(|_| Refusal::Mismatch)?;
    let path = InclusionProof::from_tiles(leaf_index, &tiles).map_err(|_| Refusal::Mismatch)?;
    let within = leaf_index.get() % TILE_WIDTH;
    let within = usize::try_from(within).map_err(|_| Refusal::OutOfRange)?;
    let leaf = tiles[0].nodes().get(within).ok_or(Refusal::OutOfRange)?;
    let mut answer = leaf.to_be_bytes().to_vec();
    for sibling in &path.siblings {
        answer.extend_from_slice(&sibling.to_be_bytes());
    }
    let leaf = Commitment::try_from(leaf.to_u256()).map_err(|_| Refusal::OutOfRange)?;
    let root = path.root_from(leaf);
    answer.extend_from_slice(&root.to_be_bytes());
    Ok(answer)
}
