/** The frontends of the various guests, by kind of device: their habits, and what they publish. */
import type { FrontendKind } from '../../xenbus/bus';
import type { Entries } from '../../xenbus/nodes';
import type { FrontendHabits } from '../../xenbus/policies/frontendPolicy';
import { XenbusState } from '../../wire/xenbusState';
import type { Domain } from '../domain';
import { BlockFront } from './blockFront';
import { keyboardPage } from './frontRings';
import { NetFront } from './netFront';
import type { NetRings } from './netFront';

const { Initialised, Connected } = XenbusState;

const straightOn: FrontendHabits = { published: Connected, closesFirst: 'ifUsed', reopens: false };
const waitsForBackend: FrontendHabits = { ...straightOn, published: Initialised };
/** The Windows drivers begin anew by themselves whenever both ends have closed. */
const closesFirst: FrontendHabits = { published: Connected, closesFirst: 'always', reopens: true };

/** One event channel for both directions, and one queue. */
const plain: NetRings = { queues: 1, splitChannels: false };

/** Linux netfront: one pair of rings per queue, several queues with several processors. */
export const linuxNetfront = (domain: Domain, queues: number): FrontendKind =>
  netfront(domain, straightOn, { queues, splitChannels: true }, [
    ['request-rx-copy', 1],
    ['feature-rx-notify', 1],
    ['feature-sg', 1],
    ['feature-gso-tcpv4', 1],
    ['feature-gso-tcpv6', 1],
    ['feature-ipv6-csum-offload', 1],
    ['xdp-headroom', 0],
  ]);

export const linuxBlkfront = (domain: Domain): FrontendKind =>
  blkfront(domain, waitsForBackend, [
    ['protocol', 'x86_64-abi'],
    ['feature-persistent', 1],
  ]);

/** mirage-net-xen: one channel for both directions. */
export const mirageNetfront = (domain: Domain): FrontendKind =>
  netfront(domain, straightOn, plain, [
    ['request-rx-copy', 1],
    ['feature-rx-notify', 1],
    ['feature-sg', 1],
  ]);

export const miniOsNetfront = (domain: Domain): FrontendKind =>
  netfront(domain, straightOn, plain, [['request-rx-copy', 1]]);

export const miniOsBlkfront = (domain: Domain): FrontendKind =>
  blkfront(domain, straightOn, [['protocol', 'x86_64-abi']]);

/** Windows' xenvif: closes before it connects. */
export const windowsNetfront = (domain: Domain, queues: number): FrontendKind =>
  netfront(domain, closesFirst, { queues, splitChannels: true }, [
    ['request-rx-copy', 1],
    ['feature-rx-notify', 1],
    ['feature-sg', 1],
    ['feature-gso-tcpv4', 1],
    ['feature-gso-tcpv6', 1],
    ['feature-ipv6-csum-offload', 1],
  ]);

/** Windows' xenvbd: closes before it connects. */
export const windowsBlkfront = (domain: Domain): FrontendKind =>
  blkfront(domain, { ...closesFirst, published: Initialised }, [
    ['protocol', 'x86_64-abi'],
    ['feature-surprise-remove', 1],
  ]);

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

function netfront(domain: Domain, habits: FrontendHabits, rings: NetRings, features: Entries): FrontendKind {
  return {
    habits,
    make: (device) => {
      const net = new NetFront(domain, device, rings);
      return {
        initialise: async () => [...(await net.share()), ...features],
        connected: () => net.start(),
        disconnect: () => net.stop(),
        event: () => net.look(),
      };
    },
  };
}

function blkfront(domain: Domain, habits: FrontendHabits, features: Entries): FrontendKind {
  return {
    habits,
    make: (device) => {
      const disk = new BlockFront(domain, device);
      return {
        initialise: () => [...disk.share(), ...features],
        connected: () => disk.start(),
        disconnect: () => disk.stop(),
        event: () => disk.look(),
      };
    },
  };
}
