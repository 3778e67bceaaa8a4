/** Frames of one PV Calls device for one panel: what is new since the frame before. */
import type { SeenTime } from '../model/heldTime';
import type { PvCallsDevice } from '../model/pvcalls/pvcallsDevice';
import type {
  PvCallsDeviceRow,
  PvCallsDeviceState,
  PvCallsDirection,
  PvCallsFlow,
  PvCallsSocketRow,
} from '../model/pvcalls/pvcallsTypes';
import type { ToldSocket } from '../model/pvcalls/socketRows';
import type { ApiNotifications } from './api';
import type { PvCallsDeviceFrame, PvCallsMoved } from './pvcallsApi';

/** A device of which nothing is new is told of this often: ages are counted from what it says. */
export const stillPvCallsIntervalMs = 1_000;

export interface FramesOptions {
  readonly isBusy: () => boolean;
  readonly sendView: (frame: ApiNotifications['xenscope/pvcallsDeviceFrame']) => void;
}

/** Of a device of which no call was seen, at that time in the world of its host. */
export function stateWithoutCalls(row: PvCallsDeviceRow, timeMs: number): PvCallsDeviceState {
  return {
    row,
    timeMs,
    inFlight: [],
    unseen: nothingUnseen,
    kept: [],
    requests: 0,
    responses: 0,
    socketsLeftOut: 0,
    callsLeftOut: 0,
  };
}

const nothingUnseen = {
  requests: 0,
  responses: 0,
  answersOnly: 0,
  inFlight: 0,
  resets: 0,
  tornLooks: 0,
  lookIntervalMs: 0,
};

export class PvCallsFrames {
  readonly #viewId: number;
  readonly #options: FramesOptions;
  /** Whose sockets and calls the editor knows; undefined: of no device. */
  #device: PvCallsDevice | 'unseen' | undefined;
  #isFirst = true;
  #sockets = new Map<string, ToldSocket>();
  /** So many of the calls that were finished. */
  #calls = 0;
  #state = '';
  #sentMs = -Infinity;

  constructor(viewId: number, options: FramesOptions) {
    this.#viewId = viewId;
    this.#options = options;
  }

  /** `unseen`: the row of a device whose calls cannot be seen. */
  send(device: PvCallsDevice | undefined, unseen: PvCallsDeviceRow | undefined, time: SeenTime): void {
    if (this.#options.isBusy()) return;
    if (device) this.#sendSeen(device, time);
    else if (unseen) this.#sendUnseen(unseen, time);
    else this.#sendGone();
  }

  #sendGone(): void {
    if (!this.#isFirst && this.#device === undefined) return;
    this.#begin(undefined);
    this.#isFirst = false;
    this.#options.sendView({ viewId: this.#viewId });
  }

  #sendUnseen(row: PvCallsDeviceRow, { nowMs }: SeenTime): void {
    const whole = this.#begin('unseen');
    const state = stateWithoutCalls(row, nowMs);
    this.#send({ state, whole, sockets: [], moved: [], gone: [], calls: [] }, nowMs);
  }

  #sendSeen(device: PvCallsDevice, time: SeenTime): void {
    const whole = this.#begin(device);
    const before = this.#sockets;
    this.#sockets = new Map();
    const sockets: PvCallsSocketRow[] = [];
    const moved: PvCallsMoved[] = [];
    for (const told of device.told) {
      const { row, shape } = told;
      const known = before.get(row.key);
      before.delete(row.key);
      this.#sockets.set(row.key, told);
      if (known?.row === row) continue;
      if (known?.shape === shape) moved.push(movedOf(row));
      else sockets.push(row);
    }
    const calls = device.callsSince(this.#calls);
    this.#calls = device.calls.finishedSoFar;
    const gone = [...before.keys()];
    this.#send({ state: device.state(time), whole, sockets, moved, gone, calls }, time.nowMs);
  }

  #send(frame: PvCallsDeviceFrame, nowMs: number): void {
    const state = JSON.stringify({ ...frame.state, timeMs: 0 });
    const { whole, sockets, moved, gone, calls } = frame;
    const isNews =
      whole || state !== this.#state || sockets.length + moved.length + gone.length + calls.length > 0;
    if (!isNews && Math.abs(nowMs - this.#sentMs) < stillPvCallsIntervalMs) return;
    this.#state = state;
    this.#sentMs = nowMs;
    this.#options.sendView({ viewId: this.#viewId, frame });
  }

  /** Whether what the editor knows is void. */
  #begin(device: PvCallsDevice | 'unseen' | undefined): boolean {
    const isAnew = this.#isFirst || this.#device !== device;
    this.#device = device;
    if (!isAnew) return false;
    this.#isFirst = false;
    this.#sockets = new Map();
    this.#calls = 0;
    this.#state = '';
    return true;
  }
}

function movedOf({ key, in: into, out }: PvCallsSocketRow): PvCallsMoved {
  return { key, ...(into && { in: flowOf(into) }), ...(out && { out: flowOf(out) }) };
}

function flowOf({ usedBytes, bytes, perSecond }: PvCallsDirection): PvCallsFlow {
  return { usedBytes, bytes, perSecond };
}
