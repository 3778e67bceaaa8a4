import assert from 'node:assert/strict';
import { CONSOLE_PAGE } from '../../server/wire/consoleRing';
import { FLEX_RING_INDEXES, flexRingBytes } from '../../server/wire/flexRing';
import {
  GENERIC_RING,
  genericRingOccupancy,
  genericRingSlotOffset,
  genericRingSlots,
} from '../../server/wire/genericRing';
import type { Layout } from '../../server/wire/layout';
import { XS_RING_PAGE, xsRingErrorMeaning, xsRingFeatureNames } from '../../server/wire/xsRing';

describe('layouts of shared pages', () => {
  for (const layout of [XS_RING_PAGE, GENERIC_RING, FLEX_RING_INDEXES, CONSOLE_PAGE] as Layout[]) {
    it(`${layout.name} keeps its fields apart, aligned and inside the page`, () => {
      const fields = Object.values(layout.fields).sort((a, b) => a.offsetBytes - b.offsetBytes);
      let end = 0;
      for (const field of fields) {
        assert.ok(field.offsetBytes >= end, `${field.name} overlaps the field before it`);
        assert.equal(field.offsetBytes % field.widthBytes, 0, `${field.name} is not aligned`);
        end = field.offsetBytes + field.widthBytes;
      }
      assert.ok(end <= layout.sizeBytes);
    });
  }

  it('counts the slots of the rings as the headers do', () => {
    const onePage: Array<[string, number, number]> = [
      ['blkif', 112, 32],
      ['netif_tx', 12, 256],
      ['netif_rx', 8, 256],
      ['pvcalls', 64, 32],
      ['vscsiif', 252, 16],
    ];
    for (const [name, slotBytes, slots] of onePage)
      assert.equal(genericRingSlots(4096, slotBytes), slots, name);
    assert.equal(genericRingSlots(16 * 4096, 112), 512);
    assert.equal(genericRingSlots(100, 64), 0);
    assert.equal(genericRingSlotOffset(32, 64, 32), 64);
    assert.equal(flexRingBytes(1), 4096);
    assert.equal(flexRingBytes(9), 1 << 20);
  });

  it('says of a generic ring what can be known from outside', () => {
    const idle = { reqProd: 5, rspProd: 5, reqEvent: 6, rspEvent: 6 };
    assert.deepEqual(genericRingOccupancy(idle, 32), {
      kind: 'sane',
      inFlight: 0,
      backendIdle: true,
      frontendIdle: true,
    });
    assert.equal(genericRingOccupancy({ ...idle, reqProd: 38 }, 32).kind, 'insane');
    assert.equal(
      genericRingOccupancy({ reqProd: 2, rspProd: 0xfffffffe, reqEvent: 3, rspEvent: 0 }, 32).kind,
      'sane',
    );
  });

  it('has words for every feature bit and error value', () => {
    assert.deepEqual(xsRingFeatureNames(3), ['reconnection', 'error word']);
    assert.deepEqual(xsRingFeatureNames(0x80000001), ['reconnection', '0x80000000']);
    assert.match(xsRingErrorMeaning(2), /indices/);
    assert.match(xsRingErrorMeaning(77), /77/);
  });
});
