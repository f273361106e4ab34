/**
 * Way of a commitment up to the root of an epoch's tree, read tile by tile from services
 * (docs/spec/tree.md). A service learns which range of tiles holds the leaf and nothing that
 * narrows it (IDENT-9): the newest tile of each level comes first, then a whole range in order,
 * then the tiles above it. Nothing here is to be trusted before the root is compared with the
 * chain's.
 */

import { toHex, type Bytes } from '../bytes/bytes.ts';
import type { ServiceFailure } from '../service/problems.ts';
import { firstAnswer, type Service } from '../service/service.ts';
import type { InclusionPath, TileRange, WalletClient } from '../wallet/index.ts';

export type { InclusionPath } from '../wallet/index.ts';

/** Levels of tiles: 30 levels of nodes are 8 + 8 + 8 + 6. */
const LEVELS = [0, 1, 2, 3] as const;
type Level = (typeof LEVELS)[number];
/** Bits of a leaf's index below the tiles of each level. */
const SHIFTS = [8, 16, 24, 30] as const;
const TILE_WIDTH = 256;
const NODE_BYTES = 32;

/** Outcome of looking for a commitment in an epoch's tree. */
export type PathOutcome =
  | { kind: 'found'; path: InclusionPath }
  | { kind: 'absent' }
  | { kind: 'failure'; failure: ServiceFailure }
  /** The tree has fewer leaves than the epoch has members. */
  | { kind: 'too-few-leaves' };

/** Computations of the module that hold no secret. */
export interface TreeTools {
  /** Returns the range with `number` newer ones, or the one around a tile. */
  range(
    size: { leaves: number; members: number },
    which: { number: number } | { tile: number },
  ): Promise<TileRange | undefined>;
  /** Makes a path, and the leaf at its beginning, out of four tiles. */
  path(leafIndex: number, tiles: Bytes[]): Promise<{ leaf: string; path: InclusionPath }>;
}

/** Finds the way of a commitment in an epoch's tree: near a leaf that is known, or else anywhere. */
export type FindPath = (
  services: readonly Service[],
  epoch: number,
  members: number,
  commitment: string,
  knownLeaf: number | undefined,
  onProgress?: (tiles: number) => void,
) => Promise<PathOutcome>;

/** Speaks to the wallet's worker, which has the module. */
export function treeTools(wallet: WalletClient): TreeTools {
  return {
    range: async (size, which) => (await wallet.call('tileRange', { ...size, ...which })).range,
    path: (leafIndex, tiles) => wallet.call('treePath', { leafIndex, tiles }),
  };
}

/** Returns the function that finds paths with these tools. */
export function pathFinder(tools: TreeTools): FindPath {
  return async (services, epoch, members, commitment, knownLeaf, onProgress) => {
    const reader = new TreeReader(tools, services, epoch, members, onProgress);
    try {
      return await reader.find(commitment, knownLeaf);
    } catch (error) {
      if (error instanceof TileFailure) return { kind: 'failure', failure: error.failure };
      throw error;
    }
  };
}

/** Failure that ends the reading of a tree. */
class TileFailure extends Error {
  constructor(readonly failure: ServiceFailure) {
    super(failure.kind);
  }
}

/** Tree of one epoch, of which no tile is fetched twice. */
class TreeReader {
  readonly #tiles = new Map<string, Bytes | undefined>();

  constructor(
    private readonly tools: TreeTools,
    private readonly services: readonly Service[],
    private readonly epoch: number,
    private readonly members: number,
    private readonly onProgress: ((tiles: number) => void) | undefined,
  ) {}

  async find(commitment: string, knownLeaf: number | undefined): Promise<PathOutcome> {
    const leaves = await this.#countLeaves();
    if (leaves < this.members) return { kind: 'too-few-leaves' };
    const size = { leaves, members: this.members };
    if (knownLeaf !== undefined) {
      const tile = Math.floor(knownLeaf / TILE_WIDTH);
      const range = await this.tools.range(size, { tile });
      const place = range && (await this.#findIn(range, commitment));
      if (place !== undefined) return this.#pathOf(place, commitment);
    }
    for (let number = 0; ; number += 1) {
      const range = await this.tools.range(size, { number });
      if (!range) return { kind: 'absent' };
      const place = await this.#findIn(range, commitment);
      if (place !== undefined) return this.#pathOf(place, commitment);
    }
  }

  /** Counts the leaves by the last nodes of the newest tiles. */
  async #countLeaves(): Promise<number> {
    let count = 1;
    for (const level of LEVELS.toReversed()) {
      const tile = await this.#tile(level, count - 1);
      if (!tile) return 0;
      count = (count - 1) * TILE_WIDTH + tile.length / NODE_BYTES;
    }
    return count;
  }

  /** Looks at the whole range, wherever in it the commitment is. */
  async #findIn({ start, end }: TileRange, commitment: string): Promise<number | undefined> {
    let found: number | undefined;
    for (let index = start; index < end; index += 1) {
      const tile = await this.#tile(0, index);
      if (!tile) continue;
      for (let place = 0; place < tile.length / NODE_BYTES; place += 1) {
        const node = tile.subarray(place * NODE_BYTES, (place + 1) * NODE_BYTES);
        if (`0x${toHex(node)}` === commitment) found = index * TILE_WIDTH + place;
      }
    }
    return found;
  }

  async #pathOf(leafIndex: number, commitment: string): Promise<PathOutcome> {
    const tiles: Bytes[] = [];
    for (const level of LEVELS) {
      const tile = await this.#tile(level, Math.floor(leafIndex / 2 ** SHIFTS[level]));
      if (!tile) return { kind: 'failure', failure: { kind: 'not-understood' } };
      tiles.push(tile);
    }
    const { leaf, path } = await this.tools.path(leafIndex, tiles);
    if (leaf !== commitment) return { kind: 'failure', failure: { kind: 'not-understood' } };
    return { kind: 'found', path };
  }

  /** Returns a tile, or nothing where the tree has none. */
  async #tile(level: Level, index: number): Promise<Bytes | undefined> {
    const key = `${level}/${index}`;
    if (this.#tiles.has(key)) return this.#tiles.get(key);
    const outcome = await firstAnswer(this.services, (service) =>
      service.tile({ epoch: this.epoch, level, index }),
    );
    if (outcome.kind === 'failure') {
      const { failure } = outcome;
      if (failure.kind !== 'problem' || failure.code !== 'tile-unknown') throw new TileFailure(failure);
    }
    const tile = outcome.kind === 'answer' ? new Uint8Array(outcome.value) : undefined;
    this.#tiles.set(key, tile);
    this.onProgress?.(this.#tiles.size);
    return tile;
  }
}
