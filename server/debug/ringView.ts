/** What a xenstore ring page says at one moment. */
import type { ObservedPage, Observer } from '../host/observer';
import { occupancy, type Occupancy } from '../wire/ringIndex';
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

/** Tells each trouble of a ring once, when it begins. */
export class RingTroubles {
  /** For each domain the rules that spoke when we looked last. */
  readonly #known = new Map<number, ReadonlySet<string>>();
  readonly #observer: Observer;

  constructor(observer: Observer) {
    this.#observer = observer;
  }

  look(domid: number): RingTrouble[] {
    const view = viewRing(this.#observer, domid);
    const troubles = view ? [...troublesOf(view)] : [];
    const known = this.#known.get(domid);
    if (troubles.length === 0) this.#known.delete(domid);
    else this.#known.set(domid, new Set(troubles.map(({ rule }) => rule)));
    return troubles.filter(({ rule }) => !known?.has(rule));
  }
}

function* troublesOf(view: RingView): Generator<RingTrouble> {
  const { domid } = view.page;
  if (view.isReconnecting) return;
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
  const error = view.word('error');
  if ((view.word('server_features') & XsRingFeature.ERROR) === 0 || error === XsRingError.NONE) return;
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
