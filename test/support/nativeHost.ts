/** The host that two programs in this domain see of the Xen that it runs under: shared with itself. */
import { openEventChannels } from '../../native/eventChannels';
import type { NativeEventChannels } from '../../native/eventChannels';
import { NativeGrants } from '../../native/grants';
import { XenLibraries } from '../../native/libraries/xenLibraries';
import type { HostAbilities, HostSide, HostUnderTest } from './hostSuite';

/** What a program in one domain cannot arrange or see; the rest is as in every host. */
export function nativeAbilities({
  libraries = new XenLibraries(),
  views = true,
}: NativeHostOptions = {}): HostAbilities {
  return {
    canEndDomains: false,
    hasStranger: false,
    knowsUse: false,
    changesBits: views || libraries.state('atomic').kind === 'loaded',
  };
}

export interface NativeHostOptions {
  readonly libraries?: XenLibraries;
  readonly views?: boolean;
  /** The domains of the three sides; all are programs of domain 0 when absent. */
  readonly domids?: readonly [ours: number, theirs: number, stranger: number];
  /** Called before a side opens its devices: from then on this process is that domain. */
  readonly become?: (domid: number) => void;
}

interface NativeSide extends HostSide {
  readonly events: NativeEventChannels;
}

export function nativeHost({
  libraries = new XenLibraries(),
  views,
  domids = [0, 0, 0],
  become,
}: NativeHostOptions = {}): HostUnderTest {
  const side = (domid: number): NativeSide => {
    become?.(domid);
    const events = openEventChannels(libraries);
    const grants = new NativeGrants({ libraries, events, views });
    grants.mustMap();
    grants.mustShare();
    const end = () => {
      grants.close();
      events.close();
    };
    return { domid, grants, events, end };
  };
  const [ours, theirs, stranger] = [side(domids[0]), side(domids[1]), side(domids[2])];
  const bystander = side(domids[0]);
  return {
    ours,
    theirs,
    stranger,
    endDomain: () => {
      throw new Error('a program cannot end its own domain');
    },
    settled: () => settled(bystander.events, domids[0]),
    close: () => {
      for (const each of [ours, theirs, stranger, bystander]) each.end();
    },
  };
}

/**
 * Rings of a bell of our own arrive after those that set out before. More than one round, because who
 * is told may unmask, and so be told again.
 */
async function settled(events: NativeEventChannels, domid: number): Promise<void> {
  const near = events.bindUnbound(domid);
  const far = events.bindInterdomain(domid, near.port);
  for (let round = 0; round < 4; round++) {
    const heard = new Promise<void>((resolve) => {
      far.onEvent = () => {
        far.unmask();
        resolve();
      };
    });
    near.notify();
    await heard;
    // What became readable with it is told within two turns of the loop.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  far.close();
  near.close();
}
