/** The frontends of the various guests, by kind of device: their habits, and what they publish. */
import type { FrontendKind } from '../../xenbus/bus';
import type { FrontendHabits } from '../../xenbus/policies/frontendPolicy';
import { XenbusState } from '../../wire/xenbusState';
import type { Domain } from '../domain';
import { blockRing, keyboardPage, netQueues, plainNetRings } from './frontRings';

const { Initialised, Connected } = XenbusState;

const straightOn: FrontendHabits = { published: Connected, closesFirst: 'ifUsed', reopens: false };
const waitsForBackend: FrontendHabits = { ...straightOn, published: Initialised };
/** The Windows drivers begin anew by themselves whenever both ends have closed. */
const closesFirst: FrontendHabits = { published: Connected, closesFirst: 'always', reopens: true };

/** Linux netfront: one pair of rings per queue, several queues with several processors. */
export const linuxNetfront = (queues: number): FrontendKind => ({
  habits: straightOn,
  make: (device) => ({
    initialise: () => [
      ...netQueues(device, queues),
      ['request-rx-copy', 1],
      ['feature-rx-notify', 1],
      ['feature-sg', 1],
      ['feature-gso-tcpv4', 1],
      ['feature-gso-tcpv6', 1],
      ['feature-ipv6-csum-offload', 1],
      ['xdp-headroom', 0],
    ],
  }),
});

export const linuxBlkfront: FrontendKind = {
  habits: waitsForBackend,
  make: (device) => ({
    initialise: () => [...blockRing(device), ['protocol', 'x86_64-abi'], ['feature-persistent', 1]],
  }),
};

/** mirage-net-xen: one channel for both directions. */
export const mirageNetfront: FrontendKind = {
  habits: straightOn,
  make: (device) => ({
    initialise: () => [
      ...plainNetRings(device),
      ['request-rx-copy', 1],
      ['feature-rx-notify', 1],
      ['feature-sg', 1],
    ],
  }),
};

export const miniOsNetfront: FrontendKind = {
  habits: straightOn,
  make: (device) => ({ initialise: () => [...plainNetRings(device), ['request-rx-copy', 1]] }),
};

export const miniOsBlkfront: FrontendKind = {
  habits: straightOn,
  make: (device) => ({ initialise: () => [...blockRing(device), ['protocol', 'x86_64-abi']] }),
};

/** Windows' xenvif: closes before it connects. */
export const windowsNetfront = (queues: number): FrontendKind => ({
  habits: closesFirst,
  make: (device) => ({
    initialise: () => [
      ...netQueues(device, queues),
      ['request-rx-copy', 1],
      ['feature-rx-notify', 1],
      ['feature-sg', 1],
      ['feature-gso-tcpv4', 1],
      ['feature-gso-tcpv6', 1],
      ['feature-ipv6-csum-offload', 1],
    ],
  }),
});

/** Windows' xenvbd: closes before it connects. */
export const windowsBlkfront: FrontendKind = {
  habits: { ...closesFirst, published: Initialised },
  make: (device) => ({
    initialise: () => [...blockRing(device), ['protocol', 'x86_64-abi'], ['feature-surprise-remove', 1]],
  }),
};

export const linuxKbdfront = (domain: Domain): FrontendKind => ({
  habits: waitsForBackend,
  make: (device) => ({
    initialise: () => [
      ['request-abs-pointer', 1],
      // The machine frame of the page, which backends have not looked at for long.
      ['page-ref', domain.random.between(100_000, 4_000_000)],
      ...keyboardPage(device),
    ],
  }),
});
