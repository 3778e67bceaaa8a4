/** One socket of a PV Calls device, as the commands at it were seen. */
import type { DeviceRing } from '../../wire/deviceRings/deviceRing';
import type { RingPlace } from '../../wire/pvcalls/slots';
import type { SeenTime } from '../heldTime';
import type { CallSeen } from './callSeen';
import type { PvCallsFailure, PvCallsKnowledge, PvCallsSocketState } from './pvcallsTypes';

export class SocketSeen {
  /** As the commands say: whether its rings have ended, they say themselves. */
  state: PvCallsSocketState = 'unknown';
  since: SeenTime;
  local: string | undefined;
  remote: string | undefined;
  listener: SocketSeen | undefined;
  backlog: number | undefined;
  /** Where its data rings are; undefined while it has none, or nobody saw where. */
  place: RingPlace | undefined;
  /** As an observer is told of them. */
  ring: DeviceRing | undefined;
  /** As an observer calls them. */
  ringId: string | undefined;
  failure: PvCallsFailure | undefined;
  /** Commands at it that wait, the oldest first. */
  readonly pending = new Set<CallSeen>();
  /** Released, or forgotten. */
  goneAt: SeenTime | undefined;
  /** Counts up with each change of what is told of it, but what its rings tell. */
  version = 0;

  /** `id` is undefined where nothing but its data rings was found. */
  constructor(
    readonly key: string,
    readonly id: bigint | undefined,
    readonly known: PvCallsKnowledge,
    time: SeenTime,
  ) {
    this.since = time;
  }

  enter(state: PvCallsSocketState, time: SeenTime): void {
    this.version++;
    if (this.state === state) return;
    this.state = state;
    this.since = time;
  }

  fail(failure: PvCallsFailure): void {
    this.version++;
    this.failure = failure;
  }

  begin(call: CallSeen): void {
    this.version++;
    this.pending.add(call);
  }

  end(call: CallSeen): void {
    if (this.pending.delete(call)) this.version++;
  }
}
