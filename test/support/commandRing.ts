/** A command ring of PV Calls with both ends in the hands of a test, as an observer finds it. */
import type { ObservedPage } from '../../server/host/observer';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';
import { genericRingSlotOffset } from '../../server/wire/genericRing';
import { pvcallsCommands } from '../../server/wire/pvcalls/commands';
import type { PvCallsCommand } from '../../server/wire/pvcalls/commands';
import { writePvCallsRequest, writePvCallsResponse, type PvCallsCall } from '../../server/wire/pvcalls/slots';
import { SlotPage } from './slotPage';

const slotBytes = 64;

export class CommandRing {
  readonly page: SlotPage;

  constructor(startIndex = 0) {
    const nodes = { 'ring-ref': '8', port: '5' };
    this.page = new SlotPage({ deviceClass: 'pvcalls', nodes, startIndex });
  }

  get observed(): ObservedPage {
    return this.page.observed;
  }

  get device(): DeviceRing {
    return this.page.device;
  }

  /** A whole slot, which the frontend publishes. */
  request(reqId: number, call: PvCallsCall): void {
    this.requestBytes(writePvCallsRequest(reqId, call));
  }

  requestBytes(bytes: Uint8Array): void {
    this.#put('req_prod', bytes);
  }

  /** As backends write it: the slot keeps what lies behind. */
  respond(reqId: number, cmd: PvCallsCommand | number, ret: number, id: bigint): void {
    const number = typeof cmd === 'number' ? cmd : pvcallsCommands[cmd];
    this.#put('rsp_prod', writePvCallsResponse({ reqId, cmd: number, ret, id }));
  }

  /** The bytes of a slot, to be written into. */
  slot(index: number): Buffer {
    const start = genericRingSlotOffset(index, slotBytes, this.page.slots);
    return this.page.bytes.subarray(start, start + slotBytes);
  }

  #put(word: 'req_prod' | 'rsp_prod', bytes: Uint8Array): void {
    const index = this.page.word(word);
    this.slot(index).set(bytes);
    this.page.setWord(word, index + 1);
  }
}
