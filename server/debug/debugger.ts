/**
 * The protocol debugger: watches the traffic of a simulated host and holds the whole world when
 * something happens that the person wants to see. It knows nothing of any editor.
 *
 * A world is held between two things that happen, never within one. What else the last thing set
 * off (several messages may lie in one copy out of a ring) waits in a backlog, which is judged
 * before anything new may happen, so that no breakpoint is missed.
 */
import { XenscopeError } from '../host/errors';
import type { Host } from '../host/host';
import type { Observer } from '../host/observer';
import type { StoreClient } from '../host/storeClient';
import type { StoreTap } from '../host/tap';
import type { WorldControl, WorldMove } from '../host/worldControl';
import { Breakpoints } from './breakpoints/breakpoints';
import type { DebugConnection } from './connection';
import { troubleOf, type Happening, type Trouble } from './happening';
import { layersOf, type Layer } from './layers';
import type { Message } from './message';
import { brokenTrouble, messageTrouble } from './messageTroubles';
import { RingTroubles } from './ringView';
import {
  breakpointStop,
  entryStop,
  exceptionStop,
  fruitlessStop,
  messageHappened,
  pauseStop,
  stepStop,
  type Stop,
} from './stop';
import { Traffic } from './traffic';

/** What is debugged: a simulated host that was made with the debugger's `tap` and `onMove`. */
export interface DebugTarget {
  readonly host: Host;
  readonly world: WorldControl;
  readonly observer: Observer | undefined;
}

/** What a world must be made with to be debugged. */
export interface WorldRequest {
  readonly seed: number;
  /** What the store offers on rings: values of XsRingFeature, or-ed. */
  readonly ringFeatures: number;
  readonly tap: StoreTap;
  readonly onMove: (move: WorldMove) => void;
  /** A file for what the flight recorder holds when the world is closed. */
  readonly journal: string | undefined;
}

/** How it is told. All are called outside of what happens in the world. */
export interface DebuggerListener {
  stopped(stop: Stop): void;
  opened(connection: DebugConnection): void;
  ended(connection: DebugConnection): void;
  message(connection: DebugConnection, message: Message): void;
}

/** `message`: the next one of the connection. `exchange`: up to the next reply. `move`: one single thing. */
export type StepSize = 'message' | 'exchange' | 'move';

/** After so many things a step ends without what it waited for; the person may go on. */
const maxMovesPerStep = 20_000;
/** Messages of one single thing; more are not judged. */
const maxBacklog = 10_000;
/** A message may take a turn or two of the event loop to its end. */
const quietTurns = 8;

interface StepGoal {
  readonly size: StepSize;
  readonly connection: DebugConnection;
  readonly startMs: number;
}

export class Debugger {
  readonly breakpoints = new Breakpoints();
  readonly #listener: DebuggerListener;
  readonly #traffic: Traffic;
  readonly #backlog: Happening[] = [];
  /** For each connection the last single thing, if the person stepped to it. */
  readonly #moves = new Map<number, WorldMove>();
  #state: 'absent' | 'held' | 'running' | 'stepping' | 'closed' = 'absent';
  #target: DebugTarget | undefined;
  #store: StoreClient | undefined;
  #ringTroubles: RingTroubles | undefined;
  /** What happens now, or happened last. */
  #move: WorldMove | undefined;
  #goal: StepGoal | undefined;
  #lastStop: Stop | undefined;

  constructor(listener: DebuggerListener) {
    this.#listener = listener;
    this.#traffic = new Traffic({
      nowMs: () => this.#nowMs(),
      opened: (connection) => listener.opened(connection),
      ended: (connection) => listener.ended(connection),
      restarted: (connection) => this.#happens({ kind: 'reconnect', connection }),
      broken: (connection, sentence) => this.#happens(brokenTrouble(connection, sentence)),
      message: (connection, message) => {
        listener.message(connection, message);
        const trouble = messageTrouble(connection, message);
        this.#happens({ kind: 'message', connection, message, trouble });
      },
    });
  }

  /** What the store of the target must be made with. */
  get tap(): StoreTap {
    return this.#traffic;
  }

  /** Must be told of each thing in the world before it happens. */
  readonly onMove = (move: WorldMove): void => {
    const before = this.#move?.domid;
    this.#move = move;
    if (this.#state === 'running' && before !== undefined) this.#lookAtRing(before);
  };

  /** Why the world was held the last time. */
  get lastStop(): Stop | undefined {
    return this.#lastStop;
  }

  get isHeld(): boolean {
    return this.#state === 'held';
  }

  get observer(): Observer | undefined {
    return this.#target?.observer;
  }

  /** The debugger's own way to ask the store; it is not part of what is debugged. */
  get store(): StoreClient | undefined {
    return this.#store;
  }

  connections(): DebugConnection[] {
    return this.#traffic.connections();
  }

  /** Those that are open, and one that has ended if the last stop is about it. */
  shownConnections(): DebugConnection[] {
    const open = this.connections();
    const about = this.connection(this.#lastStop?.connectionId ?? 0);
    return about && !about.isOpen ? [...open, about] : open;
  }

  /** An open connection, or one of those that ended last. */
  connection(id: number): DebugConnection | undefined {
    return this.#traffic.connection(id);
  }

  /** `d3 web · store ring`. */
  connectionName({ id, of, isOpen }: DebugConnection): string {
    const name = this.#target?.world.domains().find(({ domid }) => domid === of.domid)?.name;
    const who = name === undefined ? `d${of.domid}` : `d${of.domid} ${name}`;
    // A domain has one ring, and any number of the rest.
    const which = of.transport === 'ring' ? 'store ring' : `${of.transport} ${id}`;
    return `${who} · ${which}${isOpen ? '' : ' (ended)'}`;
  }

  /** The message in hand of a connection, layer by layer, top first. */
  layers(connection: DebugConnection): Layer[] {
    return layersOf({ connection, observer: this.observer, move: this.#moves.get(connection.id) });
  }

  /** Takes over a world and holds it. It must have been made with `tap` and `onMove`. */
  async attach(target: DebugTarget): Promise<void> {
    if (this.#state === 'closed') {
      await target.host.close();
      throw new XenscopeError('cancelled', 'The session has ended meanwhile.');
    }
    this.#target = target;
    target.world.hold();
    await this.#quiet();
    this.#traffic.isOpeningOwn = true;
    this.#store = target.host.openStore();
    try {
      await this.#store.directory('/');
    } finally {
      this.#traffic.isOpeningOwn = false;
    }
    if (target.observer) this.#ringTroubles = new RingTroubles(target.observer);
    this.#state = 'held';
  }

  /** Lets the world begin at this pace, or tells that it stands at its beginning. */
  start({ pace, stopOnEntry }: { readonly pace: number; readonly stopOnEntry: boolean }): void {
    const { world } = this.#mustHaveTarget();
    world.pace = pace;
    if (stopOnEntry) this.#tell(entryStop());
    else this.resume();
  }

  resume(): void {
    if (this.#state !== 'held' || this.#judgeBacklog()) return;
    this.#moves.clear();
    this.#state = 'running';
    this.#mustHaveTarget().world.resume();
  }

  pause(): void {
    if (this.#state === 'running' || this.#state === 'stepping') this.#halt(pauseStop());
  }

  /** Lets the world go on, as fast as it can, up to what the person wants to see next of the connection. */
  async step(connection: DebugConnection, size: StepSize): Promise<void> {
    if (this.#state !== 'held') return;
    const { world } = this.#mustHaveTarget();
    const startMs = this.#nowMs();
    this.#goal = { size, connection, startMs };
    if (this.#judgeBacklog()) return;
    this.#moves.clear();
    this.#state = 'stepping';
    for (let moves = 0; this.#isStepping(); moves++) {
      if (moves === maxMovesPerStep) {
        const passedS = ((this.#nowMs() - startMs) / 1000).toFixed(1);
        return this.#halt(
          fruitlessStop(connection.id, `nothing of this connection came in ${passedS} s of the world's time`),
        );
      }
      const move = await world.step();
      if (!this.#isStepping()) return;
      if (!move) return this.#halt(fruitlessStop(connection.id, 'nothing waits in the world'));
      if (size === 'move' && move.domid === connection.of.domid) {
        this.#moves.set(connection.id, move);
        return this.#halt(stepStop(connection.id, move.text.replace(/\.$/, ''), this.#nowMs() - startMs));
      }
      if (move.domid !== undefined) this.#lookAtRing(move.domid);
    }
  }

  /** Ends the world. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await this.#store?.close();
    await this.#target?.host.close();
  }

  #isStepping(): boolean {
    return this.#state === 'stepping';
  }

  #nowMs(): number {
    return this.#move?.atMs ?? 0;
  }

  #mustHaveTarget(): DebugTarget {
    if (!this.#target) throw new Error('There is no world yet.');
    return this.#target;
  }

  #happens(happening: Happening): void {
    if (this.#state === 'held') {
      if (this.#backlog.length < maxBacklog) this.#backlog.push(happening);
      return;
    }
    const stop = this.#judge(happening);
    if (stop) this.#halt(stop);
  }

  /** Whether something in it is worth a stop; the rest of it waits on. */
  #judgeBacklog(): boolean {
    for (;;) {
      const happening = this.#backlog.shift();
      if (!happening) return false;
      const stop = this.#judge(happening);
      if (!stop) continue;
      this.#goal = undefined;
      this.#tell(stop);
      return true;
    }
  }

  #judge(happening: Happening): Stop | undefined {
    if (happening.kind === 'message') {
      happening.connection.inHand = happening.message;
      this.#moves.delete(happening.connection.id);
    }
    if (this.#state === 'absent' || this.#state === 'closed') return undefined;
    const met = this.breakpoints.met(happening).map(({ id }) => id);
    const trouble = troubleOf(happening);
    if (trouble && this.#wants(trouble)) return exceptionStop(trouble, met);
    if (met.length > 0) return breakpointStop(happening, met);
    return happening.kind === 'message' ? this.#judgeStep(happening) : undefined;
  }

  #judgeStep({ connection, message }: Happening & { kind: 'message' }): Stop | undefined {
    const goal = this.#goal;
    if (!goal || goal.connection !== connection) return undefined;
    const isReached = goal.size === 'message' || (goal.size === 'exchange' && message.kind === 'reply');
    if (!isReached) return undefined;
    return stepStop(connection.id, messageHappened(message), message.atMs - goal.startMs);
  }

  #wants(trouble: Trouble): boolean {
    const { errors } = this.breakpoints;
    const error = trouble.message?.said.error;
    if (trouble.filter === 'errorReply') return error !== undefined && errors.stopsAtReply(error);
    return errors.isActive(trouble.filter);
  }

  #halt(stop: Stop): void {
    this.#state = 'held';
    this.#goal = undefined;
    this.#mustHaveTarget().world.hold();
    this.#tell(stop);
  }

  /** When all that the last thing set off has come to its end. */
  #tell(stop: Stop): void {
    this.#lastStop = stop;
    void this.#quiet().then(() => {
      if (this.#state === 'held' && this.#lastStop === stop) this.#listener.stopped(stop);
    });
  }

  async #quiet(): Promise<void> {
    let seen = this.#traffic.messages;
    for (let turns = 0; turns < quietTurns; turns++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#traffic.messages === seen) continue;
      seen = this.#traffic.messages;
      turns = -1;
    }
  }

  /** After each thing that happened to a domain, because nobody tells when a word of a page is wrong. */
  #lookAtRing(domid: number): void {
    const { errors } = this.breakpoints;
    if (!errors.isActive('ringIndex') && !errors.isActive('ringError')) return;
    for (const trouble of this.#ringTroubles?.look(domid) ?? []) {
      const connection = this.#traffic.ringOf(domid);
      this.#happens({ kind: 'trouble', connection, message: undefined, ...trouble });
    }
  }
}
