import assert from 'node:assert/strict';
import fc from 'fast-check';
import { genericRingOccupancy, genericRingSlots } from '../../server/wire/genericRing';
import { BLKIF_RING } from '../../server/wire/slotRings/blkif';
import { decodeSlot } from '../../server/wire/slotRings/decodeSlot';
import { NETIF_RX_RING, NETIF_TX_RING } from '../../server/wire/slotRings/netif';
import { PVCALLS_RING } from '../../server/wire/slotRings/pvcallsCommands';
import { layoutsOf } from '../../server/wire/slotRings/slotRing';
import { slotRings } from '../../server/wire/slotRings/slotRings';

const words = fc.integer({ min: 0, max: 0xffff_ffff });

function textOf(ring: (typeof slotRings)[number], what: 'requests' | 'responses', bytes: Uint8Array) {
  const { layout, values } = decodeSlot(ring[what], bytes);
  const told = values.map(
    ({ name, value, says }) => `${name}=${value}${says === undefined ? '' : ` ${says}`}`,
  );
  return `${layout.name}: ${told.join('; ')}`;
}

describe('slots of rings', () => {
  for (const ring of slotRings) {
    for (const layout of [...layoutsOf(ring.requests), ...layoutsOf(ring.responses)]) {
      it(`${ring.name}: ${layout.name} keeps its fields apart and inside the slot`, () => {
        assert.ok(layout.sizeBytes <= ring.slotBytes);
        let end = 0;
        for (const { name, offsetBytes, widthBytes } of layout.fields) {
          assert.ok(offsetBytes >= end, `${name} overlaps the field before it`);
          end = offsetBytes + widthBytes;
        }
        assert.ok(end <= layout.sizeBytes);
      });
    }
  }

  it('has as many slots as the headers make', () => {
    const counts = slotRings.map(({ name, slotBytes }) => [
      name,
      genericRingSlots(4096, slotBytes),
      genericRingSlots(16 * 4096, slotBytes),
    ]);
    assert.deepEqual(counts, [
      ['blkif', 32, 512],
      ['blkif, 32 bits', 32, 512],
      ['netif_tx', 256, 4096],
      ['netif_rx', 256, 4096],
      ['xen_netif_ctrl', 128, 2048],
      ['xen_pvcalls', 32, 512],
      ['xen_displif', 32, 512],
      ['xen_sndif', 32, 512],
      ['xen_cameraif', 32, 512],
      ['vscsiif', 16, 256],
      ['usbif_urb', 16, 256],
      ['usbif_conn', 512, 8192],
    ]);
  });

  it('reads a read of two segments, and no segment that is not used', () => {
    const slot = Buffer.alloc(112);
    slot.writeUInt8(0, 0);
    slot.writeUInt8(2, 1);
    slot.writeUInt16LE(51712, 2);
    slot.writeBigUInt64LE(7n, 8);
    slot.writeBigUInt64LE(2n ** 40n, 16);
    slot.writeUInt32LE(900, 24);
    slot.writeUInt8(7, 29);
    slot.writeUInt32LE(901, 32);
    slot.writeUInt8(3, 36);
    slot.writeUInt8(5, 37);
    assert.equal(
      textOf(BLKIF_RING, 'requests', slot),
      'struct blkif_request: operation=0 read; nr_segments=2; handle=51712; id=7; sector_number=1099511627776; ' +
        'seg[0].gref=900; seg[0].first_sect=0; seg[0].last_sect=7; seg[1].gref=901; seg[1].first_sect=3; seg[1].last_sect=5',
    );
  });

  it('takes the structure that the operation chooses, and the usual one for what nobody named', () => {
    const slot = Buffer.alloc(112);
    const nameFor = (operation: number) => {
      slot[0] = operation;
      return decodeSlot(BLKIF_RING.requests, slot).layout.name;
    };
    assert.equal(nameFor(5), 'struct blkif_request_discard');
    assert.equal(nameFor(6), 'struct blkif_request_indirect');
    assert.equal(nameFor(200), 'struct blkif_request');
    const connect = Buffer.alloc(64);
    connect.writeUInt32LE(9, 0);
    connect.writeUInt32LE(1, 4);
    connect.writeUInt16LE(2, 16);
    connect.writeUInt16BE(8080, 18);
    connect.set([127, 0, 0, 1], 20);
    assert.match(textOf(PVCALLS_RING, 'requests', connect), /cmd=1 connect;.*addr=127\.0\.0\.1:8080 IPv4/);
    connect.writeUInt16LE(10, 16);
    assert.match(textOf(PVCALLS_RING, 'requests', connect), /addr=0a 00 1f 90/);
  });

  it('tells negative results, flags and lengths', () => {
    const response = Buffer.alloc(24);
    response.writeInt32LE(-107, 8);
    assert.match(textOf(PVCALLS_RING, 'responses', response), /ret=-107 ENOTCONN/);
    const tx = Buffer.alloc(12);
    tx.writeUInt16LE(0x8009, 6);
    assert.match(textOf(NETIF_TX_RING, 'requests', tx), /flags=32777 checksum blank, extra info, 0x8000/);
    const rx = Buffer.alloc(8);
    rx.writeInt16LE(-1, 6);
    assert.match(textOf(NETIF_RX_RING, 'responses', rx), /status=-1$/);
  });

  it('decodes any bytes, and as few as there are', () => {
    fc.assert(
      fc.property(fc.constantFrom(...slotRings), fc.uint8Array({ maxLength: 260 }), (ring, bytes) => {
        for (const layouts of [ring.requests, ring.responses]) {
          const { layout, values } = decodeSlot(layouts, bytes);
          assert.ok(layoutsOf(layouts).includes(layout));
          assert.ok(values.length <= layout.fields.length);
          for (const { value } of values) assert.ok(value.length < 400);
        }
      }),
    );
  });
});

describe('what is in flight in a slot ring', () => {
  const slotCounts = fc.constantFrom(16, 32, 256, 4096);

  it('is what a frontend and a backend made it, across the wrap', () => {
    fc.assert(
      fc.property(slotCounts, words, fc.array(fc.nat(64), { maxLength: 60 }), (slots, start, steps) => {
        let [asked, answered] = [0, 0];
        steps.forEach((step, at) => {
          if (at % 2 === 0) asked += Math.min(step, slots - (asked - answered));
          else answered += Math.min(step, asked - answered);
          const [reqProd, rspProd] = [(start + asked) >>> 0, (start + answered) >>> 0];
          const event = { reqEvent: (reqProd + 1) >>> 0, rspEvent: rspProd };
          assert.deepEqual(genericRingOccupancy({ reqProd, rspProd, ...event }, slots), {
            kind: 'sane',
            inFlight: asked - answered,
            backendIdle: true,
            frontendIdle: false,
          });
        });
      }),
    );
  });

  it('is never more than there are slots, whatever stands in the words', () => {
    fc.assert(
      fc.property(slotCounts, words, words, words, words, (slots, reqProd, rspProd, reqEvent, rspEvent) => {
        const said = genericRingOccupancy({ reqProd, rspProd, reqEvent, rspEvent }, slots);
        if (said.kind === 'sane') assert.ok(said.inFlight <= slots);
        else assert.ok(said.distance > slots);
      }),
    );
  });

  it('says by how many the responses are ahead', () => {
    const ahead = { reqProd: 3, rspProd: 10, reqEvent: 0, rspEvent: 0 };
    assert.deepEqual(genericRingOccupancy(ahead, 32), {
      kind: 'insane',
      distance: 0xffff_fff9,
      responsesAhead: 7,
    });
    const tooMany = { reqProd: 43, rspProd: 10, reqEvent: 0, rspEvent: 0 };
    assert.deepEqual(genericRingOccupancy(tooMany, 32), { kind: 'insane', distance: 33 });
  });
});
