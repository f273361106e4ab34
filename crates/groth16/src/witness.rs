use crate::FileError;
use crate::bytes::{Reader, Writer, word};
use crate::field::Fr;

/// First bytes of a program's file; the number is the version of its form.
const MAGIC: &[u8; 16] = b"annona witness 1";

/// Bits of a step's first word that name the left value; those above name the operation.
const PLACE_BITS: u32 = 30;

/// Operation of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `left + right`.
    Add,
    /// `left - right`.
    Subtract,
    /// `left * right`.
    Multiply,
}

impl Operation {
    const ALL: [Self; 3] = [Self::Add, Self::Subtract, Self::Multiply];
}

/// Step of a program: an operation on two values that were there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Operation.
    pub operation: Operation,
    /// Place of the left value.
    pub left: usize,
    /// Place of the right value.
    pub right: usize,
}

/// Program that computes the assignment of a circuit from its inputs.
///
/// Its values are the constants, then the inputs, then the result of each step.
#[derive(Debug, Clone)]
pub struct WitnessProgram {
    constants: Vec<Fr>,
    input_count: usize,
    steps: Vec<Step>,
    /// Places of the values that are the assignment.
    outputs: Vec<usize>,
}

impl WitnessProgram {
    /// Creates a program.
    ///
    /// # Errors
    /// [`FileError::OutOfRange`] when a step or an output takes a value that is not there.
    pub fn new(
        constants: Vec<Fr>,
        input_count: usize,
        steps: Vec<Step>,
        outputs: Vec<usize>,
    ) -> Result<Self, FileError> {
        let given = constants.len() + input_count;
        let are_steps_sound = steps
            .iter()
            .enumerate()
            .all(|(place, step)| step.left.max(step.right) < given + place);
        let end = given + steps.len();
        let are_outputs_sound = outputs.iter().all(|output| *output < end);
        if are_steps_sound && are_outputs_sound && end < 1 << PLACE_BITS {
            Ok(Self {
                constants,
                input_count,
                steps,
                outputs,
            })
        } else {
            Err(FileError::OutOfRange)
        }
    }

    /// Computes the assignment.
    ///
    /// # Errors
    /// [`FileError::OutOfRange`] for another number of inputs than the program has.
    pub fn run(&self, inputs: &[Fr]) -> Result<Vec<Fr>, FileError> {
        if inputs.len() != self.input_count {
            return Err(FileError::OutOfRange);
        }
        let mut values = Vec::with_capacity(self.constants.len() + inputs.len() + self.steps.len());
        values.extend_from_slice(&self.constants);
        values.extend_from_slice(inputs);
        for step in &self.steps {
            let (left, right) = (values[step.left], values[step.right]);
            values.push(match step.operation {
                Operation::Add => left + right,
                Operation::Subtract => left - right,
                Operation::Multiply => left * right,
            });
        }
        Ok(self.outputs.iter().map(|output| values[*output]).collect())
    }

    /// Returns the bytes that [`Self::from_bytes`] reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        writer.raw(MAGIC);
        writer.count(self.input_count);
        writer.list(self.constants.iter().copied());
        let places = self.steps.iter().map(|step| {
            let left = step.left | (step.operation as usize) << PLACE_BITS;
            [left, step.right].map(word)
        });
        writer.list(places);
        writer.list(self.outputs.iter().copied().map(word));
        writer.into_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let mut reader = Reader::of(bytes);
        reader.begin(MAGIC, FileError::NotAProgram)?;
        let input_count = reader.count()?;
        let constants = reader.list()?;
        let places: Vec<[u32; 2]> = reader.list()?;
        let steps = places.into_iter().map(|places| {
            let [left, right] = places.map(|place| place as usize);
            let operation = Operation::ALL.get(left >> PLACE_BITS);
            Ok::<_, FileError>(Step {
                operation: *operation.ok_or(FileError::OutOfRange)?,
                left: left & ((1 << PLACE_BITS) - 1),
                right,
            })
        });
        let steps = steps.collect::<Result<_, _>>()?;
        let outputs: Vec<u32> = reader.list()?;
        let outputs = outputs.into_iter().map(|place| place as usize).collect();
        reader.end()?;
        Self::new(constants, input_count, steps, outputs)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// `(x + 3) * y - x`, and `x`.
    fn sample() -> WitnessProgram {
        let step = |operation, left, right| Step {
            operation,
            left,
            right,
        };
        let steps = vec![
            step(Operation::Add, 1, 0),
            step(Operation::Multiply, 3, 2),
            step(Operation::Subtract, 4, 1),
        ];
        WitnessProgram::new(vec![Fr::from(3)], 2, steps, vec![5, 1]).unwrap()
    }

    #[test]
    fn a_program_computes_and_is_read_as_it_was_written() {
        let bytes = sample().to_bytes();
        for program in [sample(), WitnessProgram::from_bytes(&bytes).unwrap()] {
            let values = program.run(&[Fr::from(4), Fr::from(5)]).unwrap();
            assert_eq!(values, [Fr::from(31), Fr::from(4)]);
            assert_eq!(program.run(&[Fr::from(4)]), Err(FileError::OutOfRange));
        }
    }

    #[test]
    fn no_step_takes_a_value_that_is_not_there_yet() {
        let step = |left, right| Step {
            operation: Operation::Add,
            left,
            right,
        };
        let make = |steps, outputs| WitnessProgram::new(vec![], 2, steps, outputs).map(drop);
        assert_eq!(make(vec![step(0, 1)], vec![2]), Ok(()));
        for (steps, outputs) in [
            (vec![step(2, 0)], vec![]),
            (vec![step(0, 2)], vec![]),
            (vec![step(0, 1)], vec![3]),
        ] {
            assert_eq!(make(steps, outputs), Err(FileError::OutOfRange));
        }
    }

    #[test]
    fn bytes_of_anything_else_are_no_program() {
        let bytes = sample().to_bytes();
        let refusal = |bytes: &[u8]| WitnessProgram::from_bytes(bytes).map(drop).unwrap_err();
        assert_eq!(refusal(b"annona groth16 1"), FileError::NotAProgram);
        for length in MAGIC.len()..bytes.len() {
            assert_eq!(refusal(&bytes[..length]), FileError::Cut, "{length}");
        }
        assert_eq!(refusal(&[&bytes[..], &[0]].concat()), FileError::Longer);
        let steps = MAGIC.len() + 4 + 4 + 32 + 4;
        let mut changed = bytes;
        changed[steps + 3] = 0xc0;
        assert_eq!(refusal(&changed), FileError::OutOfRange);
    }
}
