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
    domainEnds: [],
    hasStranger: false,
    mapsZombies: true,
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
  /** Resolves when every ring that has set out for this domain has arrived. */
  settled(): Promise<void>;
  /** For good. */
  close(): void;
}

/** One program in `domid`, played by this process. */
export function nativeSide(
  { libraries = new XenLibraries(), views, become }: Omit<NativeHostOptions, 'domids'>,
  domid: number,
): NativeSide {
  become?.(domid);
  const events = openEventChannels(libraries);
  // Has nothing to do with what the test ends.
  const bystander = openEventChannels(libraries);
  const grants = new NativeGrants({ libraries, events, views });
  grants.mustMap();
  grants.mustShare();
  const end = () => {
    grants.close();
    events.close();
  };
  return {
    domid,
    grants,
    events,
    end,
    settled: () => bellsSettled(bystander, domid),
    close: () => {
      end();
      bystander.close();
    },
  };
}

export function nativeHost({ domids = [0, 0, 0], ...options }: NativeHostOptions = {}): HostUnderTest {
  const [ours, theirs, stranger] = domids.map((domid) => nativeSide(options, domid)) as [
    NativeSide,
    NativeSide,
    NativeSide,
  ];
  return {
    ours,
    theirs,
    stranger,
    endDomain: () => {
      throw new Error('a program cannot end its own domain');
    },
    settled: () => ours.settled(),
    close: () => {
      for (const each of [ours, theirs, stranger]) each.close();
    },
  };
}

/**
 * Rings of a bell of our own arrive after those that set out before. More than one round, because who
 * is told may unmask, and so be told again.
 */
export async function bellsSettled(events: NativeEventChannels, domid: number): Promise<void> {
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
