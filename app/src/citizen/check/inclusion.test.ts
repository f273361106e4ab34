import { poseidon2 } from 'poseidon-lite/poseidon2';
import { describe, expect, it } from 'vitest';

import { fromHex, toHex, type Bytes } from '../../bytes/bytes.ts';
import { Service } from '../../service/service.ts';
import { pathFinder, type TreeTools } from '../../tree/tree.ts';
import { answering, CHAIN, endpoint, FACTS } from '../testing/fakes.ts';
import { checkPlace } from './check.ts';

const ME = 77n;
const OTHERS = [11n, 12n, 13n];
const DEPTH = 30;
const text = (node: bigint) => `0x${node.toString(16).padStart(64, '0')}`;

/** Levels of the tree over leaves, from the leaves to the root, each without its empty nodes. */
function levelsOf(leaves: readonly bigint[]): { nodes: bigint[]; empty: bigint }[] {
  const levels = [{ nodes: [...leaves], empty: 0n }];
  for (let level = 0; level < DEPTH; level += 1) {
    const { nodes, empty } = levels[level] as { nodes: bigint[]; empty: bigint };
    const pairs = Array.from({ length: Math.ceil(nodes.length / 2) }, (_, pair) =>
      poseidon2([nodes[2 * pair] ?? empty, nodes[2 * pair + 1] ?? empty]),
    );
    levels.push({ nodes: pairs, empty: poseidon2([empty, empty]) });
  }
  return levels;
}

const rootOf = (leaves: readonly bigint[]) => levelsOf(leaves)[DEPTH]?.nodes[0] ?? 0n;

/** Service that gives the tiles of leaves. */
function serviceOf(leaves: readonly bigint[]): Service {
  const levels = levelsOf(leaves);
  return new Service(
    'https://a.example/',
    answering(async (request) => {
      const [, level = 0, index = 0] =
        /\/tree\/7\/(\d)\/(\d)$/.exec(request.url)?.map(Number) ?? [];
      if (index > 0) return new Response('{"code":"tile-unknown"}', { status: 404 });
      const nodes = levels[8 * level]?.nodes ?? [];
      return new Response(fromHex(nodes.map((it) => text(it).slice(2)).join('')));
    }),
  );
}

/** The module's computations over again, for trees of one tile a level. */
const TOOLS: TreeTools = {
  range: async (_, which) => {
    const isBeyond = 'number' in which && which.number > 0;
    return isBeyond ? undefined : { start: 0, end: 1 };
  },
  path: async (leafIndex, tiles) => {
    const [first = new Uint8Array()] = tiles;
    const leaves = Array.from({ length: first.length / 32 }, (_, place) =>
      BigInt(`0x${toHex(first.slice(32 * place, 32 * (place + 1)) as Bytes)}`),
    );
    const siblings = levelsOf(leaves)
      .slice(0, DEPTH)
      .map(({ nodes, empty }, level) => nodes[(leafIndex >> level) ^ 1] ?? empty);
    const leaf = leaves[leafIndex] ?? 0n;
    const root = siblings.reduce(
      (node, sibling, level) =>
        (leafIndex >> level) % 2 === 0 ? poseidon2([node, sibling]) : poseidon2([sibling, node]),
      leaf,
    );
    return { leaf: text(leaf), path: { leafIndex, siblings: siblings.map(text), root: text(root) } };
  },
};

/** Checks my place with the tiles that a service gives, against the root of the true leaves. */
async function placeBy(given: readonly bigint[], knownLeaf?: number) {
  const trueLeaves = [...OTHERS, ME];
  const chain = { ...CHAIN, root: text(rootOf(trueLeaves)), memberCount: BigInt(trueLeaves.length) };
  const findPath = pathFinder(TOOLS);
  const { results } = await checkPlace(FACTS, [endpoint(chain)], (epoch, members) =>
    findPath([serviceOf(given)], epoch, members, text(ME), knownLeaf),
  );
  return results[0];
}

describe('the place in the list', () => {
  it('is shown by the tiles of the true list', async () => {
    const shown = { name: 'inclusion', verdict: 'pass', reason: 'inclusion-shown', leafIndex: 3 };
    expect(await placeBy([...OTHERS, ME])).toEqual(shown);
    expect(await placeBy([...OTHERS, ME], 3)).toEqual(shown);
  });

  it('is not shown by a list in which anybody else is another, or I am elsewhere', async () => {
    const otherRoot = { verdict: 'fail', reason: 'inclusion-other-root' };
    for (const place of [0, 1, 2]) {
      expect(await placeBy([...OTHERS.with(place, 99n), ME])).toMatchObject(otherRoot);
    }
    expect(await placeBy([ME, ...OTHERS])).toMatchObject(otherRoot);
    expect(await placeBy([...OTHERS, ME, 99n])).toMatchObject(otherRoot);
  });

  it('is not shown by a list that lacks me, or is too short', async () => {
    expect(await placeBy([...OTHERS, 99n])).toMatchObject({
      verdict: 'not-checked',
      reason: 'inclusion-absent',
    });
    expect(await placeBy([11n, 12n, ME])).toMatchObject({
      verdict: 'fail',
      reason: 'inclusion-too-few-leaves',
    });
  });
});
