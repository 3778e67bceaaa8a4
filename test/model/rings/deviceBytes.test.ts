/** Rings of devices that carry bytes, or nobody knows what: rows, contents and verdicts. */
import assert from 'node:assert/strict';
import { diagnose } from '../../../server/doctor/doctor';
import type { ObservedPage } from '../../../server/host/observer';
import type { RingsFrame } from '../../../server/model/rings/ringTypes';
import { RingWatch } from '../../../server/model/rings/ringWatch';
import { CONSOLE_OUT_OFFSET } from '../../../server/wire/consoleRing';
import { deviceRingPath } from '../../../server/wire/deviceRings/deviceRing';
import { discoverDeviceRings } from '../../../server/wire/deviceRings/discover';
import { ManualClock } from '../../sim/manualClock';
import { PageObserver } from '../../support/observedPage';

function rig(
  deviceClass: string,
  nodes: Readonly<Record<string, string>>,
  ringBytes?: readonly [number, number],
) {
  const all = new Map(Object.entries({ 'backend-id': '0', ...nodes }));
  const device = discoverDeviceRings({ domid: 3, deviceClass, devid: '1', nodes: all })[0]!;
  const bytes = Buffer.alloc(4096);
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
  };
  const clock = new ManualClock();
  const watch = new RingWatch({ observer: new PageObserver([page]), clock, judge: diagnose });
  const frames: RingsFrame[] = [];
  watch.subscribe((frame) => frames.push(frame), { intervalMs: 100 });
  clock.tick(100);
  return { bytes, clock, row: () => frames.at(-1)!.rings[0]!, view: () => watch.detail(page.id)! };
}

describe('byte rings of devices', () => {
  it('of 9pfs are told by their indices, and no byte of them is claimed to be known', () => {
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
    assert.deepEqual(view().details[1]!.queued, []);
    assert.equal(view().words.find(({ name }) => name === 'ring_order')?.says, '8,192 bytes each way');
    clock.tick(2_000);
    assert.deepEqual([row().verdict.rule, row().verdict.severity], ['request-waiting', 'warning']);
    assert.match(row().verdict.text, /^data waiting for 2 s, the backend not looking$/);
    bytes.writeUInt32LE(90_000, 68);
    clock.tick(300);
    assert.equal(row().verdict.rule, 'index-insane');
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
