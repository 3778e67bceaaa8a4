/** One PV Calls device: its commands, its sockets, and how it is told of. */
import type { CommandLook, CommandTap } from '../../capture/commandTap';
import type { HeldState } from '../../host/callInterceptor';
import type { EndReport } from '../../host/endReports';
import type { ObservedPage } from '../../host/observer';
import { type DeviceRing, maxRingsOfDevice } from '../../wire/deviceRings/deviceRing';
import type { SeenTime } from '../heldTime';
import { bySeverity } from '../severity';
import { CallBook } from './callBook';
import type { CallSeen } from './callSeen';
import { EndNews } from './endNews';
import type { PvCallsSeen } from './pvcallsSeen';
import type {
  PvCallsCallRow,
  PvCallsDeviceRow,
  PvCallsDeviceState,
  PvCallsDiagnosis,
  PvCallsEnd,
  PvCallsSocketCounts,
  PvCallsSocketRow,
} from './pvcallsTypes';
import { troubleOf, worstRingTrouble } from './ringTrouble';
import { SocketBook } from './socketBook';
import { type DataRings, SocketRows, type ToldSocket } from './socketRows';
import type { SocketSeen } from './socketSeen';

/** Says what is wrong with a device or its sockets, the most serious first; nothing where all is well. */
export type PvCallsJudge = (seen: PvCallsSeen, activeMs: number) => readonly PvCallsDiagnosis[];

/** What a look at a device needs from outside. */
export interface DeviceSurroundings extends DataRings {
  readonly judge: PvCallsJudge;
  readonly nameDomain: (domid: number) => string;
  /** Of our own ends of this device. */
  readonly reports: readonly EndReport[];
  /** Which of its calls somebody here keeps from the backend in this folder. */
  readonly held: (backend: string) => ReadonlyMap<number, HeldState>;
  /** The longest time between two looks at its calls; 0 where each move is seen. */
  readonly lookIntervalMs: number;
}

const well: PvCallsDiagnosis = {
  rule: 'at-rest',
  severity: 'fine',
  text: 'nothing wrong',
  evidence: ['Its calls are answered, and its sockets do what they were asked for.'],
};

export class PvCallsDevice {
  /** The path of its frontend. */
  readonly id: string;
  readonly sockets: SocketBook;
  readonly calls: CallBook;
  #device: DeviceRing;
  readonly #rows = new SocketRows();
  readonly #news = new EndNews();
  #page: ObservedPage;
  #tap: CommandTap;
  #told: readonly ToldSocket[] = [];
  #diagnoses: readonly PvCallsDiagnosis[] = [];
  #row: PvCallsDeviceRow | undefined;
  #lookIntervalMs = 0;
  goneAt: SeenTime | undefined;

  /** `page`: that of its command ring. */
  constructor(page: ObservedPage, tap: CommandTap) {
    const { domid, devid } = (this.#device = page.device!);
    this.id = frontendPath(domid, devid);
    this.#page = page;
    this.#tap = tap;
    this.sockets = new SocketBook(this.#device);
    this.calls = new CallBook(this.sockets);
  }

  /** It shares a command ring again, with another backend it may be. What was remembered of it before stays. */
  attach(page: ObservedPage, tap: CommandTap): void {
    this.#page = page;
    this.#device = page.device!;
    this.sockets.attach(this.#device);
    this.#tap = tap;
    this.goneAt = undefined;
  }

  detach(time: SeenTime): void {
    this.goneAt = time;
    this.calls.forget(time);
    this.sockets.forget(time);
  }

  isOf(page: ObservedPage): boolean {
    return this.#page === page;
  }

  take(look: CommandLook, time: SeenTime): void {
    if (look.result === 'moved') this.calls.take(look, this.#tap, time);
  }

  /** Data rings to be looked at; what is beyond the limit is not. */
  *rings(): Generator<DeviceRing> {
    let named = 0;
    for (const ring of this.sockets.rings()) {
      if (++named > maxRingsOfDevice) return;
      yield ring;
    }
  }

  /** Before that there is nothing to be told of it. */
  get wasLookedAt(): boolean {
    return this.#row !== undefined;
  }

  /** As of the last `look`. */
  get row(): PvCallsDeviceRow {
    return this.#row!;
  }

  get told(): readonly ToldSocket[] {
    return this.#told;
  }

  /** Troubles of its calls alone, the most serious first: of its rings the ring doctor tells by itself. */
  get diagnoses(): readonly PvCallsDiagnosis[] {
    return this.#diagnoses;
  }

  /** Joins what is known now. */
  look(surroundings: DeviceSurroundings, time: SeenTime): void {
    const { judge, reports } = surroundings;
    const { sockets, calls } = this;
    this.#lookIntervalMs = surroundings.lookIntervalMs;
    const ends = this.#news.take(reports, time);
    const held = surroundings.held(this.#backend);
    const seen: PvCallsSeen = { sockets: sockets.all, pending: calls.pending, ends, held };
    this.#diagnoses = judge(seen, time.activeMs);
    const bySocket = new Map<string, PvCallsDiagnosis>();
    for (const diagnosis of this.#diagnoses) {
      const { socket } = diagnosis;
      if (socket !== undefined && !bySocket.has(socket)) bySocket.set(socket, diagnosis);
    }
    const diagnosisOf = ({ key }: SocketSeen) => bySocket.get(key);
    this.#told = this.#rows.take(sockets.all, surroundings, diagnosisOf, time);
    const row = this.#rowWith(surroundings);
    // The same object while nothing changed.
    if (JSON.stringify(row) !== JSON.stringify(this.#row)) this.#row = row;
  }

  state(time: SeenTime): PvCallsDeviceState {
    const { calls, sockets } = this;
    const { unseenRequests, unseenResponses, answersOnly, resets, finishedSoFar } = calls;
    return {
      row: this.row,
      timeMs: time.nowMs,
      inFlight: calls.pending.map(({ row }) => row),
      unseen: {
        requests: unseenRequests,
        responses: unseenResponses,
        answersOnly,
        inFlight: Math.max(0, this.#tap.inFlight - calls.pendingCount),
        resets,
        tornLooks: this.#tap.tornLooks,
        lookIntervalMs: Math.ceil(this.#lookIntervalMs),
      },
      kept: sockets.kept,
      requests: this.#tap.requests,
      responses: this.#tap.responses,
      socketsLeftOut: sockets.leftOut,
      callsLeftOut: finishedSoFar - calls.finishedSince(0).length,
    };
  }

  /** Calls that were finished after the first `count` of all, as far as they are remembered. */
  callsSince(count: number): readonly PvCallsCallRow[] {
    return this.calls.finishedSince(count).map(({ row }: CallSeen) => row);
  }

  /** Its folder there. */
  get #backend(): string {
    const { domid, devid, backendDomid } = this.#device;
    return backendPath(backendDomid, domid, devid);
  }

  #rowWith({ nameDomain, seen }: DeviceSurroundings): PvCallsDeviceRow {
    const { domid, devid, backendDomid } = this.#device;
    const rows = this.#told.map((socket) => socket.row);
    const ring = this.#page.id;
    const commands = seen(ring)?.row;
    const ofRings = [troubleOf(commands?.verdict), worstRingTrouble(this.#told)];
    const { unreadable } = this.#tap;
    const diagnoses = [...this.#diagnoses, ...ofRings.filter((said) => said !== undefined)].sort(bySeverity);
    const sum = (of: (row: PvCallsSocketRow) => number | undefined) =>
      rows.reduce((all, row) => all + (of(row) ?? 0), 0);
    return {
      id: this.id,
      devid,
      frontend: end(this.id, domid, nameDomain),
      backend: end(this.#backend, backendDomid, nameDomain),
      ring,
      ...(unreadable !== undefined && { unseen: `Its command ring cannot be read now: ${unreadable}` }),
      sockets: countsOf(rows),
      inFlight: this.#tap.inFlight,
      callsPerSecond: commands?.slots?.requestsPerSecond ?? 0,
      inPerSecond: sum((row) => row.in?.perSecond),
      outPerSecond: sum((row) => row.out?.perSecond),
      diagnoses: diagnoses.length > 0 ? diagnoses : [well],
    };
  }
}

export function frontendPath(domid: number, devid: string): string {
  return `/local/domain/${domid}/device/pvcalls/${devid}`;
}

function backendPath(backendDomid: number, domid: number, devid: string): string {
  return `/local/domain/${backendDomid}/backend/pvcalls/${domid}/${devid}`;
}

function end(path: string, domid: number, nameDomain: (domid: number) => string): PvCallsEnd {
  return { path, domid, name: nameDomain(domid) };
}

function countsOf(rows: readonly PvCallsSocketRow[]): PvCallsSocketCounts {
  const count = (is: (row: PvCallsSocketRow) => boolean) => rows.filter(is).length;
  return {
    all: rows.length,
    connected: count(({ state }) => state === 'connected'),
    listening: count(({ state }) => state === 'listening'),
    failed: count(hasFailed),
  };
}

/** The orderly end is no failure. */
function hasFailed({ state, in: into, out }: PvCallsSocketRow): boolean {
  const isError = (name: string | undefined) => name !== 'ENOTCONN';
  return state === 'failed' || [into, out].some((way) => way?.error && isError(way.error.name));
}
