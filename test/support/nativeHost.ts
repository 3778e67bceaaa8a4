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
  /** The domain that both programs live in. */
  readonly domid?: number;
}

interface NativeSide extends HostSide {
  readonly events: NativeEventChannels;
}

export function nativeHost({
  libraries = new XenLibraries(),
  views,
  domid = 0,
}: NativeHostOptions = {}): HostUnderTest {
  const side = (): NativeSide => {
    const events = openEventChannels(libraries);
    const grants = new NativeGrants({ libraries, events, views });
    const end = () => {
      grants.close();
      events.close();
    };
    return { domid, grants, events, end };
  };
  const [ours, theirs, stranger, observer] = [side(), side(), side(), side()];
  return {
    ours,
    theirs,
    stranger,
    endDomain: () => {
      throw new Error('a program cannot end its own domain');
    },
    settled: () => settled(observer.events, domid),
    close: () => {
      for (const each of [ours, theirs, stranger, observer]) each.end();
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
