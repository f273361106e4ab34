use std::ops::Range;

use annona_core::{Commitment, ExternalNullifier, Root};
use annona_prover::{ClaimProver, ClaimToProve, PendingClaim, ProveError, Share, Sums};
use annona_tree::{InclusionProof, TILE_LEVELS, TILE_WIDTH, Tile, TileId, TileRanges};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use zeroize::Zeroize;

use crate::call::Call;
use crate::iris::iris_commitments;
use crate::message::Reader;
use crate::receive::{gas_key, receive_address, receive_key};
use crate::refusal::Refusal;

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
        // It may be a key, or a share with the secret.
        self.answer.zeroize();
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
            Call::ReceiveKey => {
                let (identity, scope, epoch) =
                    (request.identity()?, request.scope()?, request.epoch()?);
                request.end()?;
                Ok(receive_key(&identity, &scope, epoch).to_bytes().to_vec())
            }
            Call::GasKey => {
                let (identity, scope) = (request.identity()?, request.scope()?);
                request.end()?;
                Ok(gas_key(&identity, &scope).to_bytes().to_vec())
            }
            Call::IrisCommitments => iris_commitments(request),
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
        let claim = ClaimToProve {
            identity: &identity,
            path: &path,
            scope: &scope,
            epoch,
            payment: &payment,
        };
        let begun = self.prover()?.begin(&claim, shares.into(), &mut rng);
        self.claim = Some(begun.map_err(of_prover)?);
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use annona_core::{Address, ClaimScope, Epoch};
    use annona_prover::Identity;
    use annona_tree::MembershipTree;
    use k256::elliptic_curve::sec1::ToEncodedPoint;
    use rand_chacha::rand_core::Rng;

    use super::*;

    const PROVER: &[u8] = include_bytes!("../../prover/keys/semaphore_30.prover");
    const WITNESS: &[u8] = include_bytes!("../../prover/keys/semaphore_30.witness");
    const SECRET: [u8; 32] = [7; 32];

    fn call(instance: &mut Instance, call: Call, parts: &[&[u8]]) -> Result<Vec<u8>, Refusal> {
        instance.request = parts.concat();
        let outcome = instance.carry_out(call as u32);
        assert!(
            instance.request.iter().all(|byte| *byte == 0),
            "the argument stays"
        );
        outcome.map(|()| instance.answer.clone())
    }

    fn measured(bytes: &[u8]) -> Vec<u8> {
        let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
        [&length, bytes].concat()
    }

    fn with_prover() -> Instance {
        let mut instance = Instance::default();
        call(
            &mut instance,
            Call::LoadProver,
            &[&measured(PROVER), WITNESS],
        )
        .unwrap();
        instance
    }

    fn scope() -> ClaimScope {
        ClaimScope {
            chain_id: 31_337,
            distributor: Address::repeat_byte(0x22),
        }
    }

    /// Argument that begins a claim in `shares` shares, for the root with another first byte
    /// where `change` is not 0.
    fn claim(shares: u8, change: u8) -> Vec<u8> {
        let identity = Identity::from_secret(SECRET);
        let mut members = MembershipTree::default();
        members.append(&[identity.commitment()]).unwrap();
        let place = members.leaf_index(identity.commitment()).unwrap();
        let path = members.current().proof(place);
        let mut root = members.root().to_be_bytes();
        root[31] ^= change;
        let mut argument = SECRET.to_vec();
        argument.extend(scope().chain_id.to_be_bytes());
        argument.extend(scope().distributor);
        argument.extend(5_u64.to_be_bytes());
        argument.extend([2; 20]);
        argument.extend([0; 52]);
        argument.extend(place.get().to_be_bytes());
        argument.extend(path.siblings.iter().flat_map(|node| node.to_be_bytes()));
        argument.extend(root);
        argument.extend([9; 32]);
        argument.push(shares);
        argument
    }

    #[test]
    fn derivations_are_those_of_an_identity() {
        let identity = Identity::from_secret(SECRET);
        let mut instance = Instance::default();
        let commitment = call(&mut instance, Call::Commitment, &[&SECRET]);
        assert_eq!(commitment.unwrap(), identity.commitment().to_be_bytes());
        let place = [
            &SECRET[..],
            &31_337_u64.to_be_bytes(),
            &[0x22; 20],
            &5_u64.to_be_bytes(),
        ];
        let hash = call(&mut instance, Call::NullifierHash, &place).unwrap();
        let expected = ExternalNullifier::new(&scope(), Epoch(5));
        assert_eq!(hash, identity.nullifier_hash(expected).to_be_bytes());
    }

    /// Whoever restores a wallet from its card finds the money of earlier epochs by this address.
    #[test]
    fn receive_addresses_are_frozen_and_differ_by_epoch() {
        let mut instance = Instance::default();
        let mut address = |epoch: u64| {
            let epoch = epoch.to_be_bytes();
            let place = [&SECRET[..], &31_337_u64.to_be_bytes(), &[0x22; 20], &epoch];
            let bytes = call(&mut instance, Call::ReceiveAddress, &place).unwrap();
            Address::from_slice(&bytes).to_string()
        };
        assert_eq!(address(5), "0x1d57F55FCCC548069B1EB261F01F731e0d008e0B");
        assert_ne!(address(5), address(6));
    }

    /// Keys that hold money, and that another program must be able to derive.
    #[test]
    fn keys_are_those_of_the_addresses_and_frozen() {
        let mut instance = Instance::default();
        let scope = [&SECRET[..], &31_337_u64.to_be_bytes(), &[0x22; 20]];
        let epoch = 5_u64.to_be_bytes();
        let place = [&scope[..], &[&epoch]].concat();
        let address = call(&mut instance, Call::ReceiveAddress, &place).unwrap();
        let receive = call(&mut instance, Call::ReceiveKey, &place).unwrap();
        let gas = call(&mut instance, Call::GasKey, &scope).unwrap();
        let address_of = |key: &[u8]| {
            let public = k256::SecretKey::from_slice(key).unwrap().public_key();
            let point = public.to_encoded_point(false);
            annona_core::keccak256(&point.as_bytes()[1..])[12..].to_vec()
        };
        assert_eq!(address_of(&receive), address);
        assert_eq!(
            Address::from_slice(&address_of(&gas)).to_string(),
            "0xf0A99C8Ba2Ef46264eb64774a888c7bBFeAE6980"
        );
        let short = call(&mut instance, Call::GasKey, &scope[..2]);
        assert_eq!(short, Err(Refusal::Malformed));
    }

    #[test]
    fn the_proof_is_the_same_in_any_number_of_shares() {
        let mut instance = with_prover();
        let mut proofs = Vec::new();
        for shares in [1, 3] {
            call(&mut instance, Call::BeginClaim, &[&claim(shares, 0)]).unwrap();
            let mut sums = Vec::new();
            for number in 0..shares {
                let share = call(&mut instance, Call::Share, &[&[number]]).unwrap();
                sums.extend(measured(
                    &call(&mut instance, Call::Sums, &[&share]).unwrap(),
                ));
            }
            proofs.push(call(&mut instance, Call::FinishClaim, &[&sums]).unwrap());
            let again = call(&mut instance, Call::FinishClaim, &[&sums]);
            assert_eq!(again, Err(Refusal::NoClaim), "a claim is finished once");
        }
        assert_eq!(proofs[0].len(), 32 + 8 * 32);
        assert_eq!(proofs[0], proofs[1]);
    }

    /// Tests IDENT-8.
    #[test]
    fn a_path_to_another_root_is_refused_before_anything_is_proved() {
        let mut instance = with_prover();
        let refused = call(&mut instance, Call::BeginClaim, &[&claim(1, 1)]);
        assert_eq!(refused, Err(Refusal::ForeignRoot));
        assert_eq!(
            call(&mut instance, Call::Share, &[&[0]]),
            Err(Refusal::NoClaim)
        );
    }

    #[test]
    fn without_the_files_nothing_is_proved() {
        let mut instance = Instance::default();
        let begun = call(&mut instance, Call::BeginClaim, &[&claim(1, 0)]);
        assert_eq!(begun, Err(Refusal::NoProver));
        let cut = &PROVER[..PROVER.len() - 1];
        let loaded = call(&mut instance, Call::LoadProver, &[&measured(cut), WITNESS]);
        assert_eq!(loaded, Err(Refusal::NoProver));
    }

    #[test]
    fn tiles_make_the_path_that_the_tree_has() {
        let mut members = MembershipTree::default();
        let people: Vec<Commitment> = (0..300_u16)
            .map(|number| {
                let mut secret = [0; 32];
                secret[..2].copy_from_slice(&number.to_be_bytes());
                Identity::from_secret(secret).commitment()
            })
            .collect();
        members.append(&people).unwrap();
        let place = members.leaf_index(people[280]).unwrap();
        let tiles = TileId::path_of(place).map(|id| members.current().tile(id).unwrap());
        let mut argument = place.get().to_be_bytes().to_vec();
        for tile in &tiles {
            argument.extend(measured(&tile.to_bytes()));
        }
        let mut instance = Instance::default();
        let answer = call(&mut instance, Call::Path, &[&argument]).unwrap();
        let mut expected = people[280].to_be_bytes().to_vec();
        let path = members.current().proof(place);
        expected.extend(path.siblings.iter().flat_map(|node| node.to_be_bytes()));
        expected.extend(members.root().to_be_bytes());
        assert_eq!(answer, expected);
    }

    #[test]
    fn no_argument_makes_a_panic() {
        let mut instance = with_prover();
        let mut rng = ChaCha20Rng::from_seed([1; 32]);
        let whole = claim(2, 0);
        for number in 0..12 {
            for length in (0..1_300).step_by(13) {
                let mut argument = vec![0; length];
                rng.fill_bytes(&mut argument);
                instance.request = argument;
                let _outcome = instance.carry_out(number);
                instance.request = whole[..length.min(whole.len() - 1)].to_vec();
                let _outcome = instance.carry_out(number);
            }
        }
        instance.request = Vec::new();
        assert_eq!(instance.carry_out(99), Err(Refusal::UnknownCall));
    }
}
