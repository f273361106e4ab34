#![allow(clippy::unwrap_used)]
use std::sync::LazyLock;

use annona_core::{
    Address, AmountWei, B256, ClaimScope, Epoch, ExternalNullifier, FieldElement, Payment,
    SignalHash, U256,
};
use annona_tree::MembershipTree;
use ark_bn254::{Bn254, Fq2, Fr, G1Projective, G2Affine, G2Projective};
use ark_ec::CurveGroup;
use ark_ff::{Field, UniformRand};
use ark_groth16::{Groth16, PreparedVerifyingKey};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rand_chacha_03::ChaCha20Rng as ArkRng;
use rand_core_06::SeedableRng as _;

use super::combination::{Coefficient, check_combined, coefficients};
use super::points::OnCurve;
use super::*;
use crate::field::to_scalar;
use crate::{Identity, prove_claim};
use annona_prover::{g1_words, g2_words};

static VERIFIER: LazyLock<ClaimVerifier> =
    LazyLock::new(|| ClaimVerifier::new(&VerifyingKey::semaphore_30()));

/// Claims of two people, with other roots and epochs.
static PROOFS: LazyLock<[ClaimProof; 2]> = LazyLock::new(|| [prove(3), prove(4)]);

fn prove(seed: u8) -> ClaimProof {
    let identity = Identity::from_secret([seed; 32]);
    let mut tree = MembershipTree::default();
    tree.append(&[
        Identity::from_secret([2; 32]).commitment(),
        identity.commitment(),
    ])
    .unwrap();
    let index = tree.leaf_index(identity.commitment()).unwrap();
    let path = tree.current().proof(index);
    let scope = ClaimScope {
        chain_id: 31_337,
        distributor: Address::repeat_byte(1),
    };
    let payment = Payment {
        recipient: Address::repeat_byte(seed),
        fee_recipient: Address::ZERO,
        fee: AmountWei::ZERO,
    };
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let epoch = Epoch(seed.into());
    prove_claim(&identity, &path, &scope, epoch, &payment, &mut rng).unwrap()
}

fn on_curve(claim: &ClaimProof) -> OnCurve {
    OnCurve::try_from(&claim.points).unwrap()
}

fn points(OnCurve { a, b, c }: &OnCurve) -> ProofPoints {
    let words = g1_words(a)
        .into_iter()
        .chain(g2_words(b))
        .chain(g1_words(c));
    let words: Vec<U256> = words.collect();
    ProofPoints::try_from(<[U256; 8]>::try_from(words).unwrap()).unwrap()
}

/// Another proof of the same statement: A times s, and B divided by it.
fn another(claim: &ClaimProof, rng: &mut ArkRng) -> ClaimProof {
    let s = Fr::rand(rng);
    let OnCurve { a, b, c } = on_curve(claim);
    ClaimProof {
        points: points(&OnCurve {
            a: (a * s).into_affine(),
            b: (b * s.inverse().unwrap()).into_affine(),
            c,
        }),
        ..*claim
    }
}

/// True claims, all different.
fn claims(count: usize) -> Vec<ClaimProof> {
    let mut rng = ArkRng::seed_from_u64(7);
    PROOFS
        .iter()
        .cycle()
        .take(count)
        .map(|claim| another(claim, &mut rng))
        .collect()
}

#[derive(Debug, Clone, Copy)]
enum Damage {
    Root,
    Nullifier,
    Signal,
    ExternalNullifier,
    OtherA,
    OtherB,
    OtherC,
    OffCurve { coordinate: usize },
    OutsideGroup,
    Infinity,
}

fn arb_damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        Just(Damage::Root),
        Just(Damage::Nullifier),
        Just(Damage::Signal),
        Just(Damage::ExternalNullifier),
        Just(Damage::OtherA),
        Just(Damage::OtherB),
        Just(Damage::OtherC),
        (0..8_usize).prop_map(|coordinate| Damage::OffCurve { coordinate }),
        Just(Damage::OutsideGroup),
        Just(Damage::Infinity),
    ]
}

impl Damage {
    fn apply(self, claim: &mut ClaimProof, rng: &mut ArkRng) {
        let other = FieldElement::try_from(U256::from(5)).unwrap();
        let mut moved = on_curve(claim);
        match self {
            Self::Root => claim.inputs.root = other.into(),
            Self::Nullifier => claim.inputs.nullifier_hash = other.into(),
            Self::Signal => claim.inputs.signal = SignalHash { word: B256::ZERO },
            Self::ExternalNullifier => {
                claim.inputs.external_nullifier = ExternalNullifier { word: B256::ZERO };
            }
            Self::OtherA => moved.a = G1Projective::rand(rng).into_affine(),
            Self::OtherB => moved.b = G2Projective::rand(rng).into_affine(),
            Self::OtherC => moved.c = G1Projective::rand(rng).into_affine(),
            Self::OutsideGroup => moved.b = outside_group(rng),
            Self::OffCurve { coordinate } => {
                let mut coordinates = *claim.points.coordinates();
                coordinates[coordinate] ^= U256::from(1);
                claim.points = ProofPoints::try_from(coordinates).unwrap();
                return;
            }
            Self::Infinity => {
                claim.points = ProofPoints::try_from([U256::ZERO; 8]).unwrap();
                return;
            }
        }
        claim.points = points(&moved);
    }

    const fn error(self) -> VerifyError {
        match self {
            Self::OffCurve { .. } | Self::OutsideGroup => VerifyError::NotInGroup,
            _ => VerifyError::Invalid,
        }
    }
}

/// On the curve and outside the group.
fn outside_group(rng: &mut ArkRng) -> G2Affine {
    loop {
        if let Some(point) = G2Affine::get_point_from_x_unchecked(Fq2::rand(rng), false) {
            return point;
        }
    }
}

static LIBRARY_KEY: LazyLock<PreparedVerifyingKey<Bn254>> =
    LazyLock::new(|| ark_groth16::prepare_verifying_key(VerifyingKey::semaphore_30().as_ark()));

/// Verifies by arkworks.
fn by_arkworks(claim: &ClaimProof) -> Result<(), VerifyError> {
    let OnCurve { a, b, c } = OnCurve::try_from(&claim.points)?;
    if !b.is_in_correct_subgroup_assuming_on_curve() {
        return Err(VerifyError::NotInGroup);
    }
    let proof = ark_groth16::Proof { a, b, c };
    let inputs = claim.inputs.to_fields().map(to_scalar);
    match Groth16::<Bn254>::verify_proof(&LIBRARY_KEY, &proof, &inputs) {
        Ok(true) => Ok(()),
        _ => Err(VerifyError::Invalid),
    }
}

fn one_by_one(claims: &[ClaimProof]) -> Vec<Result<(), VerifyError>> {
    claims
        .iter()
        .map(|claim| VERIFIER.verify(&claim.inputs, &claim.points))
        .collect()
}

/// The two claims with C moved by the same step in opposite ways: both are false, and the
/// product of their equations holds.
fn opposite_forgeries(rng: &mut ArkRng) -> [ClaimProof; 2] {
    let step = G1Projective::rand(rng);
    let moved = |claim: &ClaimProof, step: G1Projective| {
        let OnCurve { a, b, c } = on_curve(claim);
        let c = (step + c).into_affine();
        ClaimProof {
            points: points(&OnCurve { a, b, c }),
            ..*claim
        }
    };
    [moved(&PROOFS[0], step), moved(&PROOFS[1], -step)]
}

#[test]
fn the_pinned_key_accepts_what_the_ceremonys_prover_makes() {
    for ClaimProof { inputs, points } in &*PROOFS {
        assert_eq!(VERIFIER.verify(inputs, points), Ok(()));
    }
}

#[test]
fn points_at_infinity_prove_nothing() {
    let zeros = ProofPoints::try_from([U256::ZERO; 8]).unwrap();
    let refused = VERIFIER.verify(&PROOFS[0].inputs, &zeros);
    assert_eq!(refused, Err(VerifyError::Invalid));
}

#[test]
fn another_number_of_inputs_proves_nothing() {
    let ClaimProof { inputs, points } = PROOFS[0];
    let fields = inputs.to_fields();
    let key = PreparedKey::new(&VerifyingKey::semaphore_30());
    assert_eq!(key.check(&fields, &points), Ok(()));
    let longer = [fields.as_slice(), &[FieldElement::ZERO]].concat();
    for wrong in [&fields[..3], &longer] {
        assert_eq!(key.check(wrong, &points), Err(VerifyError::Invalid));
    }
}

#[test]
fn a_batch_of_true_claims_holds() {
    for count in [0, 1, 2, 7, 8, 9, 40, 129] {
        assert_eq!(VERIFIER.verify_batch(&claims(count)), vec![Ok(()); count]);
    }
}

#[test]
fn a_false_claim_is_found_wherever_it_is() {
    let mut rng = ArkRng::seed_from_u64(8);
    for count in [2, 5, 8, 9, 23, 64, 130] {
        let truth = claims(count);
        for place in [0, count / 3, count / 2, count - 1] {
            let mut claims = truth.clone();
            Damage::OtherC.apply(&mut claims[place], &mut rng);
            let mut expected = vec![Ok(()); count];
            expected[place] = Err(VerifyError::Invalid);
            assert_eq!(
                VERIFIER.verify_batch(&claims),
                expected,
                "{place} of {count}"
            );
        }
    }
}

#[test]
fn forgeries_that_cancel_out_need_coefficients_known_beforehand() {
    let forged = opposite_forgeries(&mut ArkRng::seed_from_u64(9));
    let key = &VERIFIER.prepared;
    let known = Coefficient { low: 7, high: 9 };
    assert_eq!(check_combined(key, &forged, &[known; 2]), [Ok(()); 2]);
    let refused = [Err(VerifyError::Invalid); 2];
    assert_eq!(VERIFIER.verify_batch(&forged), refused);
    assert_eq!(one_by_one(&forged), refused);
}

#[test]
fn every_part_of_a_batch_changes_all_coefficients() {
    let key = &VERIFIER.prepared;
    let base = claims(3);
    let before = coefficients(key, &base);
    let mut rng = ArkRng::seed_from_u64(10);
    let damages = [
        Damage::Root,
        Damage::Nullifier,
        Damage::Signal,
        Damage::ExternalNullifier,
    ]
    .into_iter()
    .chain((0..8).map(|coordinate| Damage::OffCurve { coordinate }));
    for damage in damages {
        for place in 0..3 {
            let mut changed = base.clone();
            damage.apply(&mut changed[place], &mut rng);
            let after = coefficients(key, &changed);
            let kept = before.iter().zip(&after).filter(|(one, two)| one == two);
            assert_eq!(kept.count(), 0, "{damage:?}");
        }
    }
    assert_ne!(before[..2], coefficients(key, &base[..2]));
}

#[test]
fn the_answers_do_not_depend_on_the_threads() {
    let mut claims = claims(20);
    let mut rng = ArkRng::seed_from_u64(11);
    Damage::Signal.apply(&mut claims[4], &mut rng);
    Damage::OutsideGroup.apply(&mut claims[13], &mut rng);
    let expected = one_by_one(&claims);
    for threads in [1, 2, 5] {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        let answers = pool.install(|| VERIFIER.verify_batch(&claims));
        assert_eq!(answers, expected, "{threads} threads");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_batch_is_judged_as_each_of_its_claims(
        damages in proptest::collection::vec(proptest::option::of(arb_damage()), 1..20),
        cancelling: bool,
        swapped: bool,
        seed: u64,
    ) {
        let mut rng = ArkRng::seed_from_u64(seed);
        let mut batch = claims(damages.len());
        for (claim, damage) in batch.iter_mut().zip(&damages) {
            if let Some(damage) = damage {
                damage.apply(claim, &mut rng);
            }
            let expected = damage.map_or(Ok(()), |damage| Err(damage.error()));
            prop_assert_eq!(VERIFIER.verify(&claim.inputs, &claim.points), expected);
        }
        if cancelling {
            batch.extend(opposite_forgeries(&mut rng));
        }
        if swapped && batch.len() > 1 {
            let (first, last) = (batch[0].points, batch[1].points);
            (batch[0].points, batch[1].points) = (last, first);
        }
        let alone = one_by_one(&batch);
        prop_assert_eq!(&alone, &batch.iter().map(by_arkworks).collect::<Vec<_>>());
        prop_assert_eq!(VERIFIER.verify_batch(&batch), alone);
    }
}

proptest! {
    #[test]
    fn no_coordinates_make_it_panic(words in proptest::array::uniform8(any::<[u64; 4]>())) {
        let reduced = words.map(|limbs| U256::from_limbs(limbs) % annona_core::BASE_MODULUS);
        let points = ProofPoints::try_from(reduced).unwrap();
        let claim = ClaimProof { points, ..PROOFS[0] };
        prop_assert!(VERIFIER.verify(&claim.inputs, &points).is_err());
        prop_assert!(VERIFIER.verify_batch(&[claim, PROOFS[1]])[0].is_err());
    }
}
