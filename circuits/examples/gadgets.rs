//! Gadgets of the circuits as JSON lines, for `cargo xtask determined`: the rows are those that
//! the keys are made from, up to the names of variables.

use std::io::Write;

use annona_circuits::{Append, Circuit, Cut, Encoding, Form, R1cs, Revoke, Score, cut};
use annona_model::ModelName;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    print("iris-ci", &encoding(ModelName::Ci))?;
    print("score", &score(Score::SMALL))?;
    print(
        "append-16",
        &append(Append {
            depth: 30,
            batch: 16,
        }),
    )?;
    print(
        "revoke-8",
        &revoke(Revoke {
            depth: 30,
            batch: 8,
        }),
    )?;
    Ok(())
}

/// Cuts a circuit, given the variables that are its inputs.
fn cut_at<C: Circuit>(circuit: &C, inputs: &[usize]) -> Cut {
    let rows = R1cs::of(circuit);
    cut(&rows, inputs).unwrap_or_else(|error| panic!("the circuit is not cut: {error:?}"))
}

/// Given: context, eye, salts, pixels, noise.
fn encoding(model: ModelName) -> Cut {
    let circuit = Encoding {
        model: model.model(),
    };
    let size = circuit.model.size();
    let (bits, pixels) = (size.pixel_bits as usize, size.pixel_count());
    let noise = 7 + pixels * bits;
    let mut inputs = vec![3, 4, 5, 6];
    inputs.extend((0..pixels).map(|at| 7 + at * bits));
    inputs.extend(noise..noise + size.noise_count());
    cut_at(&circuit, &inputs)
}

/// Given: public counts, context, salts, pixels, weights, threshold.
fn score(circuit: Score) -> Cut {
    let blank = circuit.blank();
    let mut inputs: Vec<usize> = (3..8).collect();
    let mut next = 8;
    let groups = [
        (blank.set.pixels.len(), circuit.pixel_bits),
        (blank.bank.weights.len(), circuit.weight_bits),
        (1, circuit.threshold_bits),
    ];
    for (count, bits) in groups {
        for _ in 0..count {
            inputs.push(next);
            next += usize::from(bits);
        }
    }
    cut_at(&circuit, &inputs)
}

/// Given: start index, challenge, frontier, leaves.
fn append(circuit: Append) -> Cut {
    let frontier = 7 + circuit.depth;
    let mut inputs = vec![3, 5];
    inputs.extend(frontier..frontier + circuit.depth + circuit.batch);
    cut_at(&circuit, &inputs)
}

/// Given: root before, challenge, and of each removal index, commitment, siblings.
fn revoke(circuit: Revoke) -> Cut {
    let mut inputs = vec![1, 4];
    for removal in 0..circuit.batch {
        // Index, commitment, bits and siblings; then two paths with 244 variables a level.
        let index = 6 + removal * (2 + (2 + 2 * 244) * circuit.depth);
        let commitment = index + 1 + circuit.depth;
        inputs.push(index);
        inputs.extend(commitment..=commitment + circuit.depth);
    }
    cut_at(&circuit, &inputs)
}

/// Writes one gadget a line.
fn print(name: &str, cut: &Cut) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for (gadget, count) in &cut.gadgets {
        let rows: Vec<String> = gadget
            .rows
            .iter()
            .map(|row| format!("[{}]", row.each_ref().map(form).join(",")))
            .collect();
        let (unknown, rows) = (gadget.unknown_count, rows.join(","));
        writeln!(
            out,
            r#"{{"circuit":"{name}","instances":{count},"unknown":{unknown},"rows":[{rows}]}}"#
        )?;
    }
    let assertions = cut.assertions.len();
    writeln!(out, r#"{{"circuit":"{name}","assertions":{assertions}}}"#)
}

fn form(form: &Form) -> String {
    let terms = |terms: &[(ark_bn254::Fr, usize)]| -> String {
        let terms: Vec<String> = terms
            .iter()
            .map(|(f, at)| format!(r#"["{f}",{at}]"#))
            .collect();
        terms.join(",")
    };
    let (shared, unknown) = (terms(&form.shared), terms(&form.unknown));
    format!(r#"["{}",[{shared}],[{unknown}]]"#, form.constant)
}
