// Tiles and root of a small tree of members, as a service could make them up (docs/spec/tree.md).

import { poseidon2 } from 'poseidon-lite/poseidon2';

const NODE_BYTES = 32;
const DEPTH = 30;
/** Height of the nodes of each level of tiles above the leaves. */
const TILE_HEIGHTS = [0, 8, 16, 24];

const hexOf = (node) => node.toString(16).padStart(2 * NODE_BYTES, '0');

/** Returns a tile of leaves with one more, of somebody who does not exist. */
export function addLeaf(tile) {
  return Buffer.concat([tile, Buffer.alloc(NODE_BYTES, 7)]);
}

/** Hashes a tile of leaves up to the root; returns the first tile of each level, and the root. */
export function rootsOf(leaves) {
  let nodes = Array.from({ length: leaves.length / NODE_BYTES }, (_, index) =>
    BigInt(`0x${leaves.subarray(index * NODE_BYTES, (index + 1) * NODE_BYTES).toString('hex')}`),
  );
  let empty = 0n;
  const tiles = [];
  for (let height = 0; height < DEPTH; height += 1) {
    if (TILE_HEIGHTS.includes(height)) tiles.push(Buffer.from(nodes.map(hexOf).join(''), 'hex'));
    const pairs = Array.from({ length: Math.ceil(nodes.length / 2) }, (_, index) => 2 * index);
    nodes = pairs.map((index) => poseidon2([nodes[index], nodes[index + 1] ?? empty]));
    empty = poseidon2([empty, empty]);
  }
  return { tiles, root: `0x${hexOf(nodes[0])}` };
}
