/** Seconds after which a request is given up, its answer's body included. */
export const TIME_LIMIT_SECS = 15;
/** Most bytes that are read of one answer. */
export const MAX_ANSWER_BYTES = 8 * 1_024 * 1_024;
/** Attempts at one request in all. */
export const MAX_ATTEMPTS = 3;
/** Longest wait before a request is repeated; a longer one is the caller's to plan. */
export const MAX_WAIT_SECS = 10;
/** Wait before the first repetition when nobody names one; it doubles each time. */
const FIRST_WAIT_SECS = 0.5;

/** Fault of the way to an answer, or of the answer itself. */
export type TransportFault = 'network' | 'time-limit' | 'too-large';

export class TransportError extends Error {
  override readonly name = 'TransportError';

  constructor(readonly fault: TransportFault) {
    super(fault);
  }
}

/** Surroundings of requests. */
export interface RequestContext {
  fetch: (request: Request) => Promise<Response>;
  sleep: (secs: number) => Promise<void>;
  /** Draws a number from 0 to 1. */
  random: () => number;
}

/** Surroundings of requests in a browser. */
export const BROWSER: RequestContext = {
  fetch: (request) => globalThis.fetch(request),
  sleep: (secs) => new Promise((resolve) => setTimeout(resolve, 1_000 * secs)),
  random: Math.random,
};

/**
 * Sends a request until it is answered: at most `MAX_ATTEMPTS` times, each within the
 * time limit, with a random wait between. Only requests that may arrive twice come here.
 *
 * @throws TransportError
 */
export async function sendPatiently(context: RequestContext, request: Request): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await sendOnce(context, request.clone()).catch((error: unknown) => error);
    const waitSecs = waitBeforeRepeating(outcome, attempt, context.random);
    if (waitSecs === undefined || attempt >= MAX_ATTEMPTS) {
      if (outcome instanceof Response) return outcome;
      throw outcome;
    }
    await context.sleep(waitSecs);
  }
}

/** Sends a request once and reads its answer whole, within the limits. */
async function sendOnce({ fetch }: RequestContext, request: Request): Promise<Response> {
  const signal = AbortSignal.timeout(1_000 * TIME_LIMIT_SECS);
  try {
    const limited = new Request(request, {
      signal,
      credentials: 'omit',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
    const response = await fetch(limited);
    const body = await readWhole(response);
    const { status, headers } = response;
    const isEmpty = status === 204 || status === 304;
    return new Response(isEmpty ? null : body, { status, headers });
  } catch (error) {
    if (error instanceof TransportError) throw error;
    throw new TransportError(signal.aborted ? 'time-limit' : 'network');
  }
}

async function readWhole(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    size += part.value.length;
    if (size > MAX_ANSWER_BYTES) {
      await reader?.cancel();
      throw new TransportError('too-large');
    }
    chunks.push(part.value);
  }
  const whole = new Uint8Array(size);
  let place = 0;
  for (const chunk of chunks) {
    whole.set(chunk, place);
    place += chunk.length;
  }
  return whole;
}

/** Returns the seconds to wait before the same request is sent again, if that can help. */
function waitBeforeRepeating(
  outcome: unknown,
  attempt: number,
  random: () => number,
): number | undefined {
  const backoff = FIRST_WAIT_SECS * 2 ** (attempt - 1);
  // Between half and all of the wait: many phones that lost one service do not return at once.
  const jittered = backoff * (0.5 + random() / 2);
  if (outcome instanceof TransportError) {
    return outcome.fault === 'too-large' ? undefined : jittered;
  }
  if (!(outcome instanceof Response)) return undefined;
  if (![429, 502, 503, 504].includes(outcome.status)) return undefined;
  const asked = retryAfterSecs(outcome.headers);
  if (asked === undefined) return jittered;
  return asked > MAX_WAIT_SECS ? undefined : asked + jittered;
}

/** Reads the header Retry-After in its form of seconds. */
export function retryAfterSecs(headers: Headers): number | undefined {
  const text = headers.get('retry-after');
  return text !== null && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}
