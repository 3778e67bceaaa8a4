/** The page of indices of a socket of PV Calls, with both ends in the hands of a test, as an observer finds it. */
import type { ObservedInside, ObservedPage } from '../../server/host/observer';
import { pvcallsEditions, pvcallsRingBytes, writePvCallsDataPage } from '../../server/wire/pvcalls/dataPage';
import type { PvCallsEdition } from '../../server/wire/pvcalls/dataPage';
import { CommandRing } from './commandRing';

type Word = keyof PvCallsEdition['indexes']['fields'];

export class SocketPage {
  readonly bytes = Buffer.alloc(4096);
  readonly edition: PvCallsEdition;
  readonly ringBytes: number;
  isGone = false;
  /** Given, the page is one of a simulated host. */
  inside: ObservedInside | undefined;

  constructor({ edition = pvcallsEditions.final as PvCallsEdition, order = 1 } = {}) {
    this.edition = edition;
    this.ringBytes = pvcallsRingBytes(order);
    const refs = Array.from({ length: 2 ** order }, (_, page) => 100 + page);
    writePvCallsDataPage((offset, value) => this.bytes.writeUInt32LE(value, offset), order, refs, edition);
  }

  get observed(): ObservedPage {
    const inside = () => this.inside;
    const { ringBytes, edition } = this;
    const { device } = new CommandRing();
    return {
      id: 'device:3:pvcalls/0/socket-5',
      kind: 'device',
      domid: 3,
      device: {
        ...device,
        name: 'socket 5',
        format: { kind: 'pvcallsData' },
        grefs: [77],
        port: 12,
        node: 'CONNECT 1',
      },
      ringBytes: [ringBytes, ringBytes],
      edition: edition.name,
      found: 'made by a test',
      copy: (into, offset = 0) => {
        into.set(this.bytes.subarray(offset, offset + into.length));
        return !this.isGone;
      },
      get inside() {
        return inside();
      },
    };
  }

  word(name: Word): number {
    return this.bytes.readUInt32LE(this.edition.indexes.fields[name].offsetBytes);
  }

  set(name: Word, value: number): void {
    this.bytes.writeUInt32LE(value >>> 0, this.edition.indexes.fields[name].offsetBytes);
  }

  /** As much as the ring holds may wait. */
  write(ring: 'in' | 'out', bytes: number): void {
    this.set(`${ring}_prod`, this.word(`${ring}_prod`) + bytes);
  }

  read(ring: 'in' | 'out', bytes: number): void {
    this.set(`${ring}_cons`, this.word(`${ring}_cons`) + bytes);
  }
}
