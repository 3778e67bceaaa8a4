/** What a xenstore ring page says at one moment. */
import type { ObservedPage, Observer } from '../host/observer';
import { indexDistance, occupancy, type Occupancy } from '../wire/ringIndex';
import {
  XS_RING_BYTES,
  XS_RING_PAGE,
  XS_RING_PAGE_BYTES,
  XsRingConnection,
  XsRingError,
  XsRingFeature,
  xsRingErrorMeaning,
} from '../wire/xsRing';
import type { Trouble } from './happening';

export type RingWord = keyof typeof XS_RING_PAGE.fields;
export type RingName = 'req' | 'rsp';

export const ringWords = Object.keys(XS_RING_PAGE.fields) as RingWord[];

export class RingView {
  constructor(
    readonly page: ObservedPage,
    private readonly bytes: Buffer,
  ) {}

  word(name: RingWord): number {
    return this.bytes.readUInt32LE(XS_RING_PAGE.fields[name].offsetBytes);
  }

  occupancy(ring: RingName): Occupancy {
    return occupancy(this.word(`${ring}_prod`), this.word(`${ring}_cons`), XS_RING_BYTES);
  }

  /** While the guest asks for a reconnect the indices mean nothing. */
  get isReconnecting(): boolean {
    return this.word('connection') !== XsRingConnection.CONNECTED;
  }

  /** Whether the server gave it up and says so. */
  get hasError(): boolean {
    return (
      this.word('error') !== XsRingError.NONE && (this.word('server_features') & XsRingFeature.ERROR) !== 0
    );
  }

  /** Nothing about it is wrong. */
  get isInOrder(): boolean {
    if (this.isReconnecting) return true;
    const req = indexDistance(this.word('req_prod'), this.word('req_cons'));
    const rsp = indexDistance(this.word('rsp_prod'), this.word('rsp_cons'));
    return req <= XS_RING_BYTES && rsp <= XS_RING_BYTES && !this.hasError;
  }
}

/** Undefined when the domain has no such page. */
export function viewRing(observer: Observer | undefined, domid: number): RingView | undefined {
  const page = observer
    ?.pages()
    .find((candidate) => candidate.kind === 'xenstore' && candidate.domid === domid);
  const bytes = Buffer.alloc(XS_RING_PAGE_BYTES);
  return page?.copy(bytes) ? new RingView(page, bytes) : undefined;
}

type RingTrouble = Pick<Trouble, 'filter' | 'rule' | 'text' | 'evidence'>;

const noTroubles: readonly RingTrouble[] = [];

/** Tells each trouble of a ring once, when it begins. Looks after everything that happens, so it keeps what it needs. */
export class RingTroubles {
  /** For each domain the rules that spoke when we looked last. */
  readonly #known = new Map<number, ReadonlySet<string>>();
  readonly #observer: Observer;
  /** Of one page at a time. */
  readonly #bytes = Buffer.alloc(XS_RING_PAGE_BYTES);
  /** For each domain with a ring, all over the same bytes; undefined since pages came or went. */
  #views: ReadonlyMap<number, RingView> | undefined;

  constructor(observer: Observer) {
    this.#observer = observer;
    observer.onChange(() => (this.#views = undefined));
  }

  look(domid: number): readonly RingTrouble[] {
    this.#views ??= this.#listViews();
    const view = this.#views.get(domid);
    if (!view?.page.copy(this.#bytes) || view.isInOrder) {
      this.#known.delete(domid);
      return noTroubles;
    }
    const troubles = [...troublesOf(view)];
    const known = this.#known.get(domid);
    this.#known.set(domid, new Set(troubles.map(({ rule }) => rule)));
    return troubles.filter(({ rule }) => !known?.has(rule));
  }

  #listViews(): ReadonlyMap<number, RingView> {
    const rings = this.#observer.pages().filter(({ kind }) => kind === 'xenstore');
    return new Map(rings.map((page) => [page.domid, new RingView(page, this.#bytes)]));
  }
}

/** Of a ring that is not in order. */
function* troublesOf(view: RingView): Generator<RingTrouble> {
  const { domid } = view.page;
  for (const ring of ['req', 'rsp'] as const) {
    const fill = view.occupancy(ring);
    if (fill.kind === 'sane') continue;
    yield {
      filter: 'ringIndex',
      rule: `ring.index.${ring}`,
      text: `The ${ring} indices of domain ${domid} cannot be: ${fill.distance} bytes in a ring of ${XS_RING_BYTES}.`,
      evidence: `${ring}_prod ${hex(view.word(`${ring}_prod`))}, ${ring}_cons ${hex(view.word(`${ring}_cons`))}`,
    };
  }
  if (!view.hasError) return;
  const error = view.word('error');
  yield {
    filter: 'ringError',
    rule: 'ring.error',
    text: `The server gave up the ring of domain ${domid}: ${xsRingErrorMeaning(error)}.`,
    evidence: `error ${error}`,
  };
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
