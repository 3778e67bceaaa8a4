/**
 * What an editor has opened by hand on one host, of one kind: so much and no more, told of while it is there, and
 * ended with the editor's connection.
 */
import { type Clock, type Timer, sleep } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { Host } from '../host/host';

/** In which it can still be ended in order when the editor leaves. */
const closePatienceMs = 4_000;

export interface OpenByHandOptions<Thing> {
  readonly clock: Clock;
  readonly most: number;
  /** In sentences: `vchans`, and `vchan`. */
  readonly many: string;
  readonly one: string;
  readonly newsIntervalMs: number;
  /** The editor has not taken what it was sent. */
  readonly isBusy: () => boolean;
  readonly tell: (id: number, thing: Thing) => void;
  /** `isLeaving`: the editor leaves, and waits for so long only; it may be asked while it is being ended already. */
  readonly end: (thing: Thing, isLeaving: boolean) => Promise<void> | void;
}

export class OpenByHand<Thing> {
  readonly #options: OpenByHandOptions<Thing>;
  readonly #things = new Map<number, Thing>();
  readonly #ending = new Set<Thing>();
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: OpenByHandOptions<Thing>) {
    this.#options = options;
  }

  get all(): readonly Thing[] {
    return [...this.#things.values()];
  }

  get(id: number): Thing | undefined {
    return this.#things.get(id);
  }

  /** Between this and `add` nothing may be waited for. Throws a XenscopeError. */
  mustHaveRoom(): void {
    const { most, many, one } = this.#options;
    if (this.#isClosed) {
      throw new XenscopeError('gone', 'This host was disconnected meanwhile.', {
        wayOut: `Connect it, and open the ${one} again.`,
      });
    }
    if (this.#things.size < most) return;
    throw new XenscopeError('limit', `${most} ${many} are open by hand on this host already.`, {
      wayOut: 'Close the panel of another one first.',
    });
  }

  add(id: number, thing: Thing): void {
    this.#things.set(id, thing);
    this.#tellSoon();
  }

  async forget(id: number): Promise<void> {
    const known = this.#things.get(id);
    this.#things.delete(id);
    if (known !== undefined) await this.#end(known, false);
  }

  /** Ends all in order; one whose host says nothing any more is not waited for. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    const things = [...this.#things.values(), ...this.#ending];
    this.#things.clear();
    if (things.length === 0) return;
    const enough = new AbortController();
    const patience = sleep(this.#options.clock, closePatienceMs, enough.signal).catch(() => undefined);
    const closed = Promise.allSettled(things.map((thing) => this.#end(thing, true)));
    await Promise.race([closed, patience]);
    enough.abort();
  }

  async #end(thing: Thing, isLeaving: boolean): Promise<void> {
    this.#ending.add(thing);
    try {
      await this.#options.end(thing, isLeaving);
    } finally {
      this.#ending.delete(thing);
    }
  }

  #tellSoon(): void {
    const { clock, newsIntervalMs, isBusy, tell } = this.#options;
    this.#timer ??= clock.after(newsIntervalMs, () => {
      this.#timer = undefined;
      for (const [id, thing] of this.#things) if (!isBusy()) tell(id, thing);
      if (this.#things.size > 0) this.#tellSoon();
    });
  }
}

/** Throws a XenscopeError where nothing but the store can be reached; `wayOut`: where what is wanted can be had. */
export function mustTakePart(host: Host, wayOut: string): NonNullable<Host['openProgram']> {
  if (host.openProgram) return (domid) => host.openProgram!(domid);
  throw new XenscopeError(
    'unsupported',
    'Through a socket only the xenstore can be reached, and no memory.',
    {
      wayOut,
    },
  );
}

/** Domains that run now, of a simulated host, with domain 0: whom a person can be there. Undefined on a real one. */
export function actorsOf({ world }: Host): readonly number[] | undefined {
  if (!world) return undefined;
  const running = world.domains().flatMap(({ domid, state }) => (state === 'running' ? (domid ?? []) : []));
  return [...new Set([0, ...running])];
}
