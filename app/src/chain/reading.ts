import { RpcError, type Block, type RpcEndpoint, type RpcFailure } from './rpc.ts';

/** Endpoints of which the answers are held against each other. */
const COMPARED = 2;
/** Blocks below the newest one in which endpoints agree though a reorg is under way. */
const REORG_BLOCKS = 12;

/** Value with its evidence: the block that it was read in, and the endpoints that said so. */
export interface Reading<Value> {
  value: Value;
  block: Block;
  sources: readonly string[];
}

/** Outcome of reading from the chain. */
export type ReadOutcome<Value> =
  | { kind: 'read'; reading: Reading<Value> }
  /** Two endpoints tell different things about one block; neither is believed. */
  | { kind: 'disagreement'; blockNumber: number; sources: readonly string[] }
  /** No endpoint answered; the failure of the last one is told. */
  | { kind: 'no-answer'; failure: RpcFailure };

interface Witness {
  endpoint: RpcEndpoint;
  head: Block;
}

/**
 * Reads a value in one block from two endpoints of the list, or from the only one that answers.
 * The block is the newest that both have.
 */
export async function readFromChain<Value>(
  endpoints: readonly RpcEndpoint[],
  read: (endpoint: RpcEndpoint, block: Block) => Promise<Value>,
): Promise<ReadOutcome<Value>> {
  try {
    const witnesses = await findWitnesses(endpoints);
    const newest = Math.min(...witnesses.map(({ head }) => head.number));
    const outcome = await compare(witnesses, newest, read);
    if (outcome.kind !== 'disagreement') return outcome;
    return await compare(witnesses, Math.max(0, newest - REORG_BLOCKS), read);
  } catch (error) {
    if (error instanceof RpcError) return { kind: 'no-answer', failure: error.failure };
    return { kind: 'no-answer', failure: { kind: 'not-understood' } };
  }
}

/** Returns the first endpoints of the list that answer, with their newest blocks. */
async function findWitnesses(endpoints: readonly RpcEndpoint[]): Promise<Witness[]> {
  const asked = await Promise.allSettled(
    endpoints.map(async (endpoint) => ({ endpoint, head: await endpoint.block('latest') })),
  );
  const found = asked.flatMap((it) => (it.status === 'fulfilled' ? [it.value] : []));
  if (found.length > 0) return found.slice(0, COMPARED);
  const last = asked.at(-1);
  throw last?.status === 'rejected' ? last.reason : new RpcError({ kind: 'unreachable' });
}

async function compare<Value>(
  witnesses: readonly Witness[],
  number: number,
  read: (endpoint: RpcEndpoint, block: Block) => Promise<Value>,
): Promise<ReadOutcome<Value>> {
  const sources = witnesses.map(({ endpoint }) => endpoint.address);
  const answers = await Promise.all(
    witnesses.map(async ({ endpoint }) => {
      const block = await endpoint.block(number);
      return { block, value: await read(endpoint, block) };
    }),
  );
  const [first, ...others] = answers;
  if (!first) return { kind: 'no-answer', failure: { kind: 'unreachable' } };
  const isSame = others.every((other) => textOf(other) === textOf(first));
  return isSame
    ? { kind: 'read', reading: { ...first, sources } }
    : { kind: 'disagreement', blockNumber: number, sources };
}

/** Writes an answer so that equal answers are equal texts. */
function textOf(answer: unknown): string {
  return JSON.stringify(answer, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  );
}
