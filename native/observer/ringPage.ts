/** One page, or the pages of one ring, of a real host: mapped while somebody looks. */
import { copyPart } from '../../server/host/bufferMemory';
import type { Clock } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { SharedMemory } from '../../server/host/memory';
import type { ObservedPage } from '../../server/host/observer';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';
import { vchanRingOffset } from '../../server/wire/vchanRings';
import { LazyMapping } from './lazyMapping';
import type { MappedRing, RingPlace } from './ringPages';
import { vchanRingGrefs } from './vchanPages';

export { retryMs } from './lazyMapping';

/** What the page itself says of the rings that it rules, where it does. */
export type ToldRings = Pick<ObservedPage, 'ringBytes' | 'edition'>;

export class RingPage implements ObservedPage {
  readonly domid: number;
  readonly kind: ObservedPage['kind'];
  readonly gref?: number;
  readonly device?: DeviceRing;
  readonly ringBytes?: readonly [left: number, right: number];
  readonly edition?: NonNullable<ObservedPage['edition']>;
  lookedAtMs = 0;
  readonly #clock: Clock;
  readonly #page: LazyMapping;
  /** Of a vchan that is listened to; of a ring within its page there is nothing more to map. */
  readonly #rings: Readonly<Record<'left' | 'right', LazyMapping>>;
  #found = 'found in the xenstore, not looked at yet';
  #isEnded = false;
  #isPaused = false;

  constructor(
    readonly id: string,
    readonly place: RingPlace,
    { ringBytes, edition }: ToldRings,
    clock: Clock,
    map: (place: RingPlace) => MappedRing,
  ) {
    this.domid = place.domid;
    this.kind = place.kind;
    if (place.kind === 'vchan') this.gref = place.gref;
    if (place.kind === 'device') this.device = place.ring;
    if (ringBytes) this.ringBytes = ringBytes;
    if (edition) this.edition = edition;
    this.#clock = clock;
    this.#page = new LazyMapping(clock, () => {
      const mapped = map(place);
      this.#found = mapped.found;
      return mapped;
    });
    const ring = (name: 'left' | 'right') =>
      // The grants are read when they are needed: a server that writes others shows us only what it lends.
      new LazyMapping(clock, () =>
        map({
          ...(place as RingPlace & { kind: 'vchan' }),
          ringGrefs: vchanRingGrefs(this.#memory(), ringBytes!, name),
        }),
      );
    this.#rings = { left: ring('left'), right: ring('right') };
  }

  get found(): string {
    return this.#found;
  }

  get isMapped(): boolean {
    return this.#page.isMapped;
  }

  copy(into: Uint8Array, offset = 0): boolean {
    if (this.#isEnded) return false;
    if (this.#isPaused) throw isMoving();
    copyPart(this.#memory(), into, offset);
    return true;
  }

  copyRing(ring: 'left' | 'right', into: Uint8Array, offset: number): boolean {
    if (this.#isEnded) return false;
    const inPage = this.#offsetInPage(ring);
    const control = this.#memory();
    if (inPage !== undefined) control.copyOut(inPage + offset, into);
    else this.#rings[ring].get().memory.copyOut(offset, into);
    return true;
  }

  isRingAtHand(ring: 'left' | 'right'): boolean {
    return this.#offsetInPage(ring) !== undefined || this.#rings[ring].isMapped;
  }

  /** It is mapped again when somebody looks. */
  letGo(): void {
    for (const mapping of [this.#rings.left, this.#rings.right, this.#page]) mapping.letGo();
  }

  /** Its device changes its state: until that is known nobody holds the page. */
  pause(): void {
    this.#isPaused = true;
    this.letGo();
  }

  resume(): void {
    this.#isPaused = false;
  }

  end(): void {
    this.#isEnded = true;
    this.letGo();
  }

  #offsetInPage(ring: 'left' | 'right'): number | undefined {
    return vchanRingOffset(Math.log2(this.ringBytes![ring === 'left' ? 0 : 1]));
  }

  #memory(): SharedMemory {
    const { memory } = this.#page.get();
    this.lookedAtMs = this.#clock.nowMs();
    return memory;
  }
}

function isMoving(): XenscopeError {
  return new XenscopeError(
    'busy',
    'An end of the device changes its state, and nobody holds its pages meanwhile.',
  );
}
