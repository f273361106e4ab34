/**
 * Life of a custody package on this device: codes that were shown with their keys, requests to the
 * service, the package itself, encrypted under the vault's data key.
 */

import { areEqual, fromHex, randomBytes, type Bytes } from '../bytes/bytes.ts';
import { hexText, wordText } from './claims.ts';
import type { CheckedPackage } from './custody.ts';
import { fail, WalletError } from './failure.ts';
import type { Module } from './module.ts';
import {
  VISIT_RENEW_SECS,
  type ExportedPackage,
  type KeptPackage,
  type PackageProblem,
  type PackageRequest,
  type PackageVisit,
  type VisitCode,
} from './protocol.ts';
import { contextOf, open, seal } from './sealing.ts';
import type { StoredPackage, StoredVisit, WalletStorage } from './storage.ts';
import { signRequest, visitText, type Visit, type VisitKey } from './visit.ts';

const FORMAT = 'annona-custody-1';
const NONCE_BYTES = 32;
const DAY_SECS = 86_400;
/** Time for which a service keeps a package, and a day more. */
const LATE_SECS = 8 * DAY_SECS;
/** Most codes whose keys are kept until an orb has read one: half an hour of them. */
const MAX_CODES = 64;

/** Surroundings of packages. */
export interface KeepingContext {
  storage: WalletStorage;
  nowMs: () => number;
  computing: { module(): Promise<Module> };
}

/** Place of packages in an open vault. */
export interface Shelf {
  vaultId: Bytes;
  dataKey: CryptoKey;
}

/** Code that decrypts and checks packages. */
type CustodyCode = typeof import('./custody.ts');

const nowSecs = ({ nowMs }: KeepingContext) => Math.floor(nowMs() / 1_000);

/** Makes a code, and keeps what opens its package before anybody can see it. */
export async function makeCode(
  { storage }: KeepingContext,
  visit: Visit,
  key: VisitKey,
  now: number,
): Promise<VisitCode> {
  const bytes = randomBytes(NONCE_BYTES);
  const nonce = hexText(bytes);
  await storage.putVisit({ ...visit, nonce, issuedAt: now, isTaken: false, key });
  const text = await visitText(visit, key, bytes, now);
  return { text, nonce, renewAt: now + VISIT_RENEW_SECS };
}

/** Deletes keys of codes that no orb has read within a day, or that are too many. */
export async function forgetOldVisits(context: KeepingContext): Promise<void> {
  const unread = (await context.storage.visits())
    .filter(({ isTaken }) => !isTaken)
    .sort((a, b) => b.issuedAt - a.issuedAt);
  const oldest = nowSecs(context) - DAY_SECS;
  const old = unread.filter(({ issuedAt }, index) => index >= MAX_CODES || issuedAt < oldest);
  await context.storage.deleteVisits(old.map(({ nonce }) => nonce));
}

/** Notes that an orb has read a code; a code that this device does not know is nothing to note. */
export async function takeVisit({ storage }: KeepingContext, nonce: string): Promise<void> {
  const visit = await storage.visit(wordText(nonce));
  if (visit && !visit.isTaken) await storage.putVisit({ ...visit, isTaken: true });
}

/** Lists the visits of an identity for which there is something to do or to say. */
export async function packageVisits(
  context: KeepingContext,
  commitment: string,
): Promise<PackageVisit[]> {
  const packages = await context.storage.packages();
  const visits = await context.storage.visits();
  const isKept = (nonce: string) => packages.some((it) => it.nonce === nonce);
  return visits
    .filter((it) => it.isTaken && it.commitment === commitment)
    .map(({ nonce, issuedAt, key }) => ({
      nonce,
      step: key ? (isKept(nonce) ? 'confirm' : 'collect') : 'given-up',
      isLate: nowSecs(context) - issuedAt >= LATE_SECS,
    }));
}

/** Signs a request about a package. None is deleted anywhere that is not kept here (ENROL-22). */
export async function signFor(
  { storage }: KeepingContext,
  nonce: string,
  request: PackageRequest,
): Promise<string> {
  const visit = await visitWithKey(storage, nonce);
  const isKept = (await storage.findPackage(nonce)) !== undefined;
  if (request === 'confirm' && !isKept) return fail({ code: 'no-package' });
  return hexText(await signRequest(visit, visit.key, fromHex(nonce), request));
}

async function visitWithKey(
  storage: WalletStorage,
  nonce: string,
): Promise<StoredVisit & { key: VisitKey }> {
  const visit = await storage.visit(wordText(nonce));
  const { key } = visit ?? {};
  return visit && key ? { ...visit, key } : fail({ code: 'no-package' });
}

const contextOfPackage = ({ vaultId }: Shelf, nonce: string) =>
  contextOf(FORMAT, vaultId, nonce);

/**
 * Decrypts and checks a package, and keeps it, or returns why it is none. One that is kept already
 * stays as it is.
 */
export async function keepPackage(
  { storage, computing }: KeepingContext,
  shelf: Shelf,
  code: CustodyCode,
  { nonce, sealed }: { nonce: string; sealed: string },
): Promise<PackageProblem | undefined> {
  const visit = await visitWithKey(storage, nonce);
  const module = await computing.module();
  const kept = await storage.findPackage(nonce);
  if (kept && areEqual(kept.vaultId, shelf.vaultId)) return undefined;
  let contents: Bytes | undefined;
  try {
    contents = await code.openPackage(visit, fromBase64(sealed));
    code.checkPackage(contents, visit, module);
    const own = await seal(shelf.dataKey, contents, contextOfPackage(shelf, nonce));
    await storage.putPackage({ nonce, vaultId: shelf.vaultId, sealed: own, isConfirmed: false });
    return undefined;
  } catch (error) {
    return problemOf(error);
  } finally {
    contents?.fill(0);
  }
}

/** Returns the problem of a package that was refused, and throws every other error. */
function problemOf(error: unknown): PackageProblem {
  const isRefused = error instanceof WalletError && error.failure.code === 'package-refused';
  if (isRefused) return error.failure.problem;
  throw error;
}

/** Notes that the service has deleted its copy. No key of this identity's visits is needed then. */
export async function endVisit({ storage }: KeepingContext, nonce: string): Promise<void> {
  const ended = await storage.visit(wordText(nonce));
  const others = (await storage.visits()).filter(
    ({ isTaken, commitment }) => !isTaken && commitment === ended?.commitment,
  );
  await storage.confirmPackage(nonce, [nonce, ...others.map((it) => it.nonce)]);
}

/** Deletes the key of a visit whose package no service has now. */
export async function giveUpVisit(context: KeepingContext, nonce: string): Promise<void> {
  const visit = await context.storage.visit(wordText(nonce));
  if (!visit) return;
  if (nowSecs(context) - visit.issuedAt < LATE_SECS) fail({ code: 'not-understood' });
  const { key: _gone, ...rest } = visit;
  await context.storage.putVisit(rest);
}

/** Lists those of the stored packages that are of the vault, each decrypted and checked anew. */
export async function listPackages(
  context: KeepingContext,
  shelf: Shelf,
  code: CustodyCode,
  stored: readonly StoredPackage[],
): Promise<KeptPackage[]> {
  const module = await context.computing.module();
  const own = stored.filter(({ vaultId }) => areEqual(vaultId, shelf.vaultId));
  return Promise.all(own.map((it) => described(it, shelf, code, module)));
}

async function described(
  stored: StoredPackage,
  shelf: Shelf,
  code: CustodyCode,
  module: Module,
): Promise<KeptPackage> {
  const { nonce, isConfirmed } = stored;
  try {
    const statement = await read(stored, shelf, code, module, (it) => it.statement);
    return { nonce, isConfirmed, kind: 'checked', statement };
  } catch (error) {
    return { nonce, isConfirmed, kind: 'unreadable', problem: problemOf(error) };
  }
}

/** Hands out a package as files. */
export async function exportPackage(
  { storage, computing }: KeepingContext,
  shelf: Shelf,
  code: CustodyCode,
  nonce: string,
): Promise<ExportedPackage> {
  const stored = await storage.findPackage(wordText(nonce));
  if (!stored || !areEqual(stored.vaultId, shelf.vaultId)) return fail({ code: 'no-package' });
  const module = await computing.module();
  return read(stored, shelf, code, module, (it) => ({
    ...code.filesOf(it),
    statement: it.statement,
  }));
}

/** Decrypts and checks a package, hands it to `use`, and overwrites its contents. */
async function read<T>(
  { nonce, sealed }: StoredPackage,
  shelf: Shelf,
  code: CustodyCode,
  module: Module,
  use: (checked: CheckedPackage) => T,
): Promise<T> {
  const contents = await open(shelf.dataKey, sealed, contextOfPackage(shelf, nonce));
  if (!contents) return fail({ code: 'package-refused', problem: 'damaged' });
  try {
    return use(code.checkPackage(contents, { nonce }, module));
  } finally {
    contents.fill(0);
  }
}

/** Reads a text in base 64; another text is a damaged package. */
function fromBase64(text: string): Bytes {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return fail({ code: 'package-refused', problem: 'damaged' });
  }
}
