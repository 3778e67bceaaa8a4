/**
 * The time of a world and the order of what happens in it. Everything that waits in it waits here,
 * one thing happens after the other, and the seed draws which of several comes first that may happen
 * at the same moment. So a world can run at any pace, stand still, be held and stepped, or be moved
 * on by hand in no time at all, and its life is the same each time.
 *
 * With a pace above 0 the world's time follows the given clock, `pace` times as fast. With pace 0
 * no timer ends by itself; what is under way (messages, doorbells, steps of rings) still comes to
 * rest. While the world is held, nothing happens at all.
 */
import type { Clock, Random, Timer } from '../host/clock';
import type { WorldMove } from '../host/worldControl';
import { DueQueue, removeFrom } from './due';
import type { Due, Gate, What, WorldTime } from './due';

/** Far more than the demo world uses: a guest that only ever adds timers is stopped here. */
const maxTimers = 10_000;
/** Timers of the machine overflow at 2^31 ms; a longer wait is taken in several parts. */
const maxRealWaitMs = 3_600_000;
export const maxPace = 1000;

/** After so many things at one moment time passes all the same: a guest in an endless loop stops no world. */
const maxMovesPerMoment = 4096;
const endlessMomentMs = 1;

const timerEnds: What = { kind: 'timer', text: 'A timer ends.' };

export interface SchedulerOptions {
  readonly clock: Clock;
  /** The world's time at the beginning, in milliseconds since the epoch. */
  readonly startMs: number;
  /** Resolves when everything that one thing set off has come to rest. */
  readonly settled: () => Promise<void>;
  /** Draws the order of what may happen at the same moment; the older first when absent. */
  readonly random?: Random;
  /** Told of each thing before it happens. */
  readonly onMove?: (move: WorldMove) => void;
  /** Told of each thing when everything that it set off has come to rest. */
  readonly onHappened?: (what: What) => void;
  /**
   * Told what one thing threw when it happened; the world goes on. Without it the error becomes an
   * unhandled rejection, so that it shows where the process shows its mistakes.
   */
  readonly onMistake?: (error: unknown) => void;
}

export class Scheduler implements Clock, WorldTime {
  readonly #clock: Clock;
  readonly #settled: () => Promise<void>;
  readonly #random: Random | undefined;
  readonly #onMove: ((move: WorldMove) => void) | undefined;
  readonly #onHappened: ((what: What) => void) | undefined;
  readonly #onMistake: (error: unknown) => void;
  readonly #timers = new DueQueue();
  /** What may happen now, in any order. */
  readonly #ready: Due[] = [];
  #pace = 0;
  /** The world's time when the last thing happened. */
  #worldMs: number;
  /** At its pace the world's time would have been `base.worldMs` when the clock showed `base.clockMs`. */
  #base: { worldMs: number; clockMs: number };
  #moves = 0;
  #movesAtThisMoment = 0;
  #wake: Timer | undefined;
  #isKicked = false;
  #isAdvancing = false;
  /** Things happen one after the other, whoever lets them happen. */
  #isRunning = false;
  #running: Promise<unknown> = Promise.resolve();
  #isHeld = false;
  #isClosed = false;

  constructor({ clock, startMs, settled, random, onMove, onHappened, onMistake }: SchedulerOptions) {
    this.#clock = clock;
    this.#settled = settled;
    this.#random = random;
    this.#onMove = onMove;
    this.#onHappened = onHappened;
    this.#onMistake = onMistake ?? ((error) => void Promise.reject(error as Error));
    this.#worldMs = startMs;
    this.#base = { worldMs: startMs, clockMs: clock.nowMs() };
  }

  get pace(): number {
    return this.#pace;
  }

  /** Takes effect at once: waits that are under way get shorter, longer, or stand still. */
  set pace(pace: number) {
    this.#rebase();
    this.#pace = Number.isFinite(pace) ? Math.min(Math.max(pace, 0), maxPace) : 0;
    this.#arm();
  }

  /** How much waits, timers and things that may happen now. */
  get waiting(): number {
    return this.#timers.size + this.#ready.length;
  }

  /** Whether nothing is left to happen at this moment, or may not. */
  get isAtRest(): boolean {
    return this.#isHeld || this.#isClosed || (this.#ready.length === 0 && !this.#isRunning);
  }

  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** How many things have happened. */
  get moves(): number {
    return this.#moves;
  }

  nowMs(): number {
    const stands = this.#isRunning || this.#isAdvancing || this.#isHeld || this.#ready.length > 0;
    if (stands) return this.#worldMs;
    const firstMs = this.#timers.first?.atMs ?? Infinity;
    return Math.max(this.#worldMs, Math.min(this.#paceMs(), firstMs));
  }

  after(delayMs: number, run: () => void, what: What = timerEnds): Timer {
    if (this.#isClosed) return { cancel: () => undefined };
    if (this.#timers.size >= maxTimers) {
      throw new Error(`The world has ${maxTimers} timers already; something in it only ever adds more.`);
    }
    const due: Due = { atMs: this.nowMs() + Math.max(delayMs, 0), what, run };
    this.#timers.add(due);
    if (this.#timers.first === due) this.#arm();
    return { cancel: () => void (this.#timers.remove(due) || this.#takeBack(due)) };
  }

  soon(run: () => void, what: What): Timer {
    if (this.#isClosed) return { cancel: () => undefined };
    this.#worldMs = this.nowMs();
    const due: Due = { atMs: this.#worldMs, what, run };
    this.#ready.push(due);
    this.#kick();
    return { cancel: () => void this.#takeBack(due) };
  }

  open(gate: Gate): void {
    gate.isOpen = true;
    this.#ready.push(...gate.parked.splice(0));
    this.#kick();
  }

  /** From now on nothing happens, and the world's time stands. What happens now comes to its end. */
  hold(): void {
    if (this.#isHeld || this.#isClosed) return;
    this.#worldMs = this.nowMs();
    this.#isHeld = true;
    this.#wake?.cancel();
  }

  resume(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#base = { worldMs: this.#worldMs, clockMs: this.#clock.nowMs() };
    this.#arm();
    this.#kick();
  }

  /**
   * While held: lets one thing happen, of those that may happen now, or else the next timer, to which
   * the world's time then jumps. Answers what it was; undefined when nothing waits in the world.
   */
  async step(): Promise<WorldMove | undefined> {
    if (!this.#isHeld) throw new Error('The world is not held.');
    return this.#alone(async () => {
      const due = this.#isHeld ? this.#take(Infinity) : undefined;
      if (!due) return undefined;
      const move = this.#moveOf(due);
      await this.#happen(due);
      return move;
    });
  }

  /** Moves the world on by `ms` of its own time, as fast as it can go. Ends early where the world is held. */
  async advance(ms: number): Promise<void> {
    if (this.#isAdvancing) throw new Error('The world is being moved on already.');
    if (this.#isHeld) throw new Error('The world is held.');
    this.#rebase();
    this.#isAdvancing = true;
    this.#wake?.cancel();
    try {
      await this.#alone(async () => {
        const untilMs = this.#worldMs + ms;
        await this.#settled();
        await this.#runUntil(() => untilMs);
        if (!this.#isHeld) this.#worldMs = Math.max(this.#worldMs, untilMs);
      });
    } finally {
      this.#base = { worldMs: this.#worldMs, clockMs: this.#clock.nowMs() };
      this.#isAdvancing = false;
      this.#arm();
    }
  }

  /** Ends all waiting; nothing will be called any more. */
  close(): void {
    this.#isClosed = true;
    this.#timers.clear();
    this.#ready.length = 0;
    this.#wake?.cancel();
  }

  /** The time by pace and clock alone. A machine's clock may be set back; the world's time never runs backwards. */
  #paceMs(): number {
    const elapsedMs = Math.max(this.#clock.nowMs() - this.#base.clockMs, 0);
    return this.#base.worldMs + elapsedMs * this.#pace;
  }

  #rebase(): void {
    this.#worldMs = this.nowMs();
    const worldMs = this.#isHeld ? this.#worldMs : Math.max(this.#paceMs(), this.#worldMs);
    this.#base = { worldMs, clockMs: this.#clock.nowMs() };
  }

  #arm(): void {
    this.#wake?.cancel();
    this.#wake = undefined;
    const nextMs = this.#ready.length > 0 ? this.#worldMs : this.#timers.first?.atMs;
    if (nextMs === undefined || this.#pace === 0 || this.#isAdvancing || this.#isHeld || this.#isClosed)
      return;
    const waitMs = Math.max(nextMs - this.#paceMs(), 0) / this.#pace;
    this.#wake = this.#clock.after(Math.min(waitMs, maxRealWaitMs), () => this.#runDue());
  }

  /** How far the world's time may be. Without a pace it only moves when there is no end to what happens. */
  #limitMs(): number {
    return this.#pace === 0 ? Math.max(this.#paceMs(), this.#worldMs) : this.#paceMs();
  }

  /** Something may happen now, but not within the call that says so. */
  #kick(): void {
    if (this.#isKicked || this.#isHeld || this.#ready.length === 0 || this.#worldMs > this.#limitMs()) return;
    this.#isKicked = true;
    void this.#settled().then(() => {
      this.#isKicked = false;
      this.#runDue();
    });
  }

  #runDue(): void {
    if (this.#isRunning || this.#isAdvancing) return;
    void this.#alone(() => this.#runUntil(() => this.#limitMs())).finally(() => this.#arm());
  }

  /** Not async up to the act: what is due when the clock says so happens at once. */
  #alone<T>(act: () => Promise<T>): Promise<T> {
    if (this.#isRunning) return this.#running.then(() => this.#alone(act));
    this.#isRunning = true;
    const run = act().finally(() => {
      this.#isRunning = false;
      this.#kick();
    });
    this.#running = run.catch(() => undefined);
    return run;
  }

  async #runUntil(limitMs: () => number): Promise<void> {
    while (!this.#isHeld && !this.#isClosed) {
      const due = this.#take(limitMs());
      if (!due) return;
      await this.#happen(due);
    }
  }

  async #happen(due: Due): Promise<void> {
    this.#onMove?.(this.#moveOf(due));
    this.#moves++;
    try {
      due.run();
    } catch (error) {
      // One guest's mistake is not the end of the others.
      this.#onMistake(error);
    }
    await this.#settled();
    this.#onHappened?.(due.what);
  }

  /** What happens next, if that is not later than `limitMs`; the world's time moves on to it. */
  #take(limitMs: number): Due | undefined {
    for (;;) {
      if (this.#worldMs > limitMs) return undefined;
      if (this.#ready.length === 0) {
        const { first } = this.#timers;
        if (!first || first.atMs > limitMs) return undefined;
        this.#passUntil(first.atMs);
      } else if (++this.#movesAtThisMoment > maxMovesPerMoment) {
        this.#passUntil(this.#worldMs + endlessMomentMs);
        continue;
      }
      const due = this.#draw();
      if (due.what.gate?.isOpen !== false) return due;
      due.what.gate.parked.push(due);
    }
  }

  #passUntil(timeMs: number): void {
    this.#worldMs = Math.max(this.#worldMs, timeMs);
    this.#movesAtThisMoment = 0;
    this.#ready.push(...this.#timers.takeUntil(this.#worldMs));
  }

  #draw(): Due {
    const count = this.#ready.length;
    const place = count > 1 && this.#random ? this.#random.below(count) : 0;
    return this.#ready.splice(place, 1)[0]!;
  }

  #takeBack(due: Due): boolean {
    return removeFrom(this.#ready, due) || (due.what.gate ? removeFrom(due.what.gate.parked, due) : false);
  }

  #moveOf({ what }: Due): WorldMove {
    return {
      number: this.#moves + 1,
      atMs: this.#worldMs,
      kind: what.kind,
      domid: what.domid,
      get text() {
        return what.text;
      },
    };
  }
}
