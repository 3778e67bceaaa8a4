/** One page, or the pages of one ring, of a real host: mapped while somebody looks. */
import { copyPart } from '../../server/host/bufferMemory';
import type { Clock } from '../../server/host/clock';
import { XenscopeError } from '../../server/host/errors';
import type { ObservedPage } from '../../server/host/observer';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';
import type { MappedRing, RingPlace } from './ringPages';

/** What could not be mapped is not tried again before. */
export const retryMs = 1_000;

export class RingPage implements ObservedPage {
  readonly domid: number;
  readonly kind: ObservedPage['kind'];
  readonly gref?: number;
  readonly device?: DeviceRing;
  readonly ringBytes?: readonly [left: number, right: number];
  lookedAtMs = 0;
  readonly #clock: Clock;
  readonly #map: () => MappedRing;
  #mapped: MappedRing | undefined;
  #found = 'found in the xenstore, not looked at yet';
  #failure: { readonly error: XenscopeError; readonly atMs: number } | undefined;
  #isEnded = false;
  #isPaused = false;

  constructor(
    readonly id: string,
    readonly place: RingPlace,
    ringBytes: readonly [left: number, right: number] | undefined,
    clock: Clock,
    map: () => MappedRing,
  ) {
    this.domid = place.domid;
    this.kind = place.kind;
    if (place.kind === 'vchan') this.gref = place.gref;
    if (place.kind === 'device') this.device = place.ring;
    if (ringBytes) this.ringBytes = ringBytes;
    this.#clock = clock;
    this.#map = map;
  }

  get found(): string {
    return this.#found;
  }

  get isMapped(): boolean {
    return this.#mapped !== undefined;
  }

  copy(into: Uint8Array, offset = 0): boolean {
    if (this.#isEnded) return false;
    if (this.#isPaused) throw isMoving();
    const { memory } = (this.#mapped ??= this.#mapNow());
    this.lookedAtMs = this.#clock.nowMs();
    copyPart(memory, into, offset);
    return true;
  }

  /** It is mapped again when somebody looks. */
  letGo(): void {
    this.#mapped?.unmap();
    this.#mapped = undefined;
    this.#failure = undefined;
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

  #mapNow(): MappedRing {
    const nowMs = this.#clock.nowMs();
    if (this.#failure && nowMs < this.#failure.atMs + retryMs) throw this.#failure.error;
    try {
      const mapped = this.#map();
      this.#found = mapped.found;
      this.#failure = undefined;
      return mapped;
    } catch (error) {
      if (error instanceof XenscopeError) this.#failure = { error, atMs: nowMs };
      throw error;
    }
  }
}

function isMoving(): XenscopeError {
  return new XenscopeError(
    'busy',
    'An end of the device changes its state, and nobody holds its pages meanwhile.',
  );
}
