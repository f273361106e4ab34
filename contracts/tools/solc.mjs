#!/usr/bin/env node
// Lets forge use the compiler from npm: answers `--version`, otherwise reads
// standard JSON from stdin and prints the compiler's answer. Other flags, such
// as `--allow-paths`, mean nothing here: forge sends every source in the JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(import.meta.url)("solc");

if (process.argv.includes("--version")) {
  const version = solc.version().replace(".Emscripten.clang", ".Linux.g++");
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else {
  const answer = solc.compile(readFileSync(0, "utf8"));
  process.stdout.write(answer);
}
