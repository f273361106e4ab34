/**
 * Knowledge of the deployment. The first deployment that a service names is adopted by the wallet
 * and trusted from then on; a service that names another, or tells other facts about it, is
 * refused, whoever runs it.
 */

import { calendarOf, isSameCalendar, type ClaimCalendar } from '../../chain/calendar.ts';
import type { ServiceFailure } from '../../service/problems.ts';
import type { ConfigView, Service } from '../../service/service.ts';
import { isConfigView } from '../../service/views.ts';
import { refusalCode, type CitizenWallet, type Deployment } from '../ports.ts';
import { recommendedEndpoints } from '../settings/network.ts';

/** Facts about a deployment that never change, and the depth at which its blocks are final. */
export interface DeploymentFacts {
  deployment: Deployment;
  calendar: ClaimCalendar;
  /** Address whose key signs receipts. */
  receiptSigner: string;
  confirmations: number;
  /** Block of the first contract; no event of the deployment is older. */
  deploymentBlock: number;
}

/** Fact in which a service differs from what is known. */
export type DifferingFact = keyof Deployment | 'calendar' | 'receiptSigner' | 'deploymentBlock';

/** Standing of a service with this app. */
export type ServiceStanding =
  | { kind: 'trusted' }
  | { kind: 'other-deployment'; differs: readonly DifferingFact[] }
  /** Its configuration makes no deployment. */
  | { kind: 'senseless' }
  | { kind: 'silent'; failure: ServiceFailure };

/** Services by their standing, and the facts that are trusted. */
export interface Survey {
  facts: DeploymentFacts | undefined;
  standings: ReadonlyMap<string, ServiceStanding>;
  /** RPC endpoints that the trusted services recommend. */
  recommended: readonly string[];
  /** Code of the wallet's refusal to adopt the deployment. */
  refusal?: string;
}

const ZERO_ADDRESS = /^0x0{40}$/;

/** Reads the facts of a configuration, or nothing if they make no deployment. */
export function factsOf(view: ConfigView): DeploymentFacts | undefined {
  const lower = (address: string) => address.toLowerCase();
  const deployment: Deployment = {
    chainId: view.chainId,
    distributor: lower(view.distributor),
    registry: lower(view.registry),
    orbRegistry: lower(view.orbRegistry),
    token: lower(view.token),
  };
  const calendar = calendarOf(view);
  const { chainId, ...contracts } = deployment;
  const addresses = Object.values(contracts);
  const areDistinct = new Set(addresses).size === addresses.length;
  const isSenseless = chainId === 0 || addresses.some((it) => ZERO_ADDRESS.test(it));
  if (!calendar || isSenseless || !areDistinct) return undefined;
  const { receiptSigner, confirmations, deploymentBlock } = view;
  return {
    deployment,
    calendar,
    receiptSigner: lower(receiptSigner),
    confirmations,
    deploymentBlock,
  };
}

/** Reads facts that this app stored, or nothing from what is not whole. */
export function readFacts(stored: unknown): DeploymentFacts | undefined {
  const fields = typeof stored === 'object' && stored !== null ? stored : {};
  const { deployment, calendar, ...others } = fields as Record<string, object>;
  const unused = {
    version: '',
    modelId: `0x${'0'.repeat(64)}`,
    maxCaptureAgeSecs: 0,
    rpcUrls: [],
  };
  const view = { ...unused, ...deployment, ...calendar, ...others };
  return isConfigView(view) ? factsOf(view) : undefined;
}

/** Returns the facts in which two deployments differ. */
export function differences(
  known: Partial<DeploymentFacts> & Pick<DeploymentFacts, 'deployment'>,
  told: DeploymentFacts,
): DifferingFact[] {
  const ofDeployment = (Object.keys(told.deployment) as (keyof Deployment)[]).filter(
    (it) => known.deployment[it] !== told.deployment[it],
  );
  const { calendar, receiptSigner, deploymentBlock } = known;
  const isOtherCalendar = calendar && !isSameCalendar(calendar, told.calendar);
  return [
    ...ofDeployment,
    ...(isOtherCalendar ? (['calendar'] as const) : []),
    ...(receiptSigner !== undefined && receiptSigner !== told.receiptSigner
      ? (['receiptSigner'] as const)
      : []),
    ...(deploymentBlock !== undefined && deploymentBlock !== told.deploymentBlock
      ? (['deploymentBlock'] as const)
      : []),
  ];
}

/**
 * Asks services for their deployment, in the person's order. Without an adopted deployment the
 * first that makes sense is handed to the wallet; when the wallet refuses, nothing is trusted.
 */
export async function surveyServices(
  services: readonly Service[],
  wallet: Pick<CitizenWallet, 'adopt' | 'deployment'>,
  remembered: DeploymentFacts | undefined,
): Promise<Survey> {
  const standings = new Map<string, ServiceStanding>();
  const refused = (error: unknown): Survey => ({
    facts: undefined,
    standings,
    recommended: [],
    refusal: refusalCode(error),
  });
  const recommendations: (readonly string[])[] = [];
  let adopted: Deployment | undefined;
  try {
    adopted = await wallet.deployment();
  } catch (error) {
    return refused(error);
  }
  const isOfAdopted =
    remembered && adopted && differences({ deployment: adopted }, remembered).length === 0;
  let facts = isOfAdopted ? remembered : undefined;
  const answers = await Promise.all(services.map((service) => service.config()));
  for (const [index, answer] of answers.entries()) {
    const address = services[index]?.address ?? '';
    if (answer.kind === 'failure') {
      standings.set(address, { kind: 'silent', failure: answer.failure });
      continue;
    }
    const told = factsOf(answer.value);
    if (!told) {
      standings.set(address, { kind: 'senseless' });
      continue;
    }
    if (!adopted) {
      try {
        adopted = await wallet.adopt(told.deployment);
      } catch (error) {
        return refused(error);
      }
    }
    const known = facts ?? { deployment: adopted };
    const differs = differences(known, told);
    if (differs.length > 0) {
      standings.set(address, { kind: 'other-deployment', differs });
      continue;
    }
    standings.set(address, { kind: 'trusted' });
    recommendations.push(answer.value.rpcUrls);
    facts ??= told;
  }
  return { facts, standings, recommended: recommendedEndpoints(recommendations) };
}

/** Returns the services that a survey trusts. */
export function trustedServices(services: readonly Service[], { standings }: Survey): Service[] {
  return services.filter(({ address }) => standings.get(address)?.kind === 'trusted');
}
