import { parseAddress, type AddressProblem } from '../../net/address.ts';
import { mergedFields, mergedList } from './merge.ts';

/** Most services, and most endpoints, of a list. */
export const MAX_ADDRESSES = 8;

/** Most answers about recommended endpoints that are kept; the oldest go first. */
const MAX_ANSWERS = 64;

/** Answer of the person to the question whether a recommended endpoint may be asked. */
export type EndpointAnswer = 'yes' | 'not-now';

/** Addresses that the app may ask, in the person's order. */
export interface Network {
  services: readonly string[];
  /**
   * RPC endpoints that the person named. Absent while the person has not touched the list: then
   * those count that the services of the adopted deployment recommend, and that the person has
   * agreed to. An empty list is a choice.
   */
  endpoints: readonly string[] | undefined;
  /** Answers about endpoints that services recommend, by their addresses; the newest last. */
  answers: Readonly<Record<string, EndpointAnswer>>;
}

/** Returns the endpoints that may be asked: those that the person named or has agreed to (IDENT-8). */
export function usedEndpoints(
  { endpoints, answers }: Network,
  recommended: readonly string[],
): readonly string[] {
  return endpoints ?? recommended.filter((it) => answers[it] === 'yes');
}

/** Returns the recommended endpoints about which the person has not been asked. */
export function unansweredEndpoints(
  { endpoints, answers }: Network,
  recommended: readonly string[],
): readonly string[] {
  return endpoints ? [] : recommended.filter((it) => !Object.hasOwn(answers, it));
}

/** Notes the answer of the person about endpoints. */
export function withAnswers(
  network: Network,
  addresses: readonly string[],
  answer: EndpointAnswer,
): Network {
  const others = Object.entries(network.answers).filter(([it]) => !addresses.includes(it));
  const given = addresses.map((it) => [it, answer] as const);
  return { ...network, answers: newestOf([...others, ...given]) };
}

const newestOf = (answers: readonly (readonly [string, EndpointAnswer])[]) =>
  Object.fromEntries(answers.slice(-MAX_ANSWERS));

/**
 * Takes the endpoints that services recommend, one of each service in turn, so that the first two,
 * which are held against each other, come from different services where they can.
 */
export function recommendedEndpoints(lists: readonly (readonly string[])[]): string[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  const inTurn = Array.from({ length: longest }, (_, place) =>
    lists.flatMap((list) => list[place] ?? []),
  );
  return addressesOf(inTurn.flat()) ?? [];
}

/** Reason for which an address is not taken into a list. */
export type ListProblem = AddressProblem | 'known-already' | 'too-many';

/** Reads the lists from what was stored. Whoever has named no service is asked for the app's own. */
export function readNetwork(stored: unknown, ownService: string): Network {
  const fields = typeof stored === 'object' && stored !== null ? stored : {};
  const { services, endpoints, answers } = fields as Record<string, unknown>;
  return {
    services: addressesOf(services) ?? [ownService],
    endpoints: addressesOf(endpoints),
    answers: answersOf(answers),
  };
}

function answersOf(stored: unknown): Network['answers'] {
  const fields = typeof stored === 'object' && stored !== null ? Object.entries(stored) : [];
  return newestOf(
    fields.flatMap(([address, answer]) =>
      answer === 'yes' || answer === 'not-now' ? [[address, answer] as const] : [],
    ),
  );
}

/** Applies a change of the lists to the lists as they are stored now. */
export function mergedNetwork(stored: Network, before: Network, after: Network): Network {
  const services = mergedList(stored.services, before.services, after.services);
  return {
    services: services.slice(0, MAX_ADDRESSES),
    endpoints: endpointsOf(stored, before, after),
    answers: answersOf(mergedFields(stored.answers, before.answers, after.answers)),
  };
}

/** Merges the endpoints; a list that was not touched, or was given back, is a choice as well. */
function endpointsOf(stored: Network, before: Network, after: Network): Network['endpoints'] {
  if (after.endpoints === before.endpoints) return stored.endpoints;
  if (!after.endpoints) return undefined;
  const known = before.endpoints ?? [];
  return mergedList(stored.endpoints ?? known, known, after.endpoints).slice(0, MAX_ADDRESSES);
}

function addressesOf(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const read = value.flatMap((it) => {
    const parsed = parseAddress(String(it));
    return 'address' in parsed ? [parsed.address] : [];
  });
  return [...new Set(read)].slice(0, MAX_ADDRESSES);
}

/** Adds an address to a list, at its end. */
export function withAddress(
  list: readonly string[],
  text: string,
): { list: string[] } | { problem: ListProblem } {
  const parsed = parseAddress(text);
  if ('problem' in parsed) return parsed;
  if (list.includes(parsed.address)) return { problem: 'known-already' };
  if (list.length >= MAX_ADDRESSES) return { problem: 'too-many' };
  return { list: [...list, parsed.address] };
}
