/** The way of a custody package from a service into the wallet, and the deletion of its copy. */

import type { ServiceFailure } from '../../service/problems.ts';
import type { Service } from '../../service/service.ts';
import type { PackageProblem, PackageVisit } from '../../wallet/index.ts';
import type { CustodyWallet } from '../ports.ts';

/** Reason for which the package of a visit is not here, or its copy is not deleted. */
export type CustodyNews =
  /** No service hands it out now. */
  | { kind: 'not-there'; failure: ServiceFailure }
  /** The bytes that came are not the package of the visit. */
  | { kind: 'refused'; problem: PackageProblem }
  /** It is here, and the service was not told. */
  | { kind: 'not-confirmed'; failure: ServiceFailure }
  /** Services have deleted it, and the key that would open it is deleted too. */
  | { kind: 'expired' };

/** Surroundings of the way. */
export interface CustodyContext {
  wallet: CustodyWallet;
  services: () => readonly Service[];
  /** Runs work while no other tab runs any. */
  runAlone: <T>(work: () => Promise<T>) => Promise<T>;
}

const UNREACHABLE: ServiceFailure = { kind: 'unreachable' };

const isUnknown = (failure: ServiceFailure) =>
  failure.kind === 'problem' && failure.code === 'package-unknown';

/**
 * Fetches what is not here, has copies deleted, and returns the news of each visit. Throws what the
 * wallet refuses.
 */
export function workOnPackages(context: CustodyContext): Promise<CustodyNews[]> {
  return context.runAlone(async () => {
    const news: CustodyNews[] = [];
    const { visits } = await context.wallet.call('packageVisits', {});
    for (const visit of visits) {
      const told = await workOn(context, visit);
      if (told) news.push(told);
    }
    return news;
  });
}

async function workOn(
  context: CustodyContext,
  visit: PackageVisit,
): Promise<CustodyNews | undefined> {
  if (visit.step === 'given-up') return { kind: 'expired' };
  const news = visit.step === 'collect' ? await collect(context, visit) : undefined;
  // The receipt is confirmed when the package is stored, and never before (ENROL-22).
  return news ?? confirm(context, visit);
}

async function collect(
  { wallet, services }: CustodyContext,
  { nonce, isLate }: PackageVisit,
): Promise<CustodyNews | undefined> {
  const { signature } = await wallet.call('signPackageRequest', { nonce, request: 'collect' });
  const failures: ServiceFailure[] = [];
  let problem: PackageProblem | undefined;
  for (const service of services()) {
    const outcome = await service.collectPackage(nonce, signature);
    if (outcome.kind === 'failure') {
      failures.push(outcome.failure);
      continue;
    }
    ({ problem } = await wallet.call('keepPackage', { nonce, sealed: outcome.value.sealed }));
    if (!problem) return undefined;
    // Another service may have the right one.
  }
  if (problem) return { kind: 'refused', problem };
  if (isLate && failures.length > 0 && failures.every(isUnknown)) {
    await wallet.call('endPackageVisit', { nonce, outcome: 'given-up' });
    return { kind: 'expired' };
  }
  return { kind: 'not-there', failure: worst(failures) };
}

async function confirm(
  { wallet, services }: CustodyContext,
  { nonce, isLate }: PackageVisit,
): Promise<CustodyNews | undefined> {
  const { signature } = await wallet.call('signPackageRequest', { nonce, request: 'confirm' });
  const failures: ServiceFailure[] = [];
  for (const service of services()) {
    const outcome = await service.confirmPackage(nonce, signature);
    if (outcome.kind === 'failure') failures.push(outcome.failure);
    else failures.length = 0;
    if (outcome.kind === 'answer') break;
  }
  const isAsked = services().length > 0;
  // An earlier request deleted it and its answer was lost, or its time is over.
  if ((isAsked && failures.every(isUnknown)) || isLate) {
    await wallet.call('endPackageVisit', { nonce, outcome: 'deleted' });
    return undefined;
  }
  return { kind: 'not-confirmed', failure: worst(failures) };
}

/** Returns the failure that says most: that nobody has it says least. */
function worst(failures: readonly ServiceFailure[]): ServiceFailure {
  return failures.find((it) => !isUnknown(it)) ?? failures[0] ?? UNREACHABLE;
}
