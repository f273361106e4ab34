/** SHA-256 of `crates/prover/keys/semaphore_30.prover`; `module.test.ts` compares. */
export const PROVER_SHA256 = '1462b9516d2f165839036c1a17e663c7c8ccc5710e92a8224e4a156fc100cdcc';
/** SHA-256 of `crates/prover/keys/semaphore_30.witness`. */
export const WITNESS_SHA256 = '95ead23af7b76cfac91ef1267a7c34dcceee543f00ca212637a5affc2fb64cab';
/** Sizes of the two files in bytes, for the progress of their coming. */
export const PROVER_BYTES = 2_929_956;
export const WITNESS_BYTES = 410_148;
