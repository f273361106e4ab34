// Verifies claims with snarkjs and a key that others published:
// `node snarkjs.mjs KEY.json CLAIMS.json`.
// Each claim must be accepted as it is and refused with any one of its numbers changed.
// Prints one JSON line: { "claims": n, "accepted": n, "changes": n, "changesRefused": n }.
import { readFile } from "node:fs/promises";
import { groth16 } from "snarkjs";

const [key, claims] = await Promise.all(
  process.argv.slice(2).map(async (file) => JSON.parse(await readFile(file, "utf8"))),
);

/** The proof as snarkjs writes it; coordinates come in the order of the EVM, which has the
 * imaginary part first. */
const toProof = ([ax, ay, bxImaginary, bxReal, byImaginary, byReal, cx, cy]) => ({
  protocol: "groth16",
  curve: "bn128",
  pi_a: [ax, ay, "1"],
  pi_b: [[bxReal, bxImaginary], [byReal, byImaginary], ["1", "0"]],
  pi_c: [cx, cy, "1"],
});

/** The claim with one number increased by one. */
function* changes({ signals, coordinates }) {
  const increased = (numbers, index) => numbers.with(index, (BigInt(numbers[index]) + 1n).toString());
  for (const index of signals.keys()) yield { signals: increased(signals, index), coordinates };
  for (const index of coordinates.keys()) {
    yield { signals, coordinates: increased(coordinates, index) };
  }
}

/** A malformed point makes snarkjs throw, which is a refusal too. */
async function accepts({ signals, coordinates }) {
  try {
    return await groth16.verify(key, signals, toProof(coordinates));
  } catch {
    return false;
  }
}

const counts = { claims: 0, accepted: 0, changes: 0, changesRefused: 0 };
for (const claim of claims) {
  counts.claims += 1;
  counts.accepted += (await accepts(claim)) ? 1 : 0;
  for (const changed of changes(claim)) {
    counts.changes += 1;
    counts.changesRefused += (await accepts(changed)) ? 0 : 1;
  }
}
console.log(JSON.stringify(counts));
const isWell =
  counts.claims > 0 && counts.accepted === counts.claims && counts.changesRefused === counts.changes;
// The workers of snarkjs keep the process alive.
process.exit(isWell ? 0 : 1);
