/** Rings of devices that carry bytes, or nobody knows what: rows, contents and verdicts. */
import assert from 'node:assert/strict';
import { diagnose } from '../../../server/doctor/doctor';
import type { ObservedPage } from '../../../server/host/observer';
import { XenscopeError } from '../../../server/host/errors';
import type { RingPacket, RingsFrame } from '../../../server/model/rings/ringTypes';
import { RingWatch } from '../../../server/model/rings/ringWatch';
import { CONSOLE_OUT_OFFSET } from '../../../server/wire/consoleRing';
import { deviceRingPath } from '../../../server/wire/deviceRings/deviceRing';
import { discoverDeviceRings } from '../../../server/wire/deviceRings/discover';
import { NinepWriter } from '../../../server/wire/ninep/messages';
import { ManualClock } from '../../sim/manualClock';
import { PageObserver } from '../../support/observedPage';
import { SocketPage } from '../../support/socketPage';

function rig(
  deviceClass: string,
  nodes: Readonly<Record<string, string>>,
  ringBytes?: readonly [number, number],
) {
  const all = new Map(Object.entries({ 'backend-id': '0', ...nodes }));
  const device = discoverDeviceRings({ domid: 3, deviceClass, devid: '1', nodes: all })[0]!;
  const bytes = Buffer.alloc(4096);
  const rings = { in: Buffer.alloc(8192), out: Buffer.alloc(8192) };
  const told: { copyRing?: () => void } = {};
  const page: ObservedPage = {
    id: `device:3:${deviceRingPath(device)}`,
    kind: 'device',
    domid: 3,
    device,
    ...(ringBytes && { ringBytes }),
    found: 'made by a test',
    copy(into, offset = 0) {
      into.set(bytes.subarray(offset, offset + into.length));
      return true;
    },
    copyRing(name, into, offset) {
      told.copyRing?.();
      into.set(rings[name as 'in' | 'out'].subarray(offset, offset + into.length));
      return true;
    },
  };
  const clock = new ManualClock();
  const watch = new RingWatch({ observer: new PageObserver([page]), clock, judge: diagnose });
  const frames: RingsFrame[] = [];
  watch.subscribe((frame) => frames.push(frame), { intervalMs: 100 });
  clock.tick(100);
  /** Puts bytes into a ring and moves its producer's index. */
  const put = (name: 'in' | 'out', what: Uint8Array) => {
    const offset = name === 'in' ? 4 : 68;
    const prod = bytes.readUInt32LE(offset);
    what.forEach((byte, at) => (rings[name][(prod + at) % 8192] = byte));
    bytes.writeUInt32LE((prod + what.length) >>> 0, offset);
  };
  return {
    bytes,
    rings,
    put,
    told,
    clock,
    row: () => frames.at(-1)!.rings[0]!,
    view: () => watch.detail(page.id)!,
  };
}

describe('byte rings of devices', () => {
  describe('of 9pfs', () => {
    const nodes = { 'num-rings': '1', 'ring-ref0': '8' };
    const walk = new NinepWriter('Twalk', 7).u32(0).u32(1).u16(1).text('motd').message();
    const walked = new NinepWriter('Rwalk', 7).u16(0).message();
    const read = new NinepWriter('Tread', 8).u32(1).u64(0n).u32(512).message();
    const packet = ({ type, reqId, bytes, wholeBytes, text, doubtful }: RingPacket) =>
      [type, reqId, wholeBytes === bytes ? bytes : `${bytes}/${wholeBytes}`, text, doubtful] as const;

    it('show the messages that wait and those that stand there still, in both directions', () => {
      const { bytes, put, clock, view } = rig('9pfs', nodes, [8192, 8192]);
      // Near the end of the array, and of all numbers.
      for (const offset of [64, 68]) bytes.writeUInt32LE(0xffff_fff0, offset);
      put('out', walk);
      bytes.writeUInt32LE((0xffff_fff0 + walk.length) >>> 0, 64);
      put('in', walked);
      put('out', read);
      put('out', read.subarray(0, 10));
      clock.tick(100);
      const [into, out] = view().details;
      assert.deepEqual(out!.consumed.map(packet), [['Twalk', 7, 23, 'fid 0 to fid 1: “motd”', false]]);
      assert.deepEqual(out!.queued.map(packet), [
        ['Tread', 8, 23, 'fid 1, 512 bytes from 0', false],
        ['Tread', 8, '10/23', '…', false],
      ]);
      assert.deepEqual(into!.queued.map(packet), [['Rwalk', 7, 9, '0 walked', false]]);
      assert.equal(out!.queued[0]!.index, (0xffff_fff0 + walk.length) >>> 0);
    });

    it('find them also where the reader stands in the middle of one, and claim nothing of what is none', () => {
      const { bytes, put, clock, view } = rig('9pfs', nodes, [8192, 8192]);
      put('out', walk);
      put('out', read);
      bytes.writeUInt32LE(7, 64);
      clock.tick(100);
      assert.deepEqual(
        view().details[1]!.queued.map(({ type }) => type),
        ['Twalk', 'Tread'],
      );
      put('in', Buffer.alloc(40, 0xaa));
      clock.tick(100);
      assert.deepEqual(view().details[0]!.queued.map(packet), [
        ['?', 0, '40/undefined', `no message of 9P: ${'aa'.repeat(16)}…`, true],
      ]);
    });

    it('say why where the pages of the bytes are not lent to us', () => {
      const { put, told, clock, view } = rig('9pfs', nodes, [8192, 8192]);
      put('out', walk);
      told.copyRing = () => {
        throw new XenscopeError('notOurs', 'Lent to another domain.');
      };
      clock.tick(100);
      assert.deepEqual(
        view().details.map(({ unreadable, queued }) => [unreadable, queued]),
        [
          ['Lent to another domain.', []],
          ['Lent to another domain.', []],
        ],
      );
    });

    it('show what was seen last while the indices do not hold still', () => {
      const { put, told, clock, view } = rig('9pfs', nodes, [8192, 8192]);
      put('out', walk);
      clock.tick(100);
      const seen = view().details[1]!.queued;
      told.copyRing = () => put('out', read);
      put('out', read);
      clock.tick(100);
      assert.deepEqual(view().details[1]!.queued, seen);
    });
  });

  it('of 9pfs are told by their indices', () => {
    const { bytes, clock, row, view } = rig('9pfs', { 'num-rings': '1', 'ring-ref0': '8' }, [8192, 8192]);
    bytes.writeUInt32LE(300, 68);
    bytes.writeUInt32LE(100, 64);
    bytes.writeUInt32LE(2, 128);
    clock.tick(100);
    const { device, directions, slots } = row();
    assert.deepEqual([device!.title, slots], ['9pfs 1', undefined]);
    assert.deepEqual(
      directions.map(({ name, producer, consumer, usedBytes, sizeBytes }) => [
        name,
        producer,
        consumer,
        usedBytes,
        sizeBytes,
      ]),
      [
        ['in', 'the backend', 'frontend', 0, 8192],
        ['out', 'frontend', 'the backend', 200, 8192],
      ],
    );
    assert.equal(view().words.find(({ name }) => name === 'ring_order')?.says, '8,192 bytes each way');
    clock.tick(2_000);
    assert.deepEqual([row().verdict.rule, row().verdict.severity], ['request-waiting', 'warning']);
    assert.match(row().verdict.text, /^data waiting for 2 s, the backend not looking$/);
    bytes.writeUInt32LE(90_000, 68);
    clock.tick(300);
    assert.equal(row().verdict.rule, 'index-insane');
  });

  describe('of a socket of PV Calls', () => {
    /** Both rings hold what an earlier socket left in the pages. */
    function socketRig() {
      const page = new SocketPage();
      const arrays = { in: Buffer.alloc(page.ringBytes, 'old\0'), out: Buffer.alloc(page.ringBytes) };
      const observed: ObservedPage = {
        ...page.observed,
        copyRing(name, into, offset) {
          into.set(arrays[name as 'in' | 'out'].subarray(offset, offset + into.length));
          return true;
        },
      };
      const clock = new ManualClock();
      const watch = new RingWatch({ observer: new PageObserver([observed]), clock, judge: diagnose });
      watch.subscribe(() => undefined, { intervalMs: 100 });
      clock.tick(100);
      const shown = () => {
        clock.tick(100);
        const { queued, consumed } = watch.detail(observed.id)!.details[0]!;
        const line = ({ text, doubtful }: RingPacket) => (doubtful ? `${text}?` : text);
        return { queued: queued.map(line), consumed: consumed.map(line) };
      };
      return { page, arrays, shown };
    }

    it('show nothing of the pages that was not written for it', () => {
      const { page, arrays, shown } = socketRig();
      assert.deepEqual(shown(), { queued: [], consumed: [] });
      arrays.in.write('one\ntwo\n', 0, 'latin1');
      page.set('in_prod', 8);
      page.set('in_cons', 4);
      assert.deepEqual(shown(), { queued: ['two'], consumed: ['one'] });
    });

    it('show zeroes that it was sent', () => {
      const { page, arrays, shown } = socketRig();
      arrays.in.write('\0\0a\n', 0, 'latin1');
      page.set('in_prod', 4);
      page.set('in_cons', 4);
      assert.deepEqual(shown(), { queued: [], consumed: ['||a'] });
    });

    it('doubt the oldest line once the ring was full', () => {
      const { page, arrays, shown } = socketRig();
      // Four lines.
      arrays.in.fill(`${'x'.repeat(page.ringBytes / 4 - 1)}\n`);
      const doubts = (bytes: number) => {
        for (const word of ['in_prod', 'in_cons'] as const) page.set(word, bytes);
        return shown().consumed.map((line) => line.endsWith('?'));
      };
      assert.deepEqual(doubts(page.ringBytes), [false, false, false, false]);
      assert.deepEqual(doubts(2 * page.ringBytes), [false, false, false, true]);
    });
  });

  it('of a second console show their text', () => {
    const { bytes, clock, row, view } = rig('console', { 'ring-ref': '8', port: '4' });
    bytes.write('hello from hvc1\n', CONSOLE_OUT_OFFSET, 'latin1');
    bytes.writeUInt32LE(16, 3084);
    clock.tick(100);
    assert.equal(row().device!.title, 'console 1');
    assert.deepEqual(
      view().details[1]!.queued.map(({ text }) => text),
      ['hello from hvc1'],
    );
  });

  it('of a class that nobody knows are rows without a claim', () => {
    const { bytes, clock, row, view } = rig('vgizmo', { 'ring-ref': '8' });
    bytes.fill(0xff);
    clock.tick(100);
    const { directions, slots, verdict } = row();
    assert.deepEqual([directions, slots, verdict.rule], [[], undefined, 'unknown-layout']);
    assert.deepEqual([view().words, view().details], [[], []]);
  });
});
