// Watch over a phone: the errors in its pages, the hosts that it asks, and the secrets in what it
// sends, stores, and writes to the console. Each finding is one sentence.

import { mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';

/** The code of a visit that no orb has sent is unknown, and Chromium calls a 404 an error. */
const UNKNOWN_NONCE = /\/v1\/enrolments\/by-nonce\/0x[0-9a-f]{64}$/;

export class Watch {
  #origins;
  #sent = [];
  #written = [];
  #secrets = [];
  #expected = [];

  constructor(context, origins) {
    this.#origins = new Set(origins);
    /** Sentences about what must not be. */
    this.found = [];
    context.on('request', (request) => this.#request(request));
    context.on('page', (page) => page.on('websocket', (socket) => this.#look(socket.url())));
    context.on('console', (message) => this.#message(message));
    context.on('weberror', (error) => this.#object(`error in the page: ${error.error().message}`));
  }

  /** Allows requests to a host that the person has named. */
  allow(address) {
    this.#origins.add(new URL(address).origin);
  }

  /** Expects console errors that match; the flow brings them about itself. */
  expectErrors(pattern) {
    this.#expected.push(pattern);
  }

  /** Takes note of the words of a card, which must be nowhere. */
  addWords(words) {
    // By neighbours: a single word of the list may be the name of a field.
    for (const [index, word] of words.slice(1).entries()) {
      this.#secrets.push(['words of the card', new RegExp(`${words[index]}\\W+${word}`, 'i')]);
    }
    const secret = mnemonicToEntropy(words.join(' '), wordlist);
    for (const form of formsOf(secret)) this.#secrets.push(['the secret', form]);
  }

  /** Takes note of a PIN. */
  addPin(pin) {
    this.#secrets.push(['the PIN', new RegExp(`(?<![0-9a-f])${pin}(?![0-9a-f])`, 'i')]);
  }

  /** Takes note of bytes that must be nowhere in the clear: a name for them, and some that differ. */
  addBytes(name, bytes) {
    for (const form of formsOf(bytes)) this.#secrets.push([name, form]);
  }

  lookForSecrets(place, text) {
    const lower = text.toLowerCase();
    const kinds = this.#secrets.filter(([, form]) =>
      form instanceof RegExp ? form.test(text) : lower.includes(form.toLowerCase()),
    );
    for (const kind of new Set(kinds.map(([name]) => name))) this.#object(`${kind} is ${place}`);
  }

  lookForSecretsSent() {
    this.lookForSecrets('sent', this.#sent.join('\n'));
    this.lookForSecrets('written to the console', this.#written.join('\n'));
  }

  #object(text) {
    this.found.push(text);
  }

  #request(request) {
    // The browser does not tell every body: the services' side has a record of them (`proxy.mjs`).
    const url = request.url();
    const body = request.postDataBuffer();
    const told = body ? `${body.toString('hex')} ${body.toString('latin1')}` : '';
    this.#sent.push(`${url} ${JSON.stringify(request.headers())} ${told}`);
    this.#look(url);
  }

  #look(url) {
    // A socket belongs to the host of the same name and number.
    const { origin } = new URL(url.replace(/^ws/, 'http'));
    if (!url.startsWith('blob:') && !this.#origins.has(origin)) {
      this.#object(`asks ${url}`);
    }
  }

  #message(message) {
    const text = message.text();
    this.#written.push(text);
    if (message.type() !== 'error' || UNKNOWN_NONCE.test(message.location().url)) return;
    if (!this.#expected.some((pattern) => pattern.test(text))) {
      this.#object(`error in the console: ${text} ${message.location().url}`);
    }
  }
}

/** Texts that a secret could be written as: hexadecimal, base 64, decimal, its bytes, also as JSON. */
function formsOf(secret) {
  const bytes = Buffer.from(secret);
  const reversed = Buffer.from(bytes).reverse();
  return [
    ...[bytes, reversed].map((it) => it.toString('hex')),
    ...[bytes, reversed].map((it) => BigInt(`0x${it.toString('hex')}`).toString()),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    [...bytes].join(','),
    bytes.toString('latin1'),
    // As the text of what is stored has control characters.
    JSON.stringify(bytes.toString('latin1')).slice(1, -1),
  ];
}
