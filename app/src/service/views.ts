import type { components } from './generated/api.ts';

type Schemas = components['schemas'];
type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const matches = (pattern: RegExp) => (value: unknown) =>
  typeof value === 'string' && pattern.test(value);
const isWord = matches(/^0x[0-9a-fA-F]{64}$/);
const isAddress = matches(/^0x[0-9a-fA-F]{40}$/);
const isAmount = matches(/^[0-9]{1,78}$/);
const isSignature = matches(/^0x[0-9a-fA-F]{130}$/);
const isText = (value: unknown) => typeof value === 'string';
const isOneOf = (values: readonly string[]) => (value: unknown) =>
  values.includes(value as string);
const isAbsentOr = (isIt: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || value === null || isIt(value);

const hasAll = (value: unknown, checks: Record<string, (field: unknown) => boolean>) =>
  isObject(value) && Object.entries(checks).every(([name, isIt]) => isIt(value[name]));

export const CLAIM_STATUSES = [
  'queued',
  'batched',
  'submitted',
  'mined',
  'final',
  'rejected',
] as const satisfies readonly Schemas['ClaimStatus'][];

const ENROLMENT_STATUSES = [
  'checking',
  'duplicate',
  'review',
  'queued',
  'submitted',
  'mined',
  'final',
  'revoked',
  'withdrawn',
] as const satisfies readonly Schemas['EnrolmentStatus'][];

/** Returns whether a value is the deployment's facts. */
export function isConfigView(value: unknown): value is Schemas['ConfigView'] {
  return hasAll(value, {
    version: isText,
    chainId: isCount,
    registry: isAddress,
    distributor: isAddress,
    orbRegistry: isAddress,
    token: isAddress,
    receiptSigner: isAddress,
    genesis: isCount,
    epochLengthSecs: (it) => isCount(it) && it !== 0,
    claimWindowEpochs: (it) => isCount(it) && it !== 0,
    confirmations: isCount,
    deploymentBlock: isCount,
    rpcUrls: (it) => Array.isArray(it) && it.every(isText),
    modelId: isWord,
    maxCaptureAgeSecs: isCount,
  });
}

/** Returns whether a value is an epoch. */
export function isEpochView(value: unknown): value is Schemas['EpochView'] {
  return hasAll(value, {
    epoch: isCount,
    chainTime: isCount,
    startsAt: isCount,
    endsAt: isCount,
    oldestClaimable: isCount,
    memberCount: isCount,
    claimed: isCount,
    root: isWord,
    amount: isAbsentOr(isAmount),
  });
}

const isPayment = (value: unknown) =>
  hasAll(value, {
    nullifierHash: isWord,
    epoch: isCount,
    recipient: isAddress,
    feeRecipient: isAddress,
    fee: isAmount,
    root: isWord,
    signature: isSignature,
  });

/** Returns whether a value is a receipt. Its signature is not checked here. */
export function isReceiptView(value: unknown): value is Schemas['ReceiptView'] {
  return isPayment(value) && hasAll(value, { takenAt: isCount, deadline: isCount });
}

const isRefusalView = (value: unknown) =>
  isPayment(value) && hasAll(value, { reason: isText, blockNumber: isCount, blockTime: isCount });

/** Returns whether a value is a claim. */
export function isClaimView(value: unknown): value is Schemas['ClaimView'] {
  return hasAll(value, {
    nullifierHash: isWord,
    epoch: isCount,
    status: isOneOf(CLAIM_STATUSES),
    reason: isAbsentOr(isText),
    receipt: isAbsentOr(isReceiptView),
    refusal: isAbsentOr(isRefusalView),
    transactionHash: isAbsentOr(isWord),
  });
}

/** Returns whether a value is an enrolment. */
export function isEnrolmentView(value: unknown): value is Schemas['EnrolmentView'] {
  return hasAll(value, {
    id: isWord,
    commitment: isWord,
    status: isOneOf(ENROLMENT_STATUSES),
    leafIndex: isAbsentOr(isCount),
    transactionHash: isAbsentOr(isWord),
  });
}

/** Most characters of a package in base 64. */
const MAX_PACKAGE_CHARACTERS = 54_616;

/** Returns whether a value is a package as it is sealed. Its contents are not checked here. */
export function isSealedPackageView(value: unknown): value is Schemas['SealedPackageView'] {
  return hasAll(value, {
    sealed: (it) =>
      typeof it === 'string' && it.length <= MAX_PACKAGE_CHARACTERS && /^[A-Za-z0-9+/]+=*$/.test(it),
  });
}

/** Bytes of a node. */
const NODE_BYTES = 32;
/** Most nodes of a tile by its level. */
const TILE_NODES = [256, 256, 256, 64] as const;

/** Returns whether a value is a tile of a level: whole nodes, at least one, and no more than fit. */
export function isTile(value: unknown, level: 0 | 1 | 2 | 3): value is ArrayBuffer {
  if (!(value instanceof ArrayBuffer)) return false;
  const nodes = value.byteLength / NODE_BYTES;
  return Number.isInteger(nodes) && nodes >= 1 && nodes <= TILE_NODES[level];
}
