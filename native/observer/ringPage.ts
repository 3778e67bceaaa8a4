/** One page, or the pages of one ring, of a real host: mapped while somebody looks. */
import { copyPart } from '../../server/host/bufferMemory';
import type { Clock } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { SharedMemory } from '../../server/host/memory';
import type { ObservedPage, ObservedRingName } from '../../server/host/observer';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';
import { flexRingRefs } from '../../server/wire/flexRing';
import { findPvCallsEdition } from '../../server/wire/pvcalls/dataPage';
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
  /** Of a vchan that is listened to, and `data` of a 9pfs device or a socket; of a ring within its page there is nothing more to map. */
  readonly #rings: Readonly<Record<'left' | 'right' | 'data', LazyMapping>>;
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
    // Their grants are read when they are needed: whoever writes others shows us only what it lends.
    const rings = (refs: () => readonly number[]) =>
      new LazyMapping(clock, () => map(dataPlace(place, refs())));
    const ofVchan = (name: 'left' | 'right') =>
      rings(() => vchanRingGrefs(this.#memory(), this.ringBytes!, name));
    this.#rings = {
      left: ofVchan('left'),
      right: ofVchan('right'),
      data: rings(() => {
        const load32 = (offset: number) => this.#memory().load32(offset);
        return (edition ? findPvCallsEdition(load32)?.refs : flexRingRefs(load32)) ?? [];
      }),
    };
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

  copyRing(ring: ObservedRingName, into: Uint8Array, offset: number): boolean {
    if (this.#isEnded) return false;
    if (this.#isPaused) throw isMoving();
    const control = this.#memory();
    const { inPage, mapping, before } = this.#whereIs(ring);
    if (inPage !== undefined) control.copyOut(inPage + offset, into);
    else mapping.get().memory.copyOut(before + offset, into);
    return true;
  }

  isRingAtHand(ring: ObservedRingName): boolean {
    const { inPage, mapping } = this.#whereIs(ring);
    return inPage !== undefined || mapping.isMapped;
  }

  /** It is mapped again when somebody looks. */
  letGo(): void {
    for (const mapping of [...Object.values(this.#rings), this.#page]) mapping.letGo();
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

  /** In the page itself, or behind `before` bytes of other pages. */
  #whereIs(ring: ObservedRingName) {
    const { left, right, data } = this.#rings;
    const [first, second] = this.ringBytes!;
    if (ring === 'in' || ring === 'out') {
      return { inPage: undefined, mapping: data, before: ring === 'in' ? 0 : first };
    }
    const isLeft = ring === 'left';
    const inPage = vchanRingOffset(Math.log2(isLeft ? first : second));
    return { inPage, mapping: isLeft ? left : right, before: 0 };
  }

  #memory(): SharedMemory {
    const { memory } = this.#page.get();
    this.lookedAtMs = this.#clock.nowMs();
    return memory;
  }
}

/** The same place, but for the pages that its own page names. */
function dataPlace(place: RingPlace, refs: readonly number[]): RingPlace {
  if (place.kind === 'vchan') return { ...place, ringGrefs: refs };
  if (place.kind === 'device' && refs.length > 0) return { ...place, ring: { ...place.ring, grefs: refs } };
  throw new XenscopeError('notOurs', 'Its page does not name the pages of its bytes.');
}

function isMoving(): XenscopeError {
  return new XenscopeError(
    'busy',
    'An end of the device changes its state, and nobody holds its pages meanwhile.',
  );
}
