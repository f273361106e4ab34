use annona_circuits::{Append, Assignment, Circuit, Encoding, R1cs, assign, trial};
use annona_groth16::{Constraints, FileError, KeyPoints, Prover, ProverError, Share, Sums};
use annona_model::ModelName;
use ark_bn254::{Bn254, Fr};
use ark_ff::Field;
use ark_groth16::{Groth16, ProvingKey};
use ark_std::UniformRand;
use ark_std::rand::SeedableRng;
use ark_std::rand::rngs::StdRng;
use semaphore_rs_ark_circom::CircomReduction;

type System = Groth16<Bn254, CircomReduction>;

/// A small circuit with a key, and an assignment that satisfies it.
struct Sample {
    key: ProvingKey<Bn254>,
    rows: R1cs,
    assignment: Assignment,
}

impl Sample {
    fn new() -> Self {
        let circuit = Append { depth: 3, batch: 2 };
        Self::of(R1cs::of(&circuit), trial(&circuit))
    }

    /// Most variables are bits, and thousands are 1.
    fn of_bits() -> Self {
        let circuit = Encoding {
            model: ModelName::Ci.model(),
        };
        let mut witness = circuit.blank().private;
        for (at, pixel) in witness.pixels.iter_mut().enumerate() {
            *pixel = (at * at % 128) as u32;
        }
        let witness = circuit.witness(witness, Fr::from(7));
        let assignment = assign(&circuit, &witness);
        let ones = assignment.values().iter().filter(|it| **it == Fr::ONE);
        assert!(ones.count() > 2_000);
        Self::of(R1cs::of(&circuit), assignment)
    }

    fn of(rows: R1cs, assignment: Assignment) -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        Self {
            key: System::generate_random_parameters_with_reduction(&rows, &mut rng).unwrap(),
            rows,
            assignment,
        }
    }

    fn prover(&self) -> Result<Prover, ProverError> {
        let points = KeyPoints::from(&self.key);
        let constraints = Constraints {
            a: &self.rows.a,
            b: &self.rows.b,
            input_count: self.rows.public_count,
        };
        Prover::new(&points, &constraints)
    }

    fn refusal(&self) -> ProverError {
        self.prover().map(drop).unwrap_err()
    }

    fn prove_with_arkworks(&self, r: Fr, s: Fr) -> ark_groth16::Proof<Bn254> {
        System::create_proof_with_reduction_and_matrices(
            &self.key,
            r,
            s,
            &[self.rows.a.clone(), self.rows.b.clone()],
            self.rows.public_count,
            self.rows.a.len(),
            self.assignment.values(),
        )
        .unwrap()
    }
}

#[test]
fn the_proof_is_the_one_that_arkworks_makes() {
    let sample = Sample::new();
    let prover = sample.prover().unwrap();
    let mut rng = StdRng::seed_from_u64(3);
    let mut blinding: Vec<(Fr, Fr)> = (0..3)
        .map(|_| (Fr::rand(&mut rng), Fr::rand(&mut rng)))
        .collect();
    blinding.push((Fr::from(0), Fr::from(0)));
    for (r, s) in blinding {
        let proof = prover.prove(sample.assignment.values(), r, s).unwrap();
        let expected = sample.prove_with_arkworks(r, s);
        assert_eq!(
            (proof.a, proof.b, proof.c),
            (expected.a, expected.b, expected.c)
        );
    }
}

#[test]
fn the_proof_of_bits_is_the_one_that_arkworks_makes() {
    let sample = Sample::of_bits();
    let prover = sample.prover().unwrap();
    let (r, s) = (Fr::from(5), Fr::from(6));
    let proof = prover.prove(sample.assignment.values(), r, s).unwrap();
    let expected = sample.prove_with_arkworks(r, s);
    assert_eq!(
        (proof.a, proof.b, proof.c),
        (expected.a, expected.b, expected.c)
    );
    let shares = prover.shares(sample.assignment.values(), r, s, 2).unwrap();
    let sums = shares.iter().map(|share| prover.sums(share).unwrap());
    assert_eq!(prover.finish(s, sums), proof);
}

#[test]
fn a_prover_is_read_as_it_was_written() {
    let sample = Sample::new();
    let prover = sample.prover().unwrap();
    let bytes = prover.to_bytes();
    let read = Prover::from_bytes(&bytes).unwrap();
    assert_eq!(read.to_bytes(), bytes);
    let prove = |prover: &Prover| prover.prove(sample.assignment.values(), 5.into(), 6.into());
    assert_eq!(prove(&read), prove(&prover));
}

#[test]
fn bytes_of_anything_else_are_no_prover() {
    let bytes = Sample::new().prover().unwrap().to_bytes();
    let refusal = |bytes: &[u8]| Prover::from_bytes(bytes).map(drop).unwrap_err();
    assert_eq!(refusal(b""), FileError::NotAProver);
    assert_eq!(refusal(&bytes[1..]), FileError::NotAProver);
    for length in (16..bytes.len()).step_by(97) {
        assert_eq!(refusal(&bytes[..length]), FileError::Cut, "{length}");
    }
    assert_eq!(refusal(&[&bytes[..], &[0]].concat()), FileError::Longer);
    // The last coordinate.
    let mut changed = bytes.clone();
    changed[bytes.len() - 32..].fill(0xff);
    assert_eq!(refusal(&changed), FileError::OutOfRange);
}

/// No panic, whatever word is another one: a file is refused, or is that of another prover.
#[test]
fn no_word_of_a_file_makes_a_panic() {
    let sample = Sample::new();
    let bytes = sample.prover().unwrap().to_bytes();
    let step = (bytes.len() / 40) | 1;
    for place in (16..bytes.len() - 4).step_by(step) {
        for word in [0_u32, 1, 3, 1_000, u32::MAX] {
            let mut changed = bytes.clone();
            changed[place..place + 4].copy_from_slice(&word.to_le_bytes());
            if let Ok(prover) = Prover::from_bytes(&changed) {
                let _other = prover.prove(sample.assignment.values(), 5.into(), 6.into());
            }
        }
    }
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let mut sample = Sample::new();
    let prover = sample.prover().unwrap();
    let short = &sample.assignment.values()[1..];
    assert!(matches!(
        prover.prove(short, 1.into(), 2.into()),
        Err(ProverError::Assignment { .. })
    ));
    sample.rows.b.pop();
    assert!(matches!(sample.refusal(), ProverError::Sides { .. }));
    sample.rows.a.pop();
    let variables = sample.key.a_query.len();
    sample.rows.a[0].push((Fr::from(1), variables));
    assert!(matches!(
        sample.refusal(),
        ProverError::NoSuchVariable { .. }
    ));

    for part in ["b_g1", "b_g2", "h", "l"] {
        let mut sample = Sample::new();
        match part {
            "b_g1" => drop(sample.key.b_g1_query.pop()),
            "b_g2" => drop(sample.key.b_g2_query.pop()),
            "h" => drop(sample.key.h_query.pop()),
            _ => drop(sample.key.l_query.pop()),
        }
        assert!(
            matches!(sample.refusal(), ProverError::Points { part: named, .. } if named == part)
        );
    }
}

#[test]
fn shares_make_the_proof_that_one_prover_makes() {
    let sample = Sample::new();
    let prover = sample.prover().unwrap();
    let (r, s) = (Fr::from(5), Fr::from(6));
    let whole = prover.prove(sample.assignment.values(), r, s).unwrap();
    for count in [1, 2, 3, 7] {
        let shares = prover
            .shares(sample.assignment.values(), r, s, count)
            .unwrap();
        let sums = shares.iter().map(|share| {
            let share = Share::from_bytes(&share.to_bytes()).unwrap();
            let sums = prover.sums(&share).unwrap();
            Sums::from_bytes(&sums.to_bytes()).unwrap()
        });
        assert_eq!(prover.finish(s, sums), whole, "{count}");
    }
}

#[test]
fn shares_and_sums_of_anything_else_are_refused() {
    let sample = Sample::new();
    let prover = sample.prover().unwrap();
    let shares = prover
        .shares(sample.assignment.values(), 5.into(), 6.into(), 2)
        .unwrap();
    let bytes = shares[1].to_bytes();
    for length in (0..bytes.len()).step_by(97) {
        assert!(Share::from_bytes(&bytes[..length]).is_err(), "{length}");
    }
    let mut far = bytes;
    far[..4].fill(0xff);
    let far = Share::from_bytes(&far).unwrap();
    assert_eq!(prover.sums(&far).unwrap_err(), FileError::OutOfRange);
    let mut sums = prover.sums(&shares[0]).unwrap().to_bytes();
    assert_eq!(
        Sums::from_bytes(&sums[..sums.len() - 1]).unwrap_err(),
        FileError::Cut
    );
    sums[0] ^= 1;
    assert_eq!(Sums::from_bytes(&sums).unwrap_err(), FileError::OutOfRange);
}
