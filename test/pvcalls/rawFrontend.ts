/** A frontend that a test plays by hand: it puts any slot into the ring, and reads whatever is answered. */
import assert from 'node:assert/strict';
import type { EventPort } from '../../server/host/events';
import type { Shared } from '../../server/host/grants';
import type { RingWork } from '../../server/host/microSteps';
import { SOCKADDR_IN_BYTES, formatPvCallsAddress } from '../../server/wire/pvcalls/address';
import { writePvCallsDataPage } from '../../server/wire/pvcalls/dataPage';
import {
  PVCALLS_SLOT_BYTES,
  parsePvCallsResponse,
  writePvCallsRequest,
} from '../../server/wire/pvcalls/slots';
import type { PvCallsCall, PvCallsResponse } from '../../server/wire/pvcalls/slots';
import { FrontRing } from '../../server/xenbus/rings/slotRingEnds';
import { BACK, until } from './rig';
import type { CommandPage, PvCallsRig } from './rig';

export interface RawRings {
  readonly control: Shared;
  readonly data: Shared;
  readonly port: EventPort;
  readonly ref: number;
  readonly evtchn: number;
  /** A word of the page of indices. */
  word(offset: number): number;
  setWord(offset: number, value: number): void;
}

export class RawFrontend {
  readonly page: CommandPage;
  readonly #ring: FrontRing;
  readonly #answers: PvCallsResponse[] = [];
  #lastReqId = 0;

  constructor(private readonly rig: PvCallsRig) {
    this.page = rig.shareCommands();
    this.#ring = new FrontRing({
      memory: this.page.memory,
      port: this.page.port,
      slotBytes: PVCALLS_SLOT_BYTES,
      name: 'pvcalls',
    });
    rig.front.onEvent = () => this.#take();
  }

  /** What was answered and not looked for yet. */
  get answers(): readonly PvCallsResponse[] {
    return this.#answers;
  }

  /** Forgets all answers so far, and says how many there were. */
  takeAll(): number {
    return this.#answers.splice(0).length;
  }

  /** Puts slots into the ring as they are, all with one ring of the bell. */
  send(...slots: readonly Buffer[]): void {
    assert.ok(slots.length <= this.#ring.free, 'the ring has room');
    run(this.#ring.push(slots));
  }

  /** Asks without waiting; answers the number of the request. */
  ask(call: PvCallsCall): number {
    const reqId = ++this.#lastReqId;
    this.send(writePvCallsRequest(reqId, call));
    return reqId;
  }

  async answer(reqId: number): Promise<PvCallsResponse> {
    let place = -1;
    await until(() => {
      place = this.#answers.findIndex((each) => each.reqId === reqId);
      return place >= 0;
    });
    return this.#answers.splice(place, 1)[0]!;
  }

  async call(call: PvCallsCall): Promise<number> {
    const { ret, id } = await this.answer(this.ask(call));
    assert.equal(id, call.id, 'the id comes back');
    return ret;
  }

  socket(id: bigint): Promise<number> {
    return this.call({ cmd: 'socket', id, domain: 2, type: 1, protocol: 0 });
  }

  bind(id: bigint, host: string, port: number): Promise<number> {
    return this.call({ cmd: 'bind', id, ...addressed(host, port) });
  }

  connect(id: bigint, host: string, port: number, { ref, evtchn }: Pick<RawRings, 'ref' | 'evtchn'>) {
    return this.call({ cmd: 'connect', id, ...addressed(host, port), flags: 0, ref, evtchn });
  }

  release(id: bigint, reuse = false): Promise<number> {
    return this.call({ cmd: 'release', id, reuse });
  }

  /** Pages and a channel for a socket. `claim` is the order that the page claims, where that is not the truth. */
  rings(order: number, claim = order): RawRings {
    const { resources } = this.rig.front;
    const control = resources.share(BACK, 1);
    const data = resources.share(BACK, 2 ** order);
    const port = resources.bindUnbound(BACK);
    const setWord = (offset: number, value: number) => control.memory.store32(offset, value >>> 0);
    writePvCallsDataPage(setWord, claim, data.grefs);
    return {
      control,
      data,
      port,
      ref: control.grefs[0]!,
      evtchn: port.port,
      word: (offset) => control.memory.load32(offset),
      setWord,
    };
  }

  giveBack(rings: RawRings): void {
    const { resources } = this.rig.front;
    resources.close(rings.port);
    resources.end(rings.data);
    resources.end(rings.control);
  }

  #take(): void {
    run(this.#ring.take((slot) => this.#answers.push(parsePvCallsResponse(slot))));
  }
}

export function addressed(host: string, port: number) {
  return { address: formatPvCallsAddress({ host, port }), addressLengthBytes: SOCKADDR_IN_BYTES };
}

/** Does a work in one piece. */
export function run(work: RingWork<void>): void {
  while (!work.next('do').done);
}
