import { render } from 'svelte/server';
import { beforeAll, describe, expect, it, vi } from 'vitest';

import { epochsOfMonth, MOST_GRAINS } from '../citizen/claim/month.ts';
import { reasonCode } from '../citizen/claim/texts.ts';
import { latin } from '../messages/latin.ts';
import { LANGUAGES } from '../messages/languages.ts';
import { t, useLanguage } from '../messages/current.svelte.ts';
import { CALENDAR, CHAIN_SECS, CHECKED, DAY_SECS, EPOCH, word } from './examples.ts';
import { NAMES, stateOf } from './states.ts';

/** Renders a state of the gallery in the current language. Details are in it, opened or not. */
function htmlOf(name: string): string {
  const state = stateOf(name);
  if (!state) throw new Error(`the gallery has no state ${name}`);
  return render(state.component, { props: state.props }).body;
}

/** Does something in each language, and leaves the app in English. */
async function inEachLanguage(look: (language: string) => void): Promise<void> {
  for (const { code } of LANGUAGES) {
    await useLanguage(code);
    look(code);
  }
  await useLanguage('en');
}

beforeAll(async () => {
  vi.stubGlobal('document', { documentElement: {} });
  await useLanguage('en');
});

describe('the first page', () => {
  it('says what Annona is in three sentences, in each language', async () => {
    await inEachLanguage((language) => {
      const points = [t('welcome.income'), t('welcome.joining'), t('welcome.secret')];
      for (const point of points) {
        expect(point, language).toMatch(/^[^.!?؟]+[.!?؟]$/);
        expect(htmlOf('welcome')).toContain(point);
      }
    });
  });
});

describe('the cost of a lost phone', () => {
  it('is told by help and by the page of recovery in the same words', async () => {
    await inEachLanguage((language) => {
      for (const page of ['help', 'visit-recovery']) {
        expect(htmlOf(page), `${page} ${language}`).toContain(t('recovery.costs-text'));
      }
    });
  });
});

describe('the ear of wheat', () => {
  /** Counts the grains of the picture with a label. */
  function grainsOf(name: string) {
    const [ear = ''] = htmlOf(name).match(/<svg[^>]*role="img".*?<\/svg>/s) ?? [];
    const grains = ear.match(/<ellipse[^>]*>/g) ?? [];
    const isFilled = grains.map((grain) => /class="[^"]*\bfilled\b/.test(grain));
    return { count: grains.length, filled: isFilled.flatMap((it, place) => (it ? [place] : [])), ear };
  }

  it('has a grain for each payment of the month, and fills those that are paid', () => {
    const { count, filled, ear } = grainsOf('claim-nothing-open');
    const date = new Date(1_000 * CHAIN_SECS);
    expect(count).toBe(new Date(date.getFullYear(), date.getMonth() + 1, 0).getDate());
    const first = epochsOfMonth(CALENDAR, CHAIN_SECS)?.epochs[0] ?? 0;
    expect(filled).toEqual([EPOCH - 3 - first, EPOCH - 1 - first]);
    expect(ear).toContain(t('claim.ear', { date, done: 2, total: count }));
    expect(grainsOf('joined')).toMatchObject({ count, filled: [] });
  });

  it('keeps to the month of the last request while nobody tells the time', () => {
    expect(grainsOf('claim-offline').count).toBe(grainsOf('claim-nothing-open').count);
  });

  it('has as many grains as fit where epochs are short, and calls them the last', () => {
    const { count, ear } = grainsOf('joined-short-epochs');
    expect(count).toBe(MOST_GRAINS);
    expect(ear).toContain(t('claim.ear-last', { done: 0, total: count }));
  });
});

describe('a failure', () => {
  const CODE = /<p[^>]*>Code for whoever helps you: <span[^>]*>\u2066([^\u2069]*)\u2069<\/span>(?:<!---->)?<\/p>/g;
  const codesOf = (html: string) => [...html.matchAll(CODE)].map(([, code]) => code ?? '');

  it('has a code wherever a page shows one', () => {
    const shown = NAMES.filter((name) => name !== 'components').flatMap((name) =>
      htmlOf(name)
        .split(/(?=<div class="notice )/)
        .filter((part) => /^<div class="notice bad\b/.test(part))
        .map((part) => [name, codesOf(part)] as const),
    );
    expect(shown.length).toBeGreaterThan(20);
    expect(shown.filter(([, codes]) => codes.length === 0)).toEqual([]);
  });

  it('that is no notice has a code too', () => {
    const codes = {
      'failed-damaged': 'damaged',
      'unlock-wait': 'must-wait',
      'scan-no-reader': 'camera-no-reader',
      'home-no-service': 'unreachable',
      'home-other-deployment': 'other-deployment',
      'visit-no-answer': 'unreachable',
      'visit-commitment-taken': 'commitment-taken',
      'visit-already': 'enrolment-duplicate',
      'claim-no-endpoint': 'chain-no-endpoint',
      'claim-other-root': 'other-root',
      'claim-service-busy': 'overloaded',
      'claim-offline': 'unreachable',
      'payment-queued-again': 'payments-paused',
      'payment-refused': 'invalid-proof',
      'payment-missed': 'claim-window-over',
      'money-not-read': 'chain-no-endpoint',
      'money-balance-not-read': 'chain-disagreement',
      'money-locked': 'locked',
      'send-would-fail': 'send-would-fail',
      'send-no-answer': 'chain-no-answer',
      'replace-too-often': 'send-too-often',
      'own-claim-no-gas': 'send-no-gas',
      'transfer-reverted': 'transfer-reverted',
      'about-not-read': 'chain-no-endpoint',
      'verify-not-checked': 'check-no-endpoint',
      'release-missing': 'release-files-unread',
      'release-no-list': 'release-no-list',
      services: 'other-deployment',
      'copy-different': 'copy-different',
    };
    for (const [name, code] of Object.entries(codes)) {
      expect(codesOf(htmlOf(name)), name).toContain(code);
    }
  });

  it('has a code of a fixed list, whatever a service writes', () => {
    for (const name of NAMES) {
      for (const code of codesOf(htmlOf(name))) expect(code, name).toMatch(/^[a-z][a-z0-9-]{2,39}$/);
    }
    expect(reasonCode('invalid-proof')).toBe('invalid-proof');
    for (const reason of ['abandon abandon art', 'toString', '<b>', word('8')]) {
      expect(reasonCode(reason)).toBe('unknown-reason');
    }
  });

  it('says when to try again where the service named a time', async () => {
    const dateOf = (secs: number) => new Date(1_000 * (CHAIN_SECS + secs));
    await inEachLanguage((language) => {
      const inDays = t('again.on', { date: dateOf(3 * DAY_SECS + 40) });
      expect(htmlOf('visit-too-soon'), language).toContain(inDays);
      const inMinutes = t('again.at', { date: dateOf(160) });
      expect(htmlOf('claim-service-busy'), language).toContain(inMinutes);
      for (const text of [inDays, inMinutes]) expect(htmlOf('visit-already')).not.toContain(text);
    });
  });

  it('leaves the time to the line that has it', async () => {
    await inEachLanguage((language) => {
      for (const key of ['problem.recovery-too-soon', 'problem.orb-limit-reached'] as const) {
        expect(t(key), language).not.toMatch(/tomorrow|mañana|kesho|غدًا|says how long/);
      }
    });
  });
});

describe('a statement', () => {
  /** Returns what opens under "How do we know?". */
  function evidenceIn(name: string): string {
    const details = htmlOf(name).match(/<details\b.*?<\/details>/gs) ?? [];
    return details.filter((it) => it.includes(t('evidence.question'))).join();
  }
  const CHAIN = () =>
    t('checked.yes', { block: CHECKED.blockNumber, sources: latin(CHECKED.sources.join(', ')) });

  it('of the chain names the block that was read, and the endpoints', () => {
    const names = [
      'visit-in-the-list-checked',
      'payment-paid',
      'payment-final',
      'transfer-mined',
      'transfer-reverted',
    ];
    for (const name of names) expect(evidenceIn(name), name).toContain(CHAIN());
  });

  it('of a service alone says NOT CHECKED, and leads to the chain where it can tell', () => {
    const told = {
      'visit-not-seen': 'visit.told',
      'visit-checking': 'visit.told',
      'visit-admitted': 'visit.told',
      'visit-already': 'visit.told',
      'visit-again': 'visit.told',
      'visit-withdrawn': 'visit.told',
      'visit-operator': 'visit.told',
      'visit-in-the-list': 'visit.told-entry',
      'visit-revoked': 'visit.told-entry',
      'visit-commitment-taken': 'visit.told-entry',
      joined: 'visit.told-entry',
      'payment-sent': 'payment.told-by',
      'payment-batched': 'payment.told-by',
      'payment-told': 'payment.told-by',
      'payment-refused': 'payment.told-by',
    } as const;
    for (const [name, key] of Object.entries(told)) {
      const evidence = evidenceIn(name);
      expect(evidence, name).toContain(t(key));
      expect(evidence, name).toContain('NOT CHECKED');
      expect(evidence, name).not.toContain(CHAIN());
      const isOnChain = key === 'visit.told-entry';
      expect(evidence.includes(`<button`), name).toBe(isOnChain);
    }
  });

  it('of a place in the list says at once that the chain has not shown it, until it has', () => {
    expect(htmlOf('visit-in-the-list')).toContain(t('visit.unseen'));
    expect(htmlOf('visit-in-the-list-checked')).not.toContain(t('visit.unseen'));
  });

  it('names the page that looks on the chain as that page is named, in each language', async () => {
    await inEachLanguage((language) => {
      expect(t('visit.told-entry'), language).toContain(t('about.title'));
      for (const key of ['payment.told-by', 'payment.seen-before'] as const) {
        expect(t(key), language).toContain(t('verify.title'));
      }
      for (const key of ['visit.told', 'visit.told-entry', 'payment.told-by'] as const) {
        expect(t(key).toLowerCase(), language).toContain(t('verify.not-checked').toLowerCase());
      }
    });
  });

  it('that an earlier version kept without its reading says so', () => {
    expect(evidenceIn('payment-seen-before')).toContain(t('payment.seen-before'));
    expect(evidenceIn('transfer-final')).toContain(t('transfer.seen-before'));
    expect(evidenceIn('transfer-sending')).toContain(t('transfer.sending-known'));
  });
});
