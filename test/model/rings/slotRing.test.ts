import assert from 'node:assert/strict';
import fc from 'fast-check';
import { diagnose } from '../../../server/doctor/doctor';
import { maxListedSlots } from '../../../server/model/rings/slotDetail';
import type { RingsFrame } from '../../../server/model/rings/ringTypes';
import { RingWatch } from '../../../server/model/rings/ringWatch';
import { ManualClock } from '../../sim/manualClock';
import { PageObserver } from '../../support/observedPage';
import { networkNodes, SlotPage, type SlotPageOptions } from '../../support/slotPage';

function rig(options?: SlotPageOptions) {
  const page = new SlotPage(options);
  const clock = new ManualClock();
  const watch = new RingWatch({ observer: new PageObserver([page.observed]), clock, judge: diagnose });
  const frames: RingsFrame[] = [];
  watch.subscribe((frame) => frames.push(frame), { intervalMs: 100 });
  const { id } = page.observed;
  clock.tick(100);
  return { page, clock, id, row: () => frames.at(-1)!.rings[0]!, view: () => watch.detail(id)!, watch };
}

const network = (which: 0 | 1): SlotPageOptions => ({ deviceClass: 'vif', nodes: networkNodes, which });
const asRead = (slot: Buffer, index: number) => {
  slot.writeUInt8(1, 1);
  slot.writeBigUInt64LE(BigInt(index), 8);
};

describe('a ring of slots', () => {
  it('is a row of its device, with what is in flight', () => {
    const { page, clock, row } = rig();
    page.ask(5);
    page.answer(2);
    clock.tick(100);
    const { id, kind, device, directions, slots } = row();
    assert.deepEqual([id, kind, directions], ['device:3:vbd/0', 'device', []]);
    assert.deepEqual(device, {
      title: 'vbd 0',
      deviceClass: 'vbd',
      devid: '0',
      backendDomid: 0,
      grefs: [8],
      port: 5,
      carries: 'a request to the disk',
    });
    assert.deepEqual(
      [slots!.inFlight, slots!.slots, slots!.reqProd, slots!.rspProd, slots!.insane],
      [3, 32, 5, 2, false],
    );
  });

  it('tells requests and responses per second, and the same row while nothing moves', () => {
    const { page, clock, row } = rig();
    for (let look = 0; look < 30; look++) {
      page.ask(2);
      page.answer();
      clock.tick(100);
    }
    const { requestsPerSecond, responsesPerSecond } = row().slots!;
    assert.deepEqual([Math.round(requestsPerSecond), Math.round(responsesPerSecond)], [20, 20]);
    page.backendSleeps();
    clock.tick(30_000);
    const rested = row();
    page.copiedBytes = 0;
    clock.tick(10_000);
    assert.equal(row(), rested);
    assert.equal(page.copiedBytes % 16, 0, 'its four words are read, and nothing else');
  });

  it('lists what waits, oldest first, and what was answered, newest first, with names for all fields', () => {
    const { page, clock, view } = rig();
    page.ask(4, asRead);
    page.answer(2, (slot, index) => slot.writeBigUInt64LE(BigInt(index), 0));
    clock.tick(100);
    const { slotsDetail, segments, page: bytes } = view();
    const told = (at: 'inFlight' | 'answered') =>
      slotsDetail![at].map(({ index, slot, values }) => [
        index,
        slot,
        values.find(({ name }) => name === 'id')?.value,
      ]);
    assert.deepEqual(told('inFlight'), [
      [2, 2, '2'],
      [3, 3, '3'],
    ]);
    assert.deepEqual(told('answered'), [
      [1, 1, '1'],
      [0, 0, '0'],
    ]);
    assert.equal(slotsDetail!.meanings['struct blkif_request']?.['operation'], 'What is asked for.');
    assert.equal(Buffer.from(bytes, 'base64').length, 4096);
    const queued = segments.filter(({ role }) => role === 'queued');
    assert.deepEqual(queued, [{ start: 64 + 2 * 112, end: 64 + 4 * 112, role: 'queued' }]);
  });

  it('lists no more than anybody reads, and says how many more there are', () => {
    const { page, clock, view } = rig(network(0));
    page.ask(256);
    clock.tick(100);
    const { inFlight, inFlightLeftOut, answered } = view().slotsDetail!;
    assert.deepEqual(
      [inFlight.length, inFlightLeftOut, answered.length],
      [maxListedSlots, 256 - maxListedSlots, 0],
    );
  });

  it('has a history of what was in flight', () => {
    const { page, clock, watch, id } = rig();
    page.ask(7);
    clock.tick(200);
    const { directions } = watch.strip(id)!;
    assert.equal(directions[0]!.name, 'slots');
    assert.equal(directions[0]!.usedBytes.at(-1), 7);
    assert.ok(directions[0]!.producedBytes.includes(7));
  });

  it('that is full is judged by how long that lasts, also where requests may wait', () => {
    const { page, clock, row } = rig({ deviceClass: 'pvcalls', nodes: { 'ring-ref': '8', port: '3' } });
    page.ask(page.slots);
    page.backendSleeps();
    clock.tick(10_000);
    assert.equal(row().verdict.rule, 'full');
    const { evidence } = row().verdict;
    clock.tick(5_000);
    assert.notDeepEqual(row().verdict.evidence, evidence, 'for how long is told anew');
  });

  it('is told of whatever stands in its pages, and covered by its segments without a gap', () => {
    const options = fc.constantFrom<SlotPageOptions>(
      {},
      { nodes: { 'ring-ref': '8', protocol: 'x86_32-abi' } },
      { nodes: { 'ring-page-order': '1', 'ring-ref0': '8', 'ring-ref1': '9' } },
      network(0),
      network(1),
      { deviceClass: 'pvcalls', nodes: { 'ring-ref': '8', port: '3' } },
      { deviceClass: 'vscsi' },
    );
    const writes = fc.array(fc.tuple(fc.nat(4095), fc.uint8Array({ minLength: 1, maxLength: 40 })), {
      maxLength: 8,
    });
    const words = fc.tuple(fc.nat(300), fc.nat(300));
    fc.assert(
      fc.property(options, fc.array(fc.tuple(words, writes), { maxLength: 5 }), (which, steps) => {
        const { page, clock, view } = rig(which);
        for (const [[reqProd, rspProd], bytes] of steps) {
          page.setWord('req_prod', reqProd);
          page.setWord('rsp_prod', rspProd);
          for (const [at, some] of bytes) page.bytes.set(some.subarray(0, page.bytes.length - at), at);
          clock.tick(100);
          const { row, segments, slotsDetail, page: shown } = view();
          assert.ok(row.slots!.inFlight <= row.slots!.slots);
          assert.ok(slotsDetail!.inFlight.length <= maxListedSlots);
          assert.doesNotMatch(JSON.stringify(row.verdict), /undefined|NaN/);
          let end = 0;
          for (const segment of segments) {
            assert.equal(segment.start, end);
            end = segment.end;
          }
          assert.equal(end, Buffer.from(shown, 'base64').length);
        }
      }),
      { numRuns: 60 },
    );
  });
});
