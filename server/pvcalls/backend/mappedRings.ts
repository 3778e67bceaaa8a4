/** The pages and the doorbell of a socket, as a backend maps them; some are kept for the socket that comes next. */
import { XenscopeError } from '../../host/errors';
import type { EventPort } from '../../host/events';
import type { Mapped } from '../../host/grants';
import { readPvCallsDataPage } from '../../wire/pvcalls/dataPage';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import type { RingPlace } from '../../wire/pvcalls/slots';
import type { DeviceResources } from '../../xenbus/resources';
import { DataRing } from '../dataRing';
import { socketError } from '../socketError';

/** Of released sockets. */
const maxKeptRings = 64;

export interface MapOptions {
  readonly resources: DeviceResources;
  /** The frontend's domain. */
  readonly domid: number;
  readonly maxOrder: number;
  readonly edition: PvCallsEdition;
}

/** Of one socket. */
export class MappedRings {
  readonly #parts: { readonly control: Mapped; readonly data: Mapped; readonly order: number };
  readonly #options: MapOptions;
  #ring: DataRing | undefined;

  private constructor(
    options: MapOptions,
    readonly place: RingPlace,
    readonly port: EventPort,
    parts: { readonly control: Mapped; readonly data: Mapped; readonly order: number },
  ) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Throws a SocketError with what is to be answered; then nothing is held. */
  static map(options: MapOptions, place: RingPlace): MappedRings {
    const { resources, domid, maxOrder, edition } = options;
    const held: { give(): void }[] = [];
    const mapped = (refs: readonly number[]): Mapped => {
      const one = resources.map(domid, refs);
      held.push({ give: () => one.unmap() });
      return one;
    };
    try {
      const control = mapped([place.ref]);
      const read = readPvCallsDataPage((offset) => control.memory.load32(offset), maxOrder, edition);
      if (read.kind === 'bad')
        throw socketError('EINVAL', `The data rings under grant ${place.ref}: ${read.why}`);
      const data = mapped(read.refs);
      const port = resources.bindInterdomain(domid, place.evtchn);
      return new MappedRings(options, place, port, { control, data, order: read.order });
    } catch (error) {
      for (const { give } of held) give();
      throw answerFor(error);
    }
  }

  /** Begins for a new socket. Only what the frontend may have written anew is read of the page. */
  begin(): void {
    const { control, data, order } = this.#parts;
    const { edition } = this.#options;
    const pages = { control: control.memory, data: data.memory, order, edition };
    this.#ring = new DataRing(pages, 'backend', this.port);
  }

  /** Of the socket that has them now. */
  get ring(): DataRing {
    return this.#ring!;
  }

  close(): void {
    this.#parts.data.unmap();
    this.#parts.control.unmap();
    this.#options.resources.close(this.port);
  }
}

/** All rings of one device: those that sockets use, and those that are kept for a socket to come, by grant. */
export class RingStock {
  readonly #options: MapOptions;
  readonly #used = new Map<number, MappedRings>();
  readonly #kept = new Map<number, MappedRings>();

  constructor(options: MapOptions) {
    this.#options = options;
  }

  get kept(): number {
    return this.#kept.size;
  }

  /** For a new socket: those that were kept under this grant, or newly mapped ones. Throws a SocketError. */
  take(place: RingPlace): MappedRings {
    if (this.#used.has(place.ref)) {
      throw socketError('EEXIST', `Data rings under grant ${place.ref}, which another socket has`);
    }
    const rings = this.#takeKept(place) ?? MappedRings.map(this.#options, place);
    try {
      rings.begin();
    } catch (error) {
      rings.close();
      throw answerFor(error);
    }
    this.#used.set(place.ref, rings);
    return rings;
  }

  /** Their socket is over. Beyond `maxKeptRings` the oldest that are kept go. */
  give(rings: MappedRings, { keep = false } = {}): void {
    const { ref } = rings.place;
    this.#used.delete(ref);
    if (!keep) return rings.close();
    this.#kept.set(ref, rings);
    if (this.#kept.size <= maxKeptRings) return;
    const [oldest] = this.#kept.values();
    this.#kept.delete(oldest!.place.ref);
    oldest!.close();
  }

  close(): void {
    for (const rings of [...this.#used.values(), ...this.#kept.values()]) rings.close();
    this.#used.clear();
    this.#kept.clear();
  }

  /** With another event channel they are not the same, and are given back. */
  #takeKept({ ref, evtchn }: RingPlace): MappedRings | undefined {
    const rings = this.#kept.get(ref);
    this.#kept.delete(ref);
    if (!rings || rings.place.evtchn === evtchn) return rings;
    rings.close();
    return undefined;
  }
}

function answerFor(error: unknown): unknown {
  if (!(error instanceof XenscopeError) || error.code === 'socket') return error;
  return socketError(error.code === 'limit' ? 'ENOMEM' : 'EFAULT', error.message.replace(/\.$/, ''), {
    cause: error,
  });
}
