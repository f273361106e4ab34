// Rehearses a ceremony in the folder of the first argument, which holds circuit.r1cs
// and circuit.wtns: phase 1, setup, two contributions, a beacon, and every check.
// The second argument is the power of two that the rows fit in.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as snarkjs from "snarkjs";

const [folder, power] = process.argv.slice(2);
const file = (name) => join(folder, name);
const BEACON = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";

function must(truth, what) {
    if (!truth) throw new Error(`snarkjs does not find ${what} good`);
}

await snarkjs.powersOfTau.newAccumulator(await curve(), Number(power), file("0.ptau"));
await snarkjs.powersOfTau.contribute(file("0.ptau"), file("1.ptau"), "one", "some text");
await snarkjs.powersOfTau.preparePhase2(file("1.ptau"), file("final.ptau"));

await snarkjs.zKey.newZKey(file("circuit.r1cs"), file("final.ptau"), file("0.zkey"));
await snarkjs.zKey.contribute(file("0.zkey"), file("1.zkey"), "first", "some text");
await snarkjs.zKey.contribute(file("1.zkey"), file("2.zkey"), "second", "other text");
await snarkjs.zKey.beacon(file("2.zkey"), file("final.zkey"), "beacon", BEACON, 10);
const verified = await snarkjs.zKey.verifyFromR1cs(
    file("circuit.r1cs"), file("final.ptau"), file("final.zkey"));
must(verified, "the key");

must(await snarkjs.wtns.check(file("circuit.r1cs"), file("circuit.wtns")), "the witness");
const key = await snarkjs.zKey.exportVerificationKey(file("final.zkey"));
const { proof, publicSignals } = await snarkjs.groth16.prove(
    file("final.zkey"), file("circuit.wtns"));
must(await snarkjs.groth16.verify(key, publicSignals, proof), "its own proof");

const template = readFileSync(
    new URL("node_modules/snarkjs/templates/verifier_groth16.sol.ejs", import.meta.url), "utf8");
const solidity = await snarkjs.zKey.exportSolidityVerifier(
    file("final.zkey"), { groth16: template });
writeFileSync(file("verifier.sol"), solidity);
writeFileSync(file("verification_key.json"), JSON.stringify(key));
process.exit(0);

// The curve that snarkjs calls by this name is BN254.
async function curve() {
    const { getCurveFromName } = await import("ffjavascript");
    return getCurveFromName("bn128");
}
