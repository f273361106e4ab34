import { describe, expect, it } from 'vitest';

import { WalletRefusal } from '../../wallet/index.ts';
import type { Deployment } from '../ports.ts';
import { address, CONFIG, FACTS, service } from '../testing/fakes.ts';
import { factsOf, readFacts, surveyServices, trustedServices } from './deployment.ts';

const serving = (name: string, config: object) =>
  service(name, { '/v1/config': () => ({ body: { ...CONFIG, ...config } }) });

/** Wallet that adopts one deployment and refuses others. */
function wallet(adopted?: Deployment) {
  const asked: Deployment[] = [];
  return {
    asked,
    deployment: async () => adopted,
    adopt: async (deployment: Deployment) => {
      asked.push(deployment);
      if (adopted && adopted.distributor !== deployment.distributor) {
        throw new WalletRefusal({ code: 'other-deployment' } as never);
      }
      adopted = deployment;
      return deployment;
    },
  };
}

describe('the deployment', () => {
  it('that is named first is adopted once, and every service of it is trusted', async () => {
    const services = [serving('a', {}), serving('b', { version: '9', confirmations: 1 })];
    const purse = wallet();
    const survey = await surveyServices(services, purse, undefined);
    expect(survey.facts).toEqual(FACTS);
    expect(purse.asked).toEqual([FACTS.deployment]);
    expect(trustedServices(services, survey)).toEqual(services);
  });

  it('that is another one is refused, with the facts in which it differs', async () => {
    const others = {
      chainId: 1,
      distributor: address('9'),
      registry: address('9'),
      orbRegistry: address('9'),
      token: address('9'),
    };
    for (const [fact, value] of Object.entries(others)) {
      const services = [serving('phish', { [fact]: value }), serving('good', {})];
      const purse = wallet(FACTS.deployment);
      const survey = await surveyServices(services, purse, undefined);
      expect(survey.standings.get('https://phish.example/')).toEqual({
        kind: 'other-deployment',
        differs: [fact],
      });
      expect(purse.asked).toEqual([]);
      expect(trustedServices(services, survey)).toEqual([services[1]]);
    }
  });

  it('cannot be moved by other facts about the same contracts', async () => {
    const tricks = [
      { genesis: 2_000 },
      { epochLengthSecs: 50 },
      { claimWindowEpochs: 9 },
      { receiptSigner: address('9') },
      { deploymentBlock: 3 },
    ];
    for (const trick of tricks) {
      const services = [serving('trick', trick)];
      const survey = await surveyServices(services, wallet(FACTS.deployment), FACTS);
      expect(trustedServices(services, survey)).toEqual([]);
      expect(survey.facts).toEqual(FACTS);
    }
  });

  it('has the endpoints that its services recommend, and no others', async () => {
    const services = [
      serving('phish', { chainId: 1, rpcUrls: ['https://phish-rpc.example'] }),
      serving('a', { rpcUrls: ['https://rpc.example'] }),
      serving('b', { rpcUrls: ['https://other-rpc.example'] }),
    ];
    const survey = await surveyServices(services, wallet(FACTS.deployment), undefined);
    expect(survey.recommended).toEqual(['https://rpc.example/', 'https://other-rpc.example/']);
    const senseless = await surveyServices([serving('a', { rpcUrls: 'x' })], wallet(), undefined);
    expect(senseless).toMatchObject({ facts: undefined, recommended: [] });
  });

  it('stays known while every service is silent', async () => {
    const services = [service('a', {})];
    const survey = await surveyServices(services, wallet(FACTS.deployment), FACTS);
    expect(survey.facts).toEqual(FACTS);
    expect(survey.standings.get('https://a.example/')).toMatchObject({ kind: 'silent' });
    expect((await surveyServices(services, wallet(), FACTS)).facts).toBeUndefined();
  });

  it('is taken from no memory that the wallet does not share', async () => {
    const other = { ...FACTS, deployment: { ...FACTS.deployment, distributor: address('9') } };
    const survey = await surveyServices([service('a', {})], wallet(FACTS.deployment), other);
    expect(survey.facts).toBeUndefined();
  });

  it('is none where the wallet refuses to adopt it', async () => {
    const services = [serving('a', {})];
    const refusing = {
      ...wallet(),
      adopt: async () => {
        throw new WalletRefusal({ code: 'other-deployment' } as never);
      },
    };
    const survey = await surveyServices(services, refusing, undefined);
    expect(survey).toMatchObject({ facts: undefined, refusal: 'other-deployment' });
    expect(trustedServices(services, survey)).toEqual([]);
  });

  it('makes sense, or is not adopted', async () => {
    const senseless = [
      { chainId: 0 },
      { token: address('0') },
      { token: CONFIG.registry },
      { genesis: 2 ** 53 },
    ];
    for (const part of senseless) expect(factsOf({ ...CONFIG, ...part })).toBeUndefined();
    const purse = wallet();
    const survey = await surveyServices([serving('a', { chainId: 0 })], purse, undefined);
    expect(survey.standings.get('https://a.example/')).toEqual({ kind: 'senseless' });
    expect(purse.asked).toEqual([]);
  });

  it('is read back as it was stored, and from nothing else', () => {
    expect(readFacts(structuredClone(FACTS))).toEqual(FACTS);
    for (const stored of [undefined, null, 5, {}, { ...FACTS, receiptSigner: 5 }]) {
      expect(readFacts(stored)).toBeUndefined();
    }
  });
});
