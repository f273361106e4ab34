// Verifies claims with snarkjs and a key that others published:
// `node snarkjs.mjs KEY.json CLAIMS.json`.
// Rules and output are those of `judge.mjs`.
import { readFile } from "node:fs/promises";
import { groth16 } from "snarkjs";
import { increasedAt, judge } from "../../crates/client/tests/js/judge.mjs";

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
  for (const index of signals.keys()) {
    yield { signals: increasedAt(signals, index), coordinates };
  }
  for (const index of coordinates.keys()) {
    yield { signals, coordinates: increasedAt(coordinates, index) };
  }
}

await judge(claims, changes, ({ signals, coordinates }) =>
  groth16.verify(key, signals, toProof(coordinates)),
);
