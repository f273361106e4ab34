/**
 * The passkey's part that only a page can do. The answer of its pseudo-random function (WebAuthn
 * level 3, `prf`) opens the vault together with the record; it goes to the worker and is kept
 * nowhere.
 */

import type { NewPasskey, PasskeyQuestion, Proof } from './protocol.ts';

const INPUT_BYTES = 32;
const CHALLENGE_BYTES = 32;
const USER_ID_BYTES = 32;
const TIME_LIMIT_MS = 120_000;
/** ES256, EdDSA and RS256 (IANA COSE algorithms): one of them is on every authenticator. */
const ALGORITHMS = [-7, -8, -257];

/** Reason for which a passkey cannot be used. */
export type PasskeyProblem =
  /** The person ended it, or the time was over; browsers do not tell which. */
  | 'not-done'
  /** Browser or authenticator cannot answer for a vault. */
  | 'not-supported';

export class PasskeyError extends Error {
  override readonly name = 'PasskeyError';

  constructor(readonly problem: PasskeyProblem) {
    super(problem);
  }
}

const random = (count: number) => crypto.getRandomValues(new Uint8Array(count));

/** Returns whether this browser has passkeys of the device's own. */
export async function canUsePasskey(): Promise<boolean> {
  if (typeof PublicKeyCredential === 'undefined') return false;
  return PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable().catch(() => false);
}

/** Makes a passkey and asks it its first question. `name` is shown by the system. */
export async function makePasskey(name: string): Promise<NewPasskey> {
  const prfInput = random(INPUT_BYTES);
  const credential = await attempt(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: 'Annona' },
        user: { id: random(USER_ID_BYTES), name, displayName: name },
        challenge: random(CHALLENGE_BYTES),
        pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: {
          authenticatorAttachment: 'platform',
          residentKey: 'preferred',
          userVerification: 'required',
        },
        extensions: { prf: { eval: { first: prfInput } } },
        timeout: TIME_LIMIT_MS,
      },
    }),
  );
  const credentialId = new Uint8Array(credential.rawId);
  const { prf } = credential.getClientExtensionResults();
  if (prf?.enabled === false) throw new PasskeyError('not-supported');
  // Many authenticators answer at the second meeting only.
  const prfOutput = outputOf(prf) ?? (await askPasskey({ credentialId, prfInput }));
  return { credentialId, prfInput, prfOutput };
}

/** Asks a passkey for the proof that opens a vault. */
export async function passkeyProof(question: PasskeyQuestion): Promise<Proof> {
  return { kind: 'passkey', prfOutput: await askPasskey(question) };
}

async function askPasskey(question: PasskeyQuestion): Promise<Uint8Array<ArrayBuffer>> {
  const credential = await attempt(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: random(CHALLENGE_BYTES),
        allowCredentials: [{ type: 'public-key', id: question.credentialId }],
        userVerification: 'required',
        extensions: { prf: { eval: { first: question.prfInput } } },
        timeout: TIME_LIMIT_MS,
      },
    }),
  );
  const output = outputOf(credential.getClientExtensionResults().prf);
  if (!output) throw new PasskeyError('not-supported');
  return output;
}

function outputOf(
  prf: AuthenticationExtensionsPRFOutputs | undefined,
): Uint8Array<ArrayBuffer> | undefined {
  const first = prf?.results?.first;
  if (!first) return undefined;
  const bytes = ArrayBuffer.isView(first)
    ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength)
    : new Uint8Array(first);
  return new Uint8Array(bytes);
}

async function attempt(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (error) {
    const isMissing = error instanceof DOMException && error.name === 'NotSupportedError';
    throw new PasskeyError(isMissing ? 'not-supported' : 'not-done');
  }
  throw new PasskeyError('not-supported');
}
