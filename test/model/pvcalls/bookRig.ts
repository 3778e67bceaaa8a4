/** A PV Calls device whose both ends are in the hands of a test, and the calls that a test puts into its ring. */
import { CommandTap } from '../../../server/capture/commandTap';
import { diagnosePvCalls } from '../../../server/doctor/pvcalls/pvcallsDoctor';
import { type DeviceSurroundings, PvCallsDevice } from '../../../server/model/pvcalls/pvcallsDevice';
import { formatPvCallsAddress } from '../../../server/wire/pvcalls/address';
import type { PvCallsCall } from '../../../server/wire/pvcalls/slots';
import { CommandRing } from '../../support/commandRing';

const addressed = (host: string, port: number) => ({
  address: formatPvCallsAddress({ host, port }),
  addressLengthBytes: 16,
});
export const socket = (id: bigint): PvCallsCall => ({ cmd: 'socket', id, domain: 2, type: 1, protocol: 0 });
export const connect = (id: bigint, ref: number, flags = 0): PvCallsCall => ({
  cmd: 'connect',
  id,
  ...addressed('10.0.0.1', 80),
  flags,
  ref,
  evtchn: 12,
});
export const bind = (id: bigint): PvCallsCall => ({ cmd: 'bind', id, ...addressed('0.0.0.0', 8080) });
export const listen = (id: bigint): PvCallsCall => ({ cmd: 'listen', id, backlog: 5 });
export const accept = (id: bigint, newId: bigint, ref: number): PvCallsCall => ({
  cmd: 'accept',
  id,
  newId,
  ref,
  evtchn: 13,
});
export const release = (id: bigint, reuse = false): PvCallsCall => ({ cmd: 'release', id, reuse });

/** Where no page is looked at but the command ring. */
export const alone: DeviceSurroundings = {
  judge: diagnosePvCalls,
  nameDomain: (domid) => `domain ${domid}`,
  reports: [],
  lookIntervalMs: 10,
  held: () => new Map(),
  seen: () => undefined,
  whyUnseen: () => 'nobody looks',
};

/** A device whose both ends are in the hands of the test. */
export class Rig {
  readonly ring = new CommandRing();
  readonly tap: CommandTap;
  readonly device: PvCallsDevice;
  nowMs = 1_000_000;
  #reqId = 0;

  constructor(isLookedAt = true) {
    const page = this.ring.observed;
    this.tap = new CommandTap(page);
    this.device = new PvCallsDevice(page, this.tap);
    if (isLookedAt) this.look();
  }

  get time() {
    return { nowMs: this.nowMs, activeMs: this.nowMs };
  }

  look(): void {
    this.nowMs += 10;
    this.device.take(this.tap.look(this.nowMs), this.time);
  }

  /** Published, and looked at. */
  ask(call: PvCallsCall): number {
    const reqId = this.#reqId++;
    this.ring.request(reqId, call);
    this.look();
    return reqId;
  }

  answer(reqId: number, call: PvCallsCall, ret = 0): void {
    this.ring.respond(reqId, call.cmd, ret, call.id);
    this.look();
  }

  /** Asked and answered, with a look after each. */
  done(call: PvCallsCall, ret = 0): void {
    this.answer(this.ask(call), call, ret);
  }

  /** Asked and answered between two looks. */
  quick(call: PvCallsCall, ret = 0): void {
    const reqId = this.#reqId++;
    this.ring.request(reqId, call);
    this.ring.respond(reqId, call.cmd, ret, call.id);
  }

  /** `5 connected` of each socket. */
  get sockets(): string[] {
    return [...this.device.sockets.all].map(({ id, state }) => `${id} ${state}`);
  }

  get rings(): string[] {
    return [...this.device.rings()].map(({ name, grefs, port }) => `${name}: ${grefs.join()} ${port}`);
  }

  get calls(): string[] {
    return this.device.callsSince(0).map(({ cmd, known, answered, lost }) => {
      const end = answered ? (answered.error?.name ?? String(answered.ret)) : lost ? 'lost' : '?';
      return `${cmd} ${known} ${end}`;
    });
  }
}
