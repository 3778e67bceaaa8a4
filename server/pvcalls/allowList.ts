/** Which addresses a guest may reach, and take, through a backend: loopback alone, until somebody says more. */
import { XenscopeError } from '../host/errors';
import { addressText, parseIpv4 } from '../wire/pvcalls/address';
import type { Ipv4Address } from '../wire/pvcalls/address';
import type { SocketNetwork } from './network';
import { socketError } from './socketError';

const loopback = '127.0.0.0/8';

interface Rule {
  readonly network: number;
  readonly mask: number;
  /** Any when absent. */
  readonly port: number | undefined;
}

/** What a guest wants to do at an address. */
export type Reach = 'connect' | 'bind';

export interface AllowListOptions {
  /** Ports below this one are bound only where a rule names the port: others may take them for the system's. */
  readonly firstFreePort?: number;
}

export class AllowList {
  /** As they were said. */
  readonly rules: readonly string[];
  readonly firstFreePort: number;
  readonly #rules: readonly Rule[];

  /** Each `10.0.0.0/8`, `10.0.0.1`, or one of these with `:443`. Throws a XenscopeError `input` on anything else. */
  constructor(rules: readonly string[] = [loopback], { firstFreePort = 0 }: AllowListOptions = {}) {
    this.rules = rules;
    this.firstFreePort = firstFreePort;
    this.#rules = rules.map(parseRule);
  }

  allows({ host, port }: Ipv4Address, reach: Reach = 'connect'): boolean {
    const number = numberOf(host);
    if (number === undefined) return false;
    // Port 0 is any that is free, and never one of those.
    const mustBeNamed = reach === 'bind' && port > 0 && port < this.firstFreePort;
    return this.#rules.some(
      (rule) =>
        (number & rule.mask) >>> 0 === rule.network &&
        (rule.port === undefined ? !mustBeNamed : rule.port === port),
    );
  }
}

/** The same network, of which only what the list allows can be reached. `onRefused` hears of the rest, in a sentence. */
export function guardedNetwork(
  network: SocketNetwork,
  list: AllowList,
  onRefused: (text: string, address: Ipv4Address, reach: Reach) => void = () => undefined,
): SocketNetwork {
  const check = (reach: Reach, address: Ipv4Address) => {
    if (list.allows(address, reach)) return;
    const what = reach === 'connect' ? 'connect to' : 'bind';
    const error = socketError('EACCES', `A guest may not ${what} ${addressText(address)}`, {
      wayOut: 'Add the address to the allow-list of the backend, if the guest is to be trusted with it.',
    });
    onRefused(error.message, address, reach);
    throw error;
  };
  return {
    async connect(to, signal) {
      check('connect', to);
      return network.connect(to, signal);
    },
    async bind(address) {
      check('bind', address);
      return network.bind(address);
    },
  };
}

function parseRule(text: string): Rule {
  const [, host, bits, port] = /^([0-9.]+)(?:\/([0-9]{1,2}))?(?::([0-9]{1,5}))?$/.exec(text) ?? [];
  const number = host === undefined ? undefined : numberOf(host);
  const length = Number(bits ?? 32);
  if (number === undefined || length > 32 || Number(port ?? 0) > 0xffff) {
    throw new XenscopeError('input', `"${text}" names no addresses.`, {
      wayOut:
        'Write an IPv4 address or network, with a port where only that one is meant: 10.0.0.0/8, 10.0.0.1:443.',
    });
  }
  const mask = length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0;
  return { network: (number & mask) >>> 0, mask, port: port === undefined ? undefined : Number(port) };
}

function numberOf(host: string): number | undefined {
  return parseIpv4(host)?.reduce((number, octet) => (number * 256 + octet) >>> 0, 0);
}
