//! `semaphore_key ARKZKEY GRAPH OUT`, run by `cargo xtask gen`: reads a Semaphore proving key and
//! the graph of its witness, and writes the verifying key to `OUT.vk` (arkworks, uncompressed),
//! the hash of that to `OUT.hash`, the prover to `OUT.prover` and the witness program to
//! `OUT.witness`.

use std::path::PathBuf;

use annona_core::TREE_DEPTH;
use annona_groth16::{Constraints, KeyPoints, Operation, Prover, Step, WitnessProgram};
use annona_proofs::VerifyingKey;
use semaphore_rs_witness::graph::{self, Node};
use semaphore_rs_witness::{Graph, get_input_mapping};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [source, graph, out] = arguments.as_slice() else {
        return Err("usage: semaphore_key ARKZKEY GRAPH OUT".into());
    };
    let (key, matrices) = semaphore_rs_ark_zkey::read_arkzkey_from_bytes(&std::fs::read(source)?)?;
    let points = KeyPoints::from(&key);
    let [a, b, _] = &matrices.matrices;
    let constraints = Constraints {
        a,
        b,
        input_count: matrices.num_instance_variables,
    };
    let prover = Prover::new(&points, &constraints)?;
    std::fs::write(out.with_extension("prover"), prover.to_bytes())?;
    let key = VerifyingKey::try_from(key.vk)?;
    std::fs::write(out.with_extension("vk"), key.to_bytes())?;
    std::fs::write(out.with_extension("hash"), format!("{}\n", key.hash()))?;
    let graph = semaphore_rs_witness::init_graph(&std::fs::read(graph)?)?;
    let program = witness_program(&graph)?;
    std::fs::write(out.with_extension("witness"), program.to_bytes())?;
    Ok(())
}

/// Inputs of the circuit and how many values each has, in the order in which `annona-prover`
/// gives them.
const INPUTS: [(&str, usize); 6] = [
    ("identityNullifier", 1),
    ("identityTrapdoor", 1),
    ("treePathIndices", TREE_DEPTH),
    ("treeSiblings", TREE_DEPTH),
    ("externalNullifier", 1),
    ("signalHash", 1),
];

/// Puts the constants first, then the inputs, then the operations.
fn witness_program(graph: &Graph) -> Result<WitnessProgram, Failure> {
    // The constant one is the graph's first input.
    let mut inputs = vec![0];
    for (name, length) in INPUTS {
        let name = name.to_owned();
        let start = get_input_mapping(&vec![name.clone()], graph)[&name];
        inputs.extend(start..start + length);
    }
    let mut constants = Vec::new();
    for node in &graph.nodes {
        match node {
            Node::MontConstant(constant) => constants.push(*constant),
            Node::Constant(_) => return Err("a constant is not in Montgomery form".into()),
            Node::Input(_) | Node::Op(..) => {}
        }
    }
    let given = constants.len() + inputs.len();
    let mut places = Vec::with_capacity(graph.nodes.len());
    let mut steps = Vec::new();
    let mut constants_before = 0;
    for node in &graph.nodes {
        places.push(match node {
            Node::MontConstant(_) | Node::Constant(_) => {
                constants_before += 1;
                constants_before - 1
            }
            Node::Input(input) => {
                let place = inputs.iter().position(|place| place == input);
                constants.len() + place.ok_or("the graph has an input of another name")?
            }
            Node::Op(operation, left, right) => {
                steps.push(Step {
                    operation: match operation {
                        graph::Operation::Add => Operation::Add,
                        graph::Operation::Sub => Operation::Subtract,
                        graph::Operation::Mul => Operation::Multiply,
                        other => return Err(format!("{other:?} is no step of a program").into()),
                    },
                    left: places[*left],
                    right: places[*right],
                });
                given + steps.len() - 1
            }
        });
    }
    let outputs = graph.signals.iter().map(|signal| places[*signal]);
    Ok(WitnessProgram::new(
        constants,
        inputs.len(),
        steps,
        outputs.collect(),
    )?)
}
