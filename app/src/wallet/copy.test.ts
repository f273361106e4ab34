import { describe, expect, it } from 'vitest';

import { fromBase32, toBase32 } from '../bytes/base32.ts';
import { randomBytes } from '../bytes/bytes.ts';
import { CopyReceiver, CopySender } from './copy.ts';
import { WalletError } from './failure.ts';

/** Returns the problem for which a code is refused. */
async function problemOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'none',
    (error: unknown) =>
      error instanceof WalletError && error.failure.code === 'copy-refused'
        ? error.failure.problem
        : error,
  );
}

/** Goes as far as the digits. */
async function agreed() {
  const receiver = await CopyReceiver.begin();
  const sender = await CopySender.begin(receiver.commitmentCode());
  const { code, digits } = await receiver.answer(sender.keyCode());
  const compared = await sender.compare(code);
  return { receiver, sender, code, digits, compared: compared.digits };
}

/** Turns a bit of a byte behind the step. */
function changed(code: string, place: number): string {
  const [start = '', letters = ''] = code.split(':');
  const bytes = fromBase32(letters) ?? new Uint8Array();
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return `${start}:${toBase32(bytes)}`;
}

describe('a copy', () => {
  it('carries the secret from screen to screen, under the same digits on both', async () => {
    const secret = randomBytes(32);
    const { receiver, sender, digits, compared } = await agreed();
    expect(digits).toMatch(/^[0-9]{6}$/);
    expect(compared).toBe(digits);
    await receiver.receive(await sender.seal(secret));
    expect(await receiver.secret()).toEqual(secret);
  });

  // Tests IDENT-11: whoever stands between the screens shows other digits on each.
  it('shows other digits where somebody is in between', async () => {
    const receiver = await CopyReceiver.begin();
    const falseReceiver = await CopyReceiver.begin();
    const sender = await CopySender.begin(falseReceiver.commitmentCode());
    const falseSender = await CopySender.begin(receiver.commitmentCode());
    const { digits } = await receiver.answer(falseSender.keyCode());
    const answer = await falseReceiver.answer(sender.keyCode());
    const { digits: others } = await sender.compare(answer.code);
    expect(others).not.toBe(digits);
  });

  // Tests IDENT-11: a key that was chosen after the other one was seen is not taken.
  it('takes only the key that the new device has committed itself to', async () => {
    const receiver = await CopyReceiver.begin();
    const other = await CopyReceiver.begin();
    const sender = await CopySender.begin(receiver.commitmentCode());
    const { code } = await other.answer(sender.keyCode());
    expect(await problemOf(sender.compare(code))).toBe('mismatch');
    const { code: own } = await receiver.answer(sender.keyCode());
    for (const place of [40, 66, 97]) {
      expect(await problemOf(sender.compare(changed(own, place)))).toBe('mismatch');
    }
    expect(await problemOf(sender.seal(randomBytes(32)))).toBe('other-step');
  });

  // Tests IDENT-12: keys cannot be tried until the digits fit.
  it('answers one key and no second one', async () => {
    const receiver = await CopyReceiver.begin();
    const senders = await Promise.all(
      [1, 2].map(() => CopySender.begin(receiver.commitmentCode())),
    );
    const tries = await Promise.all(
      senders.map((it) => problemOf(receiver.answer(it.keyCode()))),
    );
    expect(tries.sort()).toEqual(['none', 'other-step']);
  });

  // Tests IDENT-12: nothing leaves before the digits could be compared.
  it('is not made before both sides have shown their digits', async () => {
    const receiver = await CopyReceiver.begin();
    const sender = await CopySender.begin(receiver.commitmentCode());
    expect(await problemOf(sender.seal(randomBytes(32)))).toBe('other-step');
    const ready = await agreed();
    const sealed = await ready.sender.seal(randomBytes(32));
    expect(await problemOf(receiver.receive(sealed))).toBe('other-step');
    expect(await problemOf(receiver.secret())).toBe('other-step');
  });

  it('opens on the device that it was made for, and only whole', async () => {
    const [one, other] = [await agreed(), await agreed()];
    const sealed = await one.sender.seal(randomBytes(32));
    expect(await problemOf(other.receiver.receive(sealed))).toBe('mismatch');
    for (const place of [1, 13, 60]) {
      expect(await problemOf(one.receiver.receive(changed(sealed, place)))).toBe('mismatch');
    }
    await one.receiver.receive(sealed);
  });

  it('tells codes of other steps, versions and kinds apart', async () => {
    const { receiver, sender, code } = await agreed();
    const begin = (text: string) => problemOf(CopySender.begin(text));
    expect(await begin(sender.keyCode())).toBe('other-step');
    expect(await problemOf(sender.compare(receiver.commitmentCode()))).toBe('other-step');
    expect(await begin(code.replace('COPY-1', 'COPY-2'))).toBe('other-version');
    expect(await begin('https://annona.example')).toBe('not-a-copy');
    for (const text of ['ANNONA-COPY-1:', 'ANNONA-COPY-1:1', 'ANNONA-COPY-1:AE']) {
      expect(await begin(text)).toBe('damaged');
    }
    const fresh = await CopyReceiver.begin();
    const noPoint = changed(sender.keyCode(), 20);
    expect(await problemOf(fresh.answer(noPoint))).toBe('damaged');
  });
});
