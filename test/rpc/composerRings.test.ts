import assert from 'node:assert/strict';
import type { ObservedPage } from '../../server/host/observer';
import type { ComposerState } from '../../server/rpc/api';
import { withRings } from '../../server/rpc/composerRings';
import { PVCALLS_RING } from '../../server/wire/slotRings/pvcallsCommands';
import type { DeviceRing } from '../../server/wire/deviceRings/deviceRing';

const ringOf = (domid: number, devid: string, format: DeviceRing['format'], gref: number): DeviceRing => ({
  domid,
  backendDomid: 0,
  deviceClass: 'pvcalls',
  devid,
  name: '',
  format,
  grefs: [gref],
  port: 1,
  node: 'ring-ref',
});
const page = (id: string, device: DeviceRing): ObservedPage => ({
  id,
  kind: 'device',
  domid: device.domid,
  device,
  found: 'told by the test',
  copy: () => true,
});
const slots = { kind: 'slots', ring: PVCALLS_RING } as const;
const data = { kind: 'pvcallsData' } as const;

describe('the rings of a composer', () => {
  const socket = (id: string, ref?: number) => ({
    id,
    ...(ref !== undefined && { stream: { rings: { ref } } }),
  });
  const state = {
    phase: 'open',
    device: { frontend: '/local/domain/3/device/pvcalls/1' },
    sockets: [socket('1', 40), socket('2', 41), socket('3')],
  } as unknown as ComposerState;
  const pages = [
    page('data of another device', ringOf(3, '0', data, 40)),
    page('data', ringOf(3, '1', data, 40)),
    page('commands', ringOf(3, '1', slots, 9)),
    page('commands of another domain', ringOf(4, '1', slots, 9)),
  ];

  it('are found among the pages by the device and the grant, the commands apart from the data', () => {
    const found = withRings(state, pages);
    assert.equal(found.device.ring, 'commands');
    assert.deepEqual(
      found.sockets.map(({ stream }) => stream?.ring),
      ['data', undefined, undefined],
    );
  });

  it('are nowhere while it is not open', () => {
    const opening = { ...state, phase: 'opening' } as const;
    assert.equal(withRings(opening, pages), opening);
    assert.equal(withRings(state, []).device.ring, undefined);
  });
});
