/**
 * The sockets of one device as they are told: what the commands say of each, joined with what its data rings show.
 * The same row as before while nothing changed; and what changed beside what passes is told apart, because that is
 * seldom, and bytes pass all the time.
 */
import type { PageSampler } from '../../capture/pageSampler';
import type { DeviceRing } from '../../wire/deviceRings/deviceRing';
import { pvcallsOrder } from '../../wire/pvcalls/dataPage';
import type { SeenTime } from '../heldTime';
import type { RingRow } from '../rings/ringTypes';
import type { SeenRing } from '../rings/ringWatch';
import { errnoOf } from './callSeen';
import type {
  PvCallsDiagnosis,
  PvCallsDirection,
  PvCallsRings,
  PvCallsSocketRow,
  PvCallsSocketState,
} from './pvcallsTypes';
import { goesOn, isSameDiagnosis, moreSerious, newWordsIntervalMs, troubleOf } from './ringTrouble';
import type { SocketSeen } from './socketSeen';

/** Where data rings are looked at. */
export interface DataRings {
  seen(id: string): SeenRing | undefined;
  whyUnseen(ring: DeviceRing): string | undefined;
}

export interface ToldSocket {
  readonly row: PvCallsSocketRow;
  /** The diagnosis of its row, where that is the ring doctor's. */
  readonly ringTrouble: PvCallsDiagnosis | undefined;
  /** Counts up when more than bytes and levels changed. */
  readonly shape: number;
}

interface Known extends ToldSocket {
  readonly version: number;
  readonly ring: RingRow | undefined;
  readonly unseen: string | undefined;
  readonly diagnosis: PvCallsDiagnosis | undefined;
  /** When the words of the diagnosis were new, in the host's time. */
  readonly saidMs: number;
  readonly listener: string | undefined;
}

export class SocketRows {
  #known = new Map<SocketSeen, Known>();
  #shapes = 0;

  /** Of all that there are now, the oldest first. */
  take(
    sockets: Iterable<SocketSeen>,
    rings: DataRings,
    diagnosisOf: (socket: SocketSeen) => PvCallsDiagnosis | undefined,
    time: SeenTime,
  ): readonly ToldSocket[] {
    const before = this.#known;
    this.#known = new Map();
    for (const socket of sockets) {
      this.#known.set(socket, this.#look(socket, before.get(socket), rings, diagnosisOf(socket), time));
    }
    return [...this.#known.values()];
  }

  #look(
    socket: SocketSeen,
    known: Known | undefined,
    rings: DataRings,
    ofCalls: PvCallsDiagnosis | undefined,
    { nowMs }: SeenTime,
  ): Known {
    const seen = socket.ringId === undefined ? undefined : rings.seen(socket.ringId);
    const unseen = socket.ring && !seen ? rings.whyUnseen(socket.ring) : undefined;
    const { version } = socket;
    const ring = seen?.row;
    const listener = socket.listener?.goneAt ? undefined : socket.listener?.key;
    const said = moreSerious(ofCalls, troubleOf(ring?.verdict));
    const diagnosis = known && isStillSaid(known, said, nowMs) ? known.diagnosis : said;
    const isSameSaid = known !== undefined && known.diagnosis === diagnosis;
    const isSame =
      known?.version === version &&
      known.ring === ring &&
      known.unseen === unseen &&
      known.listener === listener &&
      isSameSaid;
    if (isSame) return known;
    const row = rowOf(socket, seen, unseen, listener, diagnosis);
    const isSameBeside =
      known?.version === version &&
      known.unseen === unseen &&
      known.listener === listener &&
      known.row.state === row.state &&
      known.row.rings?.ring === row.rings?.ring &&
      isSameSaid &&
      isSameButFlow(known.row.in, row.in) &&
      isSameButFlow(known.row.out, row.out);
    const shape = isSameBeside ? known.shape : ++this.#shapes;
    const ringTrouble = said === ofCalls ? undefined : diagnosis;
    const saidMs = isSameSaid ? known.saidMs : nowMs;
    return { row, ringTrouble, shape, version, ring, unseen, diagnosis, saidMs, listener };
  }
}

function rowOf(
  socket: SocketSeen,
  seen: SeenRing | undefined,
  unseen: string | undefined,
  listener: string | undefined,
  diagnosis: PvCallsDiagnosis | undefined,
): PvCallsSocketRow {
  const { key, id, since, known, local, remote, backlog, failure, pending } = socket;
  const [into, out] = seen ? [directionOf(seen, 0), directionOf(seen, 1)] : [];
  const rings = ringsOf(socket, seen, unseen);
  return {
    key,
    ...(id !== undefined && { id: String(id) }),
    state: stateOf(socket, into, out),
    sinceMs: since.nowMs,
    known,
    ...(local !== undefined && { local }),
    ...(remote !== undefined && { remote }),
    ...(listener !== undefined && { listener }),
    ...(backlog !== undefined && socket.state === 'listening' && { backlog }),
    ...(rings && { rings }),
    ...(into && { in: into }),
    ...(out && { out }),
    outstanding: [...pending].map(({ reqId, title, sentAt, seenAt }) => ({
      reqId,
      cmd: title,
      sinceMs: (sentAt ?? seenAt).nowMs,
    })),
    ...(failure && { failure }),
    ...(diagnosis && { diagnosis }),
  };
}

function ringsOf(
  { place }: SocketSeen,
  seen: SeenRing | undefined,
  unseen: string | undefined,
): PvCallsRings | undefined {
  if (!place) return undefined;
  if (!seen) return { ...place, ...(unseen !== undefined && { unseen }) };
  const { ringBytes, edition } = seen.sampler.page;
  return {
    ...place,
    ...(ringBytes && { order: pvcallsOrder(ringBytes[0]) }),
    ...(edition && { edition }),
    ring: seen.row.id,
  };
}

/** Connected, until both of its rings say that they have ended. */
function stateOf(
  { state }: SocketSeen,
  into: PvCallsDirection | undefined,
  out: PvCallsDirection | undefined,
): PvCallsSocketState {
  return state === 'connected' && into?.error && out?.error ? 'closed' : state;
}

function directionOf({ row, sampler }: SeenRing, which: 0 | 1): PvCallsDirection | undefined {
  const direction = row.directions[which];
  const counter = sampler.directions[which]?.counter;
  if (!direction || !counter) return undefined;
  const { name, usedBytes, producedPerSecond, sizeBytes, insane } = direction;
  const error = errnoOf(errorWord(sampler, name));
  return {
    usedBytes,
    bytes: counter.totalProducedBytes,
    perSecond: producedPerSecond,
    sizeBytes,
    insane,
    ...(error && { error }),
  };
}

function errorWord(page: PageSampler, name: string): number {
  const field = page.layout.layout.fields[`${name}_error`];
  return field && page.hasRead ? page.field(field) | 0 : 0;
}

/** But for what passes. */
function isSameButFlow(one: PvCallsDirection | undefined, other: PvCallsDirection | undefined): boolean {
  return (
    one?.sizeBytes === other?.sizeBytes &&
    one?.insane === other?.insane &&
    one?.error?.ret === other?.error?.ret
  );
}

/** Whether what was told before does for what is said now. */
function isStillSaid(
  { diagnosis, saidMs }: Known,
  said: PvCallsDiagnosis | undefined,
  nowMs: number,
): boolean {
  if (!diagnosis || !said || !goesOn(diagnosis, said)) return false;
  return Math.abs(nowMs - saidMs) < newWordsIntervalMs || isSameDiagnosis(diagnosis, said);
}
