import createClient, { type Client } from 'openapi-fetch';

import { retryAfterSecs, sendPatiently, TransportError, type RequestContext } from '../net/request.ts';
import type { components, paths } from './generated/api.ts';
import { isWorthAnotherService, readProblem, type ServiceFailure } from './problems.ts';
import { isClaimView, isConfigView, isEnrolmentView, isEpochView, isSealedPackageView, isTile } from './views.ts';

type Schemas = components['schemas'];
export type ConfigView = Schemas['ConfigView'];
export type EpochView = Schemas['EpochView'];
export type ClaimRequest = Schemas['ClaimRequest'];
export type ClaimView = Schemas['ClaimView'];
export type ReceiptView = Schemas['ReceiptView'];
export type RefusalView = Schemas['RefusalView'];
export type EnrolmentView = Schemas['EnrolmentView'];
export type SealedPackageView = Schemas['SealedPackageView'];

/** Place of a tile: level 0 is at the leaves, and 3 at the root. */
export interface TilePlace {
  epoch: number;
  level: 0 | 1 | 2 | 3;
  index: number;
}

/** Answer of a service, or the reason that there is none. */
export type Outcome<Value> =
  | { kind: 'answer'; value: Value }
  | { kind: 'failure'; failure: ServiceFailure };

/** One service by its address. Every request has a time limit and a bound of repetitions. */
export class Service {
  readonly #client: Client<paths>;

  constructor(
    readonly address: string,
    context: RequestContext,
  ) {
    this.#client = createClient<paths>({
      baseUrl: address.replace(/\/$/, ''),
      cache: 'no-store',
      fetch: (request) => sendPatiently(context, request),
    });
  }

  /** Asks for the deployment that the service works for. */
  config(): Promise<Outcome<ConfigView>> {
    return outcomeOf(this.#client.GET('/v1/config'), isConfigView);
  }

  /** Asks for the current epoch. */
  currentEpoch(): Promise<Outcome<EpochView>> {
    return outcomeOf(this.#client.GET('/v1/epochs/current'), isEpochView);
  }

  /** Submits a claim. The same claim again is the same claim. */
  submitClaim(body: ClaimRequest): Promise<Outcome<ClaimView>> {
    return outcomeOf(this.#client.POST('/v1/claims', { body }), isClaimView);
  }

  /** Asks for a claim that was submitted to this service, and to no other (IDENT-10). */
  findClaim(nullifier: string): Promise<Outcome<ClaimView>> {
    const params = { path: { nullifier } };
    return outcomeOf(this.#client.GET('/v1/claims/{nullifier}', { params }), isClaimView);
  }

  /**
   * Asks for a tile of an epoch's tree (docs/spec/tree.md): nodes of 32 bytes each. Tiles are the
   * same for everybody, so caches on the way may keep them.
   */
  tile({ epoch, level, index }: TilePlace): Promise<Outcome<ArrayBuffer>> {
    return outcomeOf(
      this.#client.GET('/v1/tree/{epoch}/{level}/{index}', {
        params: { path: { epoch, level, index } },
        parseAs: 'arrayBuffer',
        cache: 'default',
      }),
      (value) => isTile(value, level),
    );
  }

  /** Asks for an enrolment by its id. */
  findEnrolment(id: string): Promise<Outcome<EnrolmentView>> {
    const params = { path: { id } };
    return outcomeOf(this.#client.GET('/v1/enrolments/{id}', { params }), isEnrolmentView);
  }

  /** Asks for the enrolment of the code with a nonce. */
  findEnrolmentByNonce(nonce: string): Promise<Outcome<EnrolmentView>> {
    const params = { path: { nonce } };
    return outcomeOf(
      this.#client.GET('/v1/enrolments/by-nonce/{nonce}', { params }),
      isEnrolmentView,
    );
  }

  /** Asks for the package of a visit; the key of the visit has signed the request (ENROL-22). */
  collectPackage(nonce: string, signature: string): Promise<Outcome<SealedPackageView>> {
    return outcomeOf(
      this.#client.POST('/v1/enrolments/by-nonce/{nonce}/package', {
        params: { path: { nonce } },
        body: { signature },
      }),
      isSealedPackageView,
    );
  }

  /** Has the package of a visit deleted. */
  confirmPackage(nonce: string, signature: string): Promise<Outcome<unknown>> {
    return outcomeOf(
      this.#client.POST('/v1/enrolments/by-nonce/{nonce}/package/received', {
        params: { path: { nonce } },
        body: { signature },
      }),
      (_): _ is unknown => true,
    );
  }
}

/** Asks one service after the other until one answers, or a failure that all would give. */
export async function firstAnswer<Value>(
  services: readonly Service[],
  ask: (service: Service) => Promise<Outcome<Value>>,
): Promise<Outcome<Value>> {
  let last: Outcome<Value> = { kind: 'failure', failure: { kind: 'unreachable' } };
  for (const service of services) {
    last = await ask(service);
    if (last.kind === 'answer' || !isWorthAnotherService(last.failure)) return last;
  }
  return last;
}

interface Answer {
  data?: unknown;
  error?: unknown;
  response: Response;
}

async function outcomeOf<Value>(
  answer: Promise<Answer>,
  isView: (value: unknown) => value is Value,
): Promise<Outcome<Value>> {
  const failed = (failure: ServiceFailure) => ({ kind: 'failure', failure }) as const;
  try {
    const { data, error, response } = await answer;
    if (!response.ok) {
      return failed(readProblem(error, response.status, retryAfterSecs(response.headers)));
    }
    return isView(data) ? { kind: 'answer', value: data } : failed({ kind: 'not-understood' });
  } catch (error) {
    const isOfTransport = error instanceof TransportError && error.fault !== 'too-large';
    return failed({ kind: isOfTransport ? 'unreachable' : 'not-understood' });
  }
}
