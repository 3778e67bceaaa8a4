/**
 * Throws anything at the wrappers around C, in any order, as one program of one domain. Each call must
 * do its work or throw an error of ours; a crash would end the process that runs this.
 */
import assert from 'node:assert/strict';
import { isReadable, whenReadable } from '../../native/descriptors';
import { DomainLives } from '../../native/domainLife';
import { XenControl } from '../../native/xenControl';
import { openEventChannels } from '../../native/eventChannels';
import { ForeignMemory } from '../../native/foreignMemory';
import { NativeGrants } from '../../native/grants';
import { portState } from '../../native/portState';
import type { XenLibraries } from '../../native/libraries/xenLibraries';
import { XenscopeError } from '../../server/host/errors';
import type { EventPort } from '../../server/host/events';
import type { Mapped, Shared } from '../../server/host/grants';
import type { SharedMemory } from '../../server/host/memory';
import { pick, seededRandom } from '../fuzz/seed';
import type { Counts } from './mayCrash';

export interface FuzzOptions {
  readonly libraries: XenLibraries;
  readonly domid: number;
  readonly seed: number;
  readonly calls: number;
  readonly views: boolean;
}

const numbers = [
  NaN,
  -Infinity,
  -1,
  -0,
  0,
  0.5,
  1,
  7,
  8,
  4095,
  4096,
  65_535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];
const junk: readonly unknown[] = [
  ...numbers,
  2 ** 32,
  2 ** 53,
  Infinity,
  null,
  undefined,
  '',
  '1',
  'read',
  '../../etc/passwd\0',
  true,
  1n,
  2n ** 64n,
  [],
  [0, 1],
  {},
  () => 1,
  Symbol('junk'),
  new Uint8Array(3),
  new Date(0),
];

/** How many calls did their work and how many were refused. */
export async function fuzzNative(options: FuzzOptions): Promise<Counts> {
  const random = seededRandom(options.seed);
  const { libraries, domid } = options;
  const counts = { done: 0, refused: 0 };
  const any = () => pick(random, junk) as never;
  /** Mostly what makes sense, so that there is something to break. */
  const or = <T>(good: T): T => (random.below(4) > 0 ? good : any());
  const one = <T>(from: readonly T[], otherwise: T): T => (from.length > 0 ? pick(random, from) : otherwise);

  let events = openEventChannels(libraries);
  let grants = new NativeGrants({ libraries, events, views: options.views });
  let foreign = new ForeignMemory(libraries, options.views);
  let control = new XenControl(libraries);
  let lives = new DomainLives(control);
  const ports: EventPort[] = [];
  const shares: Shared[] = [];
  const maps: Mapped[] = [];
  const { poll } = libraries.functions('libc');
  const memory = (): SharedMemory | undefined =>
    random.below(2) === 0 ? one(shares, undefined as never)?.memory : one(maps, undefined as never)?.memory;
  const grefs = () => [...one(shares, { grefs: [9] } as never).grefs];
  const onUnmap = () => ({
    ...(random.below(2) === 0 && { clearByteOffset: or(random.below(4096)) }),
    ...(random.below(2) === 0 && { signalPort: or(one(ports, { port: 3 } as never).port) }),
  });

  const acts: readonly (() => unknown)[] = [
    () => ports.push(events.bindUnbound(or(domid))),
    () => ports.push(events.bindInterdomain(or(domid), or(one(ports, { port: 5 } as never).port))),
    () => one(ports, undefined as never)?.notify(),
    () => one(ports, undefined as never)?.unmask(),
    () => (one(ports, {} as never).onEvent = random.below(2) === 0 ? undefined : () => undefined),
    () => ports.splice(random.below(ports.length + 1), random.below(2)).forEach((port) => port.close()),
    () => events.has(any()),
    () => {
      const asked = { writable: or(true), onUnmap: onUnmap() };
      shares.push(grants.share(or(domid), or(1 + random.below(3)), or(asked)));
    },
    () => maps.push(grants.map(or(domid), or(grefs()), or(pick(random, ['read', 'write'] as const)))),
    () => maps.push(grants.map(or(domid), [or(1), or(grefs()[0]!)], or('read'), or({ onUnmap: onUnmap() }))),
    () => maps.splice(random.below(maps.length + 1), random.below(2)).forEach((map) => map.unmap()),
    () => shares.splice(random.below(shares.length + 1), random.below(2)).forEach((share) => share.end()),
    () => one(maps, undefined as never)?.unmap(),
    () => one(shares, undefined as never)?.end(),
    () => memory()?.load32(or(random.below(1024) * 4)),
    () => memory()?.store32(or(random.below(1024) * 4), any()),
    () => memory()?.load8(or(random.below(4096))),
    () => memory()?.store8(or(random.below(4096)), any()),
    () => memory()?.or8(or(random.below(4096)), any()),
    () => memory()?.and8(or(random.below(4096)), any()),
    () => memory()?.copyOut(or(random.below(4096)), or(new Uint8Array(random.below(64)))),
    () => memory()?.copyIn(or(random.below(4096)), or(new Uint8Array(random.below(64)))),
    // Only domains that are not there: whose frames could be mapped would be read, whatever they are.
    () => foreign.map(pick(random, [31_000, any()]) || 31_000, pick(random, [1n, 2n ** 60n, any()])).unmap(),
    () => foreign.hvmParam(pick(random, [31_000, any()]) || 31_000, any()),
    () => lives.of(any()),
    () => lives.all(),
    () => portState(control, or(one(ports, { port: 7 } as never).port)),
    // Also of a handle that was closed, and is not opened again.
    () => random.below(50) === 0 && control.close(),
    // Numbers that are no descriptor: what is one may be node's own.
    () => whenReadable(pick(random, [-1, 0.5, 999_999, 2 ** 31, NaN, {} as never]), () => undefined).stop(),
    () => isReadable(poll, any()),
  ];
  const reopen = () => {
    grants.close();
    events.close();
    foreign.close();
    lives.close();
    // What is used after the end must know it.
    for (const { memory } of [...maps, ...shares]) assert.ok(memory.dead !== undefined);
    events = openEventChannels(libraries);
    grants = new NativeGrants({ libraries, events, views: options.views });
    foreign = new ForeignMemory(libraries, options.views);
    control = new XenControl(libraries);
    lives = new DomainLives(control);
  };

  for (let call = 0; call < options.calls; call++) {
    try {
      pick(random, acts)();
      counts.done++;
    } catch (error) {
      const isOurs =
        error instanceof XenscopeError || error instanceof RangeError || error instanceof TypeError;
      if (!isOurs) throw error;
      counts.refused++;
    }
    if (call % 500 === 499) reopen();
    // Events are taken in turns of the loop.
    if (call % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
  }
  grants.close();
  events.close();
  foreign.close();
  lives.close();
  return counts;
}
