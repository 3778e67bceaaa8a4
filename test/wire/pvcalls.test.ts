import assert from 'node:assert/strict';
import fc from 'fast-check';
import { genericRingSlotOffset, genericRingSlots } from '../../server/wire/genericRing';
import {
  addressText,
  formatPvCallsAddress,
  parseIpv4,
  parsePvCallsAddress,
} from '../../server/wire/pvcalls/address';
import { pvcallsCommands } from '../../server/wire/pvcalls/commands';
import {
  pvcallsEditions,
  pvcallsRingBytes,
  readPvCallsDataPage,
  writePvCallsDataPage,
  findPvCallsEdition,
} from '../../server/wire/pvcalls/dataPage';
import {
  isPvCallsErrorName,
  pvcallsErrorName,
  pvcallsErrors,
  pvcallsRet,
} from '../../server/wire/pvcalls/errno';
import {
  PVCALLS_RESPONSE_BYTES,
  PVCALLS_SLOT_BYTES,
  parsePvCallsRequest,
  parsePvCallsResponse,
  writePvCallsRequest,
  writePvCallsResponse,
} from '../../server/wire/pvcalls/slots';
import type { PvCallsCall } from '../../server/wire/pvcalls/slots';

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const id = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const addressed = {
  address: fc.uint8Array({ minLength: 28, maxLength: 28 }).map((bytes) => Buffer.from(bytes)),
  addressLengthBytes: word,
};
const call: fc.Arbitrary<PvCallsCall> = fc.oneof(
  fc.record({ cmd: fc.constant('socket' as const), id, domain: word, type: word, protocol: word }),
  fc.record({ cmd: fc.constant('connect' as const), id, ...addressed, flags: word, ref: word, evtchn: word }),
  fc.record({ cmd: fc.constant('release' as const), id, reuse: fc.boolean() }),
  fc.record({ cmd: fc.constant('bind' as const), id, ...addressed }),
  fc.record({ cmd: fc.constant('listen' as const), id, backlog: word }),
  fc.record({ cmd: fc.constant('accept' as const), id, newId: id, ref: word, evtchn: word }),
  fc.record({ cmd: fc.constant('poll' as const), id }),
);

function pageOf() {
  const page = Buffer.alloc(4096);
  return {
    page,
    load: (offset: number) => page.readUInt32LE(offset),
    store: (offset: number, value: number) => void page.writeUInt32LE(value, offset),
  };
}

describe('commands of PV Calls', () => {
  it('come out of a slot as they went in, all seven', () => {
    fc.assert(
      fc.property(word, call, (reqId, asked) => {
        const slot = writePvCallsRequest(reqId, asked);
        assert.equal(slot.length, PVCALLS_SLOT_BYTES);
        assert.equal(slot.readUInt32LE(4), pvcallsCommands[asked.cmd]);
        assert.deepEqual(parsePvCallsRequest(slot), { reqId, ...asked });
      }),
    );
  });

  it('keep pages by a 1 alone: Linux leaves there what the slot held before', () => {
    const slot = Buffer.from(writePvCallsRequest(1, { cmd: 'release', id: 2n, reuse: true }));
    for (const [byte, reuse] of [
      [0, false],
      [1, true],
      [2, false],
      [0x80, false],
    ] as const) {
      slot[16] = byte;
      assert.deepEqual(parsePvCallsRequest(slot), { reqId: 1, cmd: 'release', id: 2n, reuse });
    }
  });

  it('lie where the header has them', () => {
    const connect = writePvCallsRequest(0x01020304, {
      cmd: 'connect',
      id: 0x1122334455667788n,
      address: formatPvCallsAddress({ host: '10.1.2.3', port: 8080 }),
      addressLengthBytes: 16,
      flags: 5,
      ref: 6,
      evtchn: 7,
    });
    assert.equal(
      connect.toString('hex'),
      '04030201' +
        '01000000' +
        '8877665544332211' +
        '0200' +
        '1f90' +
        '0a010203' +
        '00'.repeat(20) +
        '10000000' +
        '05000000' +
        '06000000' +
        '07000000' +
        '00000000',
    );
    const accept = writePvCallsRequest(1, { cmd: 'accept', id: 2n, newId: 3n, ref: 4, evtchn: 5 });
    assert.equal(
      accept.toString('hex', 0, 32),
      '01000000' + '05000000' + '0200000000000000' + '0300000000000000' + '04000000' + '05000000',
    );
    const response = writePvCallsResponse({ reqId: 9, cmd: 1, ret: -111, id: 2n ** 63n });
    assert.equal(
      response.toString('hex'),
      '09000000' + '01000000' + '91ffffff' + '00000000' + '0000000000000080',
    );
  });

  it('case 85: a page holds 32 of them, and the 33rd takes the place of the first', () => {
    const slots = genericRingSlots(4096, PVCALLS_SLOT_BYTES);
    assert.equal(slots, 32);
    assert.equal(genericRingSlotOffset(32, PVCALLS_SLOT_BYTES, slots), 64);
  });

  it('are read out of any bytes, and of as few as there are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const request = parsePvCallsRequest(bytes);
        if (request.cmd === 'unknown') assert.ok(request.number > 6);
        else assert.ok(request.cmd in pvcallsCommands);
        const response = parsePvCallsResponse(bytes);
        assert.ok(response.ret >= -(2 ** 31) && response.ret < 2 ** 31);
        // Whole slots are told again as they were, but for pads and what a flag may stand for.
        if (bytes.length >= PVCALLS_RESPONSE_BYTES) {
          const again = parsePvCallsResponse(writePvCallsResponse(response));
          assert.deepEqual(again, response);
        }
      }),
    );
  });

  it('do not change with the slot that they were read from', () => {
    const slot = writePvCallsRequest(1, {
      cmd: 'bind',
      id: 1n,
      address: formatPvCallsAddress({ host: '127.0.0.1', port: 80 }),
      addressLengthBytes: 16,
    });
    const request = parsePvCallsRequest(slot);
    slot.fill(0xff);
    assert.ok(request.cmd === 'bind');
    const parsed = parsePvCallsAddress(request.address, request.addressLengthBytes);
    assert.ok(parsed.kind === 'ipv4');
    assert.equal(addressText(parsed.address), '127.0.0.1:80');
  });
});

describe('addresses of PV Calls', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  const port = fc.integer({ min: 0, max: 0xffff });

  it('come back as they were written, with every length that may be', () => {
    const host = fc.tuple(octet, octet, octet, octet).map((numbers) => numbers.join('.'));
    fc.assert(
      fc.property(host, port, fc.integer({ min: 16, max: 28 }), (ip, number, length) => {
        const bytes = formatPvCallsAddress({ host: ip, port: number });
        assert.equal(bytes.length, 28);
        assert.deepEqual(parsePvCallsAddress(bytes, length), {
          kind: 'ipv4',
          address: { host: ip, port: number },
        });
      }),
    );
  });

  it('of another family or length say why they cannot be used', () => {
    const bytes = formatPvCallsAddress({ host: '127.0.0.1', port: 80 });
    for (const length of [0, 2, 15, 29, 0xffff_ffff]) {
      const parsed = parsePvCallsAddress(bytes, length);
      assert.ok(parsed.kind === 'bad' && parsed.error === 'EINVAL', `${length} bytes`);
    }
    bytes.writeUInt16LE(10, 0);
    const parsed = parsePvCallsAddress(bytes, 28);
    assert.ok(parsed.kind === 'bad' && parsed.error === 'EAFNOSUPPORT');
    assert.match(parsed.why, /family 10/);
  });

  it('are read out of any bytes of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), word, (bytes, length) => {
        const parsed = parsePvCallsAddress(bytes, length);
        if (parsed.kind === 'ipv4') assert.ok(parseIpv4(parsed.address.host));
      }),
    );
  });

  it('are refused when a person writes what is none', () => {
    for (const host of ['', '1.2.3', '1.2.3.256', '01.2.3.4', '::1', 'localhost', '1.2.3.4.5']) {
      assert.equal(parseIpv4(host), undefined, host);
      assert.throws(() => formatPvCallsAddress({ host, port: 1 }), /is no IPv4 address/);
    }
    assert.throws(() => formatPvCallsAddress({ host: '1.2.3.4', port: 65_536 }), /is no port/);
  });
});

describe('the page of indices of PV Calls', () => {
  it('case 84: has its order at 128 and its grants at 132; the draft had them at 76 and 80', () => {
    const { final, draft7 } = pvcallsEditions;
    assert.equal(final.indexes.fields.ring_order.offsetBytes, 128);
    assert.equal(final.refsOffset, 132);
    assert.equal(draft7.indexes.fields.ring_order.offsetBytes, 76);
    assert.equal(draft7.refsOffset, 80);
    for (const name of ['in_cons', 'in_prod', 'in_error', 'out_cons', 'out_prod', 'out_error'] as const) {
      assert.equal(draft7.indexes.fields[name].offsetBytes, final.indexes.fields[name].offsetBytes, name);
    }
  });

  for (const edition of Object.values(pvcallsEditions)) {
    it(`holds the grants of every order there is, as the ${edition.name} edition has it`, () => {
      for (let order = edition.minOrder; order <= 9; order++) {
        const { load, store } = pageOf();
        const refs = Array.from({ length: 2 ** order }, (_, page) => 1000 + page);
        writePvCallsDataPage(store, order, refs, edition);
        assert.deepEqual(readPvCallsDataPage(load, 9, edition), { kind: 'rings', order, refs });
        assert.equal(pvcallsRingBytes(order) * 2, 2 ** order * 4096);
      }
    });

    it(`is read whatever stands on it, as the ${edition.name} edition has it`, () => {
      fc.assert(
        fc.property(word, fc.nat(12), (order, most) => {
          const { page, load } = pageOf();
          page.writeUInt32LE(order, edition.indexes.fields.ring_order.offsetBytes);
          const read = readPvCallsDataPage(load, most, edition);
          if (read.kind === 'rings') assert.equal(read.refs.length, 2 ** order);
          else assert.match(read.why, /^ring_order is \d+, and \d to \d are served$/);
          assert.equal(read.kind === 'rings', order >= edition.minOrder && order <= Math.min(most, 9));
        }),
      );
    });
  }

  for (const edition of Object.values(pvcallsEditions)) {
    it(`says by itself that it is of the ${edition.name} edition, and whose grants are no grants`, () => {
      for (let order = edition.minOrder; order <= 9; order++) {
        const { load, store, page } = pageOf();
        // Grants begin at 8: one of the draft may lie where the final edition has its order.
        const refs = Array.from({ length: 2 ** order }, (_, place) => 8 + place);
        writePvCallsDataPage(store, order, refs, edition);
        const found = findPvCallsEdition(load);
        assert.deepEqual([found?.edition.name, found?.order, found?.refs], [edition.name, order, refs]);
        page.writeUInt32LE(0, edition.refsOffset + 4 * (refs.length - 1));
        assert.equal(findPvCallsEdition(load), undefined, 'a grant is missing');
        if (order === 0) continue;
        page.writeUInt32LE(refs[0]!, edition.refsOffset + 4 * (refs.length - 1));
        assert.equal(findPvCallsEdition(load), undefined, 'a grant is there twice');
      }
    });
  }

  it('reads each word once', () => {
    const { store, load } = pageOf();
    writePvCallsDataPage(store, 3, [1, 2, 3, 4, 5, 6, 7, 8]);
    const reads = new Map<number, number>();
    readPvCallsDataPage((offset) => {
      reads.set(offset, (reads.get(offset) ?? 0) + 1);
      return load(offset);
    }, 9);
    assert.equal(reads.size, 9);
    assert.ok([...reads.values()].every((count) => count === 1));
  });
});

describe('error numbers of PV Calls', () => {
  it('have one name each, and a meaning', () => {
    const seen = new Set<number>();
    for (const [name, { errno, text }] of Object.entries(pvcallsErrors)) {
      assert.ok(!seen.has(errno), `${errno} twice`);
      seen.add(errno);
      assert.ok(text.length > 5, name);
      assert.ok(isPvCallsErrorName(name));
      assert.equal(pvcallsErrorName(pvcallsRet(name)), name);
    }
    assert.equal(pvcallsRet('ENOTSUP'), -524);
    assert.equal(pvcallsErrorName(0), undefined);
    assert.equal(pvcallsErrorName(107), undefined);
    assert.equal(pvcallsErrorName(-9999), undefined);
    assert.ok(!isPvCallsErrorName('toString'));
  });
});
