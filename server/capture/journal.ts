/**
 * The ordered record of everything observed: a flight recorder that holds the last entries and says
 * what it dropped. Entries are made objects, and messages paired, only when somebody reads.
 */
import type { Clock } from '../host/clock';
import { FlightRecorder, type RecorderLimits } from './flightRecorder';
import type { EntryBody, JournalEntry, MessageBody, MessageRole } from './journalEntry';

export const defaultJournalLimits: RecorderLimits = { maxBytes: 4 * 2 ** 20, maxEntries: 65_536 };
/** Names of pages that are kept; of those that are gone the oldest is forgotten first, long after its entries. */
const maxNames = 8_192;

const roles = ['request', 'reply', 'event'] as const satisfies readonly MessageRole[];
const DOUBTFUL = 4;
const FROM_RING = 8;

export interface JournalOptions {
  readonly clock: Clock;
  readonly limits?: RecorderLimits;
}

/** Where entries come from: made once, named by each of its entries. */
export interface JournalSource {
  readonly id: number;
  readonly domid: number;
  readonly name: string;
}

export interface Dropped {
  /** The entries #1 to #entries are gone. */
  readonly entries: number;
  /** Bytes of messages among them. */
  readonly bytes: number;
}

export class Journal {
  readonly #clock: Clock;
  readonly #recorder: FlightRecorder<Exclude<EntryBody, MessageBody>>;
  readonly #names = new Map<number, string>();
  /** Those of the names from which nothing more comes, the oldest first. */
  readonly #ended = new Set<number>();
  #lastSource = 0;

  constructor({ clock, limits = defaultJournalLimits }: JournalOptions) {
    this.#clock = clock;
    this.#recorder = new FlightRecorder(limits);
  }

  /** The oldest entry that can be read. */
  get firstN(): number {
    return this.#recorder.firstN;
  }

  /** What the next entry will be called: the moment now. */
  get nextN(): number {
    return this.#recorder.nextN;
  }

  get dropped(): Dropped {
    return { entries: this.#recorder.firstN - 1, bytes: this.#recorder.droppedBytes };
  }

  /** `name` for a page; connections are numbered. */
  source(domid: number, name?: string): JournalSource {
    const id = ++this.#lastSource;
    if (name !== undefined) {
      this.#names.set(id, name);
      if (this.#names.size > maxNames) this.#forgetName();
    }
    return { id, domid, name: this.#nameOf(id) };
  }

  /** The page is gone: nothing more comes from it. */
  end({ id }: JournalSource): void {
    if (this.#names.has(id)) this.#ended.add(id);
  }

  add({ id, domid }: JournalSource, body: Exclude<EntryBody, MessageBody>): number {
    return this.#recorder.addBody(this.#clock.nowMs(), domid, id, body);
  }

  /** A whole message, which is copied. Kept cheap: it is on the way of every request. */
  addMessage(
    { id, domid }: JournalSource,
    layer: MessageBody['layer'],
    role: MessageRole,
    isDoubtful: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): number {
    const roleMark = role === 'request' ? 0 : role === 'reply' ? 1 : 2;
    const mark = roleMark | (isDoubtful ? DOUBTFUL : 0) | (layer === 'ring' ? FROM_RING : 0);
    return this.#recorder.addBytes(this.#clock.nowMs(), domid, id, mark, bytes, start, end);
  }

  /** Undefined for what was dropped, or has not happened. */
  entry(n: number): JournalEntry | undefined {
    const recorder = this.#recorder;
    if (!recorder.has(n)) return undefined;
    const { timeMs, domid, source } = recorder.stamp(n);
    const stamp = { n, timeMs, domid, source: this.#nameOf(source) };
    const body = recorder.body(n);
    if (body) return { ...stamp, ...body };
    const mark = recorder.mark(n);
    return {
      ...stamp,
      kind: 'message',
      layer: (mark & FROM_RING) !== 0 ? 'ring' : 'connection',
      role: roles[mark & 3]!,
      bytes: recorder.bytes(n),
      isDoubtful: (mark & DOUBTFUL) !== 0,
    };
  }

  /** Entries `from` to before `to`, as far as they are kept; what is added meanwhile is not among them. */
  *entries(from = this.firstN, to = this.nextN): Generator<JournalEntry> {
    for (let n = Math.max(from, this.firstN); n < to; n = Math.max(n + 1, this.firstN)) {
      const entry = this.entry(n);
      if (entry) yield entry;
    }
  }

  /** Pages that are there since the beginning keep theirs, however many come and go beside them. */
  #forgetName(): void {
    const [oldest = this.#names.keys().next().value!] = this.#ended;
    this.#names.delete(oldest);
    this.#ended.delete(oldest);
  }

  #nameOf(source: number): string {
    return this.#names.get(source) ?? `connection ${source}`;
  }
}
