// Asks snarkjs whether it accepts a proof: the folder holds verification_key.json,
// and proof.json with the proof's points and the public inputs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as snarkjs from "snarkjs";

const read = (name) => JSON.parse(readFileSync(join(process.argv[2], name), "utf8"));
const { points, inputs } = read("proof.json");
const [ax, ay, bx1, bx0, by1, by0, cx, cy] = points;
const proof = {
    pi_a: [ax, ay, "1"],
    pi_b: [[bx0, bx1], [by0, by1], ["1", "0"]],
    pi_c: [cx, cy, "1"],
    protocol: "groth16",
    curve: "bn128",
};
const accepted = await snarkjs.groth16.verify(read("verification_key.json"), inputs, proof);
console.log(JSON.stringify({ accepted }));
process.exit(0);
