import { t, useLanguage } from '../messages/current.svelte.ts';
import { chooseLanguage, type LanguageCode } from '../messages/languages.ts';
import type { Versions } from '../offline/registration.ts';
import {
  canUsePasskey,
  makePasskey,
  passkeyProof,
  PasskeyError,
  WalletRefusal,
  type PasskeyQuestion,
  type WalletClient,
  type WalletStatus,
} from '../wallet/index.ts';
import { browserFacts, installAdvice, type InstallAdvice, type InstallOffer } from './install/install.ts';
import { transition, type Effect, type Flow, type FlowEvent } from './identity/flow.ts';
import { isDue, readReminder, type CardReminder } from './identity/reminder.ts';
import { checkRelease, OWN_FILES, type ReleaseCheck } from './release/release.ts';
import { showTheme, type Settings, type SettingsStorage, type Theme } from './settings/settings.ts';

/** Page beside the flow of the identity. */
export type SidePage = 'language' | 'settings' | 'help' | 'release';

/** States that another tab, or time, can make untrue. */
const WATCHED: ReadonlySet<Flow['kind']> = new Set(['welcome', 'inside', 'card', 'card-check']);

/** The citizen's door: the present state, and the work that its transitions ask for. */
export class CitizenDoor {
  flow = $state.raw<Flow>({ kind: 'starting' });
  status = $state.raw<WalletStatus>({ kind: 'absent' });
  settings = $state.raw<Settings>({ theme: 'system' });
  /** Page that lies over the flow, if one does. */
  sidePage = $state<SidePage>();
  hasPasskeys = $state(false);
  /** True where the language that was chosen last could not be loaded. */
  isLanguageMissing = $state(false);
  /** True while the person is asked about the card once more. */
  isCardAsked = $state(false);
  /** True while the wallet or the system is asked. */
  isAtWork = $state(false);
  /** Later version of the app that waits for the person. */
  versions = $state.raw<Versions>();
  /** Offer of the browser to install the app. */
  installOffer = $state.raw<InstallOffer>();
  release = $state.raw<ReleaseCheck>({ kind: 'reading', done: 0, total: 1 });

  constructor(
    private readonly wallet: WalletClient,
    private readonly storage: SettingsStorage,
  ) {}

  /** Advice about installing the app in this browser. */
  get installAdvice(): InstallAdvice {
    return installAdvice({ canInstall: this.installOffer !== undefined, ...browserFacts(window) });
  }

  /** Shows the app as it was left, and looks for an identity on this device. */
  async start(): Promise<void> {
    this.settings = await this.storage.get();
    showTheme(this.settings.theme);
    [, this.hasPasskeys] = await Promise.all([this.#useFirstLanguage(), canUsePasskey()]);
    await this.#attempt(async () => {
      this.status = await this.wallet.call('status', {});
      this.send({ kind: 'status', status: this.status });
    });
  }

  /** Takes an event, and does the work that follows. */
  send(event: FlowEvent): void {
    const { flow, effect } = transition(this.flow, event);
    this.flow = flow;
    if (effect) void this.#attempt(() => this.#alone(() => this.#carryOut(effect)));
  }

  open(page: SidePage): void {
    this.sidePage = page;
    this.isLanguageMissing = false;
    if (page === 'release') void this.#checkRelease();
  }

  async #checkRelease(): Promise<void> {
    const show = (state: ReleaseCheck) => (this.release = state);
    show(await checkRelease(OWN_FILES, show));
  }

  /** Has the browser ask the person whether to install the app; it can be asked once. */
  async install(): Promise<void> {
    const offer = this.installOffer;
    this.installOffer = undefined;
    await offer?.prompt().catch(() => undefined);
  }

  close(): void {
    this.sidePage = undefined;
  }

  async chooseLanguage(language: LanguageCode): Promise<void> {
    this.isLanguageMissing = false;
    try {
      await useLanguage(language);
    } catch {
      this.isLanguageMissing = true;
      return;
    }
    this.settings = { ...this.settings, language };
    await this.storage.choose({ language });
  }

  /** Shows the language that was chosen, or the likely one, which came with the page. */
  async #useFirstLanguage(): Promise<void> {
    const likely = chooseLanguage(navigator.languages);
    const { language = likely } = this.settings;
    await useLanguage(language).catch(() => useLanguage(likely));
  }

  async chooseTheme(theme: Theme): Promise<void> {
    this.settings = { ...this.settings, theme };
    showTheme(theme);
    await this.storage.choose({ theme });
  }

  /**
   * Looks whether the identity has locked itself, or whether another tab has made one, and shows
   * what is so now. A card does not stay on a screen that was left.
   */
  async look(): Promise<void> {
    if (this.isAtWork || !WATCHED.has(this.flow.kind)) return;
    await this.#attempt(async () => {
      const status = await this.wallet.call('status', {});
      const isOpen = status.kind === 'unlocked';
      const isAsExpected = this.flow.kind === 'welcome' ? status.kind === 'absent' : isOpen;
      if (isAsExpected || this.isAtWork || !WATCHED.has(this.flow.kind)) return;
      this.status = status;
      this.sidePage = undefined;
      this.send({ kind: 'status', status });
    });
  }

  /** Asks about the card once more when its time has come. */
  async remind(): Promise<void> {
    const { status } = this;
    if (!('isCardChecked' in status)) return;
    const reminder = await this.#reminder(status.isCardChecked);
    this.isCardAsked = isDue(reminder, Date.now());
    await this.storage.keep('card-reminder', reminder);
  }

  /** Notes that the person has answered, and does not ask again while the card stays as it is. */
  async answerReminder(): Promise<void> {
    const { status } = this;
    this.isCardAsked = false;
    if (!('isCardChecked' in status)) return;
    const reminder = await this.#reminder(status.isCardChecked);
    await this.storage.keep('card-reminder', { ...reminder, wasAnswered: true });
  }

  async #reminder(isCardChecked: boolean): Promise<CardReminder> {
    return readReminder(await this.storage.recall('card-reminder'), isCardChecked, Date.now());
  }

  /** Locks the identity and shows where it is opened. */
  async lock(): Promise<void> {
    await this.#attempt(async () => {
      this.status = await this.wallet.call('lock', {});
      this.send({ kind: 'status', status: this.status });
    });
  }

  /** Asks the vault's passkey for the proof that the present page wants. */
  async provePasskey(question: PasskeyQuestion): Promise<void> {
    await this.#attempt(async () => {
      const proof = await this.#alone(() => passkeyProof(question));
      if (proof) this.send({ kind: 'proof', proof });
    });
  }

  /** Does work unless there is some under way: a second tap on a button does nothing. */
  async #alone<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.isAtWork) return undefined;
    this.isAtWork = true;
    try {
      return await work();
    } finally {
      this.isAtWork = false;
    }
  }

  async #carryOut(effect: Effect): Promise<void> {
    const { wallet } = this;
    const onStep = (report: Extract<FlowEvent, { kind: 'step' }>['report']) =>
      this.send({ kind: 'step', report });
    switch (effect.kind) {
      case 'read-card': {
        const { card } = effect;
        const { problem } = await wallet.call('checkCard', { card });
        return this.send({ kind: 'card-read', card, ...(problem && { problem }) });
      }
      case 'create':
        await askToKeep();
        this.status = await wallet.call('create', { pin: effect.pin }, onStep);
        return this.send({ kind: 'kept', canUsePasskey: this.hasPasskeys });
      case 'restore': {
        await askToKeep();
        const { card, pin } = effect;
        this.status = await wallet.call('restore', { card, pin }, onStep);
        return this.send({ kind: 'kept', canUsePasskey: this.hasPasskeys });
      }
      case 'ask-copy': {
        const { code } = await wallet.call('askCopy', {});
        return this.send({ kind: 'copy', event: { kind: 'asked', code } });
      }
      case 'answer-copy': {
        const answered = await wallet.call('answerCopy', { code: effect.code });
        return this.send({ kind: 'copy', event: { kind: 'answered', ...answered } });
      }
      case 'receive-copy':
        await wallet.call('receiveCopy', { code: effect.code });
        return this.send({ kind: 'copy-received' });
      case 'keep-copy':
        await askToKeep();
        this.status = await wallet.call('keepCopy', { pin: effect.pin }, onStep);
        return this.send({ kind: 'kept', canUsePasskey: this.hasPasskeys });
      case 'offer-copy': {
        const { code } = await wallet.call('offerCopy', { code: effect.code });
        return this.send({ kind: 'copy', event: { kind: 'offered', code } });
      }
      case 'compare-copy': {
        const { digits } = await wallet.call('compareCopy', { code: effect.code });
        return this.send({ kind: 'copy', event: { kind: 'compared', digits } });
      }
      case 'seal-copy': {
        const { code } = await wallet.call('sealCopy', { proof: effect.proof });
        return this.send({ kind: 'copy-sealed', code });
      }
      case 'set-pin':
        this.status = await wallet.call('setPin', { proof: effect.proof, pin: effect.pin });
        return this.send({ kind: 'kept', canUsePasskey: false });
      case 'make-passkey': {
        const passkey = await makePasskey(t('passkey.name'));
        this.status = await wallet.call('addPasskey', { proof: effect.proof, passkey });
        return this.send({ kind: 'passkey-made' });
      }
      case 'remove-passkey':
        this.status = await wallet.call('removePasskey', { proof: effect.proof });
        return this.send({ kind: 'task-done' });
      case 'unlock':
        this.status = await wallet.call('unlock', { proof: effect.proof });
        return this.send({ kind: 'task-done' });
      case 'show-card': {
        const card = await wallet.call('recoveryCard', { proof: effect.proof });
        return this.send({ kind: 'card-shown', card });
      }
      case 'ask-card': {
        const { positions } = await wallet.call('askCard', {});
        return this.send({ kind: 'card-asked', positions });
      }
      case 'answer-card': {
        const { wrong } = await wallet.call('answerCard', { words: [...effect.words] });
        if (wrong.length === 0) this.status = await wallet.call('status', {});
        return this.send({ kind: 'card-compared', wrong });
      }
    }
  }

  /** Does work and tells the flow what went wrong. */
  async #attempt(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof PasskeyError) {
        this.send({ kind: 'passkey-failed', problem: error.problem });
      } else {
        const failure =
          error instanceof WalletRefusal ? error.failure : ({ code: 'internal' } as const);
        this.send({ kind: 'failure', failure });
      }
    }
  }
}

/** Asks the browser to keep what is stored though space is short. It may refuse; nothing hangs on it. */
async function askToKeep(): Promise<void> {
  await navigator.storage?.persist?.().catch(() => false);
}
