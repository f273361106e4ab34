// Compares EIP-712 digests: `node eip712.mjs ethers|viem|eth-sig-util CASES.json`.
// Prints one JSON line: { "cases": n, "equal": n, "changesSeen": n, "changes": n }.
// A change is one message with one number in it increased; its digest must be another one.
import { readFile } from "node:fs/promises";

const [name, file] = process.argv.slice(2);
const structs = JSON.parse(await readFile(new URL("structs.json", import.meta.url), "utf8"));
const domainFields = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

const hashers = {
  async ethers() {
    const { TypedDataEncoder } = await import("ethers");
    return ({ domain, primaryType, message }) =>
      TypedDataEncoder.hash(domain, { [primaryType]: structs[primaryType] }, message);
  },
  async viem() {
    const { hashTypedData } = await import("viem");
    return ({ domain, primaryType, message }) =>
      hashTypedData({
        domain: { ...domain, chainId: BigInt(domain.chainId) },
        types: { EIP712Domain: domainFields, [primaryType]: structs[primaryType] },
        primaryType,
        message,
      });
  },
  async "eth-sig-util"() {
    const { TypedDataUtils, SignTypedDataVersion } = await import("@metamask/eth-sig-util");
    return ({ domain, primaryType, message }) => {
      const types = { EIP712Domain: domainFields, [primaryType]: structs[primaryType] };
      const data = { domain, types, primaryType, message };
      return `0x${Buffer.from(TypedDataUtils.eip712Hash(data, SignTypedDataVersion.V4)).toString("hex")}`;
    };
  },
};

const hash = await hashers[name]();
const counts = { cases: 0, equal: 0, changes: 0, changesSeen: 0 };
for (const one of JSON.parse(await readFile(file, "utf8"))) {
  counts.cases += 1;
  counts.equal += hash(one) === one.digest ? 1 : 0;
  const number = structs[one.primaryType].find(({ type }) => type === "uint256").name;
  const increased = (BigInt(one.message[number]) ^ 1n).toString();
  const changed = { ...one, message: { ...one.message, [number]: increased } };
  counts.changes += 1;
  counts.changesSeen += hash(changed) === one.digest ? 0 : 1;
}
console.log(JSON.stringify(counts));
const isWell =
  counts.cases > 0 && counts.equal === counts.cases && counts.changesSeen === counts.changes;
process.exit(isWell ? 0 : 1);
