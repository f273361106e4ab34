#!/usr/bin/env node
// Lets forge use the compiler from npm: answers `--version`, otherwise reads
// standard JSON from stdin and prints the compiler's answer. Other flags, such
// as `--allow-paths`, mean nothing here: forge sends every source in the JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");

if (process.argv.includes("--version")) {
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`);
} else {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
}
