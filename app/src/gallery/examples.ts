/** Values that all examples of the gallery share: a calendar, a unit, an amount, an address. */

import type { ClaimState } from '../citizen/claim/claim.ts';

export const nothing = () => undefined;

/** First second of the examples' epochs: a day each from 14 November 2023, 22:13:20 UTC. */
export const GENESIS = 1_700_000_000;
export const DAY_SECS = 86_400;
export const EPOCH = 20;
export const CALENDAR = { genesis: GENESIS, epochLengthSecs: DAY_SECS, claimWindowEpochs: 4 };
export const CHAIN_SECS = GENESIS + EPOCH * DAY_SECS + 30_000;
export const UNIT = { symbol: 'ANN', decimals: 18 };
export const AMOUNT = 12_500_000_000_000_000_000n;
export const word = (digit: string) => `0x${digit.repeat(64)}`;
export const OWN_ADDRESS = '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed';

/** Evidence of the chain. */
export const CHECKED = {
  kind: 'checked' as const,
  blockNumber: 18_700_123,
  sources: ['https://rpc.example/', 'https://other-rpc.example/'],
};

/** Makes a claim of an epoch in a state. */
export const claim = (epoch: number, state: ClaimState, more: object = {}) => ({
  nullifierHash: word(String(epoch % 10)),
  epoch,
  root: word('5'),
  windowEnd: GENESIS + (epoch + 4) * DAY_SECS,
  failures: 0,
  receipts: [],
  refusals: [],
  request: { epoch, recipient: OWN_ADDRESS, feeRecipient: word('0'), fee: '0' },
  state,
  ...more,
});
