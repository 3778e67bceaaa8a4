/**
 * Listens to all command rings of PV Calls of a host. A host that tells of its moves is looked at with each of
 * them, so that nothing passes unseen; elsewhere the rings are looked at as often as somebody wants it, within a
 * share of the time. While there is no such ring nothing is done.
 */
import type { Clock, Timer } from '../host/clock';
import type { ObservedPage, Observer } from '../host/observer';
import { type CommandLook, CommandTap } from './commandTap';
import { Mistakes } from './mistakes';
import { maxShareOfTime, maxStretchedIntervalMs } from './sampler';

/** Command rings beyond these are not listened to; `leftOut` has them. */
export const maxCommandTaps = 512;
/** Of rings that wait for the same backend, so many are looked at when it moves: the others have their turn next. */
export const maxLooksPerMove = 16;
/** A clock tells whole milliseconds, and rounds mostly take less: many are averaged. */
const averagedRounds = 16;

export interface CommandListener {
  /** A ring is there, and looked at from now on. */
  appeared(page: ObservedPage, tap: CommandTap): void;
  /** Not told of looks that found nothing new. */
  looked(page: ObservedPage, look: CommandLook, nowMs: number): void;
  gone(page: ObservedPage): void;
}

export interface CommandTapsOptions {
  readonly observer: Observer;
  readonly clock: Clock;
  readonly listener: CommandListener;
  /** Between two looks where the host tells of no moves. */
  readonly intervalMs: number;
  readonly onMistake?: (error: unknown) => void;
}

interface Tapped {
  readonly page: ObservedPage;
  readonly tap: CommandTap;
}

export class CommandTaps {
  readonly #observer: Observer;
  readonly #clock: Clock;
  readonly #listener: CommandListener;
  readonly #mistakes: Mistakes;
  readonly #stops: (() => void)[] = [];
  #intervalMs: number;
  #tapped = new Map<ObservedPage, Tapped>();
  #ofFrontend = new Map<number, Tapped[]>();
  #ofBackend = new Map<number, Tapped[]>();
  /** Where the turn of those that wait for one backend goes on. */
  #turn = 0;
  #leftOut: readonly ObservedPage[] = [];
  #isStale = true;
  #timer: Timer | undefined;
  /** What a round took lately. */
  #roundMs = 0;
  #isClosed = false;

  constructor({ observer, clock, listener, intervalMs, onMistake }: CommandTapsOptions) {
    this.#observer = observer;
    this.#clock = clock;
    this.#listener = listener;
    this.#intervalMs = intervalMs;
    this.#mistakes = new Mistakes(onMistake);
    this.#stops.push(observer.onChange(() => this.#outdate()));
    if (observer.onMove) this.#stops.push(observer.onMove((domid) => this.#moved(domid)));
    this.lookNow();
    this.#plan();
  }

  /** Command rings of the host that are beyond the limit. */
  get leftOut(): readonly ObservedPage[] {
    return this.#leftOut;
  }

  /** The time between two looks now; 0 where each move is seen. */
  get intervalMs(): number {
    return this.#observer.onMove ? 0 : Math.max(this.#intervalMs, this.#leastIntervalMs());
  }

  setInterval(intervalMs: number): void {
    this.#intervalMs = intervalMs;
    this.#plan();
  }

  /** Looks at all rings. */
  lookNow(): void {
    this.#refresh();
    for (const tapped of this.#tapped.values()) this.#look(tapped);
  }

  /** Safe to call twice. */
  close(): void {
    this.#isClosed = true;
    for (const stop of this.#stops) stop();
    this.#timer?.cancel();
    this.#tapped.clear();
  }

  #outdate(): void {
    this.#isStale = true;
    // Where nobody tells of moves, rings that come begin the rounds.
    if (!this.#timer) this.#plan();
  }

  /** A frontend's move may have asked; a backend's can only have answered what waits. */
  #moved(domid: number | undefined): void {
    if (this.#isStale) this.#refresh();
    if (domid === undefined || this.#tapped.size === 0) return;
    for (const tapped of this.#ofFrontend.get(domid) ?? []) this.#look(tapped);
    const waiting = this.#ofBackend.get(domid);
    if (!waiting) return;
    const most = Math.min(waiting.length, maxLooksPerMove);
    for (let looks = 0; looks < most; looks++) {
      const tapped = waiting[this.#turn++ % waiting.length]!;
      if (tapped.tap.inFlight > 0) this.#look(tapped);
    }
  }

  #refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    const pages = (this.#mistakes.guard(() => this.#observer.pages()) ?? []).filter(isCommandRing);
    this.#leftOut = pages.slice(maxCommandTaps);
    const before = this.#tapped;
    this.#tapped = new Map();
    this.#ofFrontend = new Map();
    this.#ofBackend = new Map();
    const added: Tapped[] = [];
    for (const page of pages.slice(0, maxCommandTaps)) {
      const known = before.get(page);
      const tapped = known ?? { page, tap: new CommandTap(page) };
      if (!known) added.push(tapped);
      before.delete(page);
      this.#tapped.set(page, tapped);
      add(this.#ofFrontend, page.domid, tapped);
      add(this.#ofBackend, page.device!.backendDomid, tapped);
    }
    for (const { page } of before.values()) this.#tell(() => this.#listener.gone(page));
    for (const tapped of added) {
      this.#tell(() => this.#listener.appeared(tapped.page, tapped.tap));
      this.#look(tapped);
    }
  }

  #look({ page, tap }: Tapped): void {
    const nowMs = this.#clock.nowMs();
    const look = tap.look(nowMs);
    if (look.result === 'same') return;
    if (look.result === 'gone' && tap.unreadable === undefined) this.#isStale = true;
    this.#tell(() => this.#listener.looked(page, look, nowMs));
  }

  #tell(tell: () => void): void {
    this.#mistakes.guard(tell);
  }

  #plan(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#isClosed || this.#observer.onMove) return;
    if (this.#tapped.size === 0 && !this.#isStale) return;
    this.#timer = this.#clock.after(this.intervalMs, () => {
      this.#timer = undefined;
      const startedMs = this.#clock.nowMs();
      this.lookNow();
      this.#average(this.#clock.nowMs() - startedMs);
      this.#plan();
    });
  }

  /** Clocks may be set meanwhile. */
  #average(tookMs: number): void {
    const believedMs = Math.min(Math.max(0, tookMs), maxStretchedIntervalMs);
    this.#roundMs += (believedMs - this.#roundMs) / averagedRounds;
  }

  #leastIntervalMs(): number {
    return Math.min(this.#roundMs / maxShareOfTime, maxStretchedIntervalMs);
  }
}

/** Where the calls pass; its data rings are pages of the same class. */
function isCommandRing({ device }: ObservedPage): boolean {
  return device?.deviceClass === 'pvcalls' && device.format.kind === 'slots';
}

function add(lists: Map<number, Tapped[]>, domid: number, tapped: Tapped): void {
  const list = lists.get(domid);
  if (list) list.push(tapped);
  else lists.set(domid, [tapped]);
}
