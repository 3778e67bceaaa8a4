import assert from 'node:assert/strict';
import type { ApiNotifications, DeviceRow } from '../../server/rpc/api';
import { Devices, type DevicesChange } from '../../extension/devices/devices';
import {
  deviceDescription,
  deviceIcon,
  deviceLabel,
  deviceSpoken,
  deviceTooltip,
  devicesSummary,
  sideDescription,
  stateMeaning,
  stateName,
} from '../../extension/devices/deviceTexts';
import { XenbusState } from '../../server/wire/xenbusState';
import { FakeServer, settled } from './fakeServer';

function row(domid: number, over: Partial<DeviceRow> = {}): DeviceRow {
  const path = `/local/domain/${domid}/device/vif/0`;
  return {
    id: path,
    kind: 'vif',
    devid: '0',
    frontend: { path, domid, exists: true, state: 4 },
    backend: { path: `/local/domain/0/backend/vif/${domid}/0`, domid: 0, exists: true, state: 4 },
    online: true,
    turn: { who: 'nobody', why: 'both are connected' },
    diagnoses: [{ rule: 'at-rest', severity: 'fine', text: 'connected', evidence: [] }],
    ...over,
  };
}

const stuck = row(3, {
  frontend: { path: '/local/domain/3/device/vif/0', domid: 3, exists: true, state: 3 },
  backend: { path: '/local/domain/0/backend/vif/3/0', domid: 0, exists: true, state: 2 },
  turn: { who: 'backend', to: 4, why: 'the frontend has published its rings' },
  diagnoses: [{ rule: 'stuck', severity: 'warning', text: 'stuck for 20 s', evidence: ['It was seen.'] }],
});

describe('devices of a host', () => {
  function open() {
    const server = new FakeServer({ 'xenscope/devices': () => null, 'xenscope/devicesStop': () => null });
    server.become('running');
    const devices = new Devices(server, (error) => assert.fail(String(error)));
    const changes: DevicesChange[] = [];
    devices.onChange((change) => changes.push(change));
    const tell = (news: Partial<ApiNotifications['xenscope/devicesFrame']>) =>
      server.tell('xenscope/devicesFrame', {
        host: 'simulator',
        whole: false,
        devices: [],
        gone: [],
        leftOut: 0,
        ...news,
      });
    return { server, devices, changes, tell };
  }

  it('are asked for while somebody looks, and for one host only', async () => {
    const { server, devices } = open();
    devices.follow('simulator');
    devices.follow('socket-1');
    devices.follow(undefined);
    await settled();
    assert.deepEqual(server.asked, [
      'xenscope/devices {"host":"simulator"}',
      'xenscope/devicesStop {"host":"simulator"}',
      'xenscope/devices {"host":"socket-1"}',
      'xenscope/devicesStop {"host":"socket-1"}',
    ]);
  });

  it('are put together from what changed, in order of domid, and forgotten with the server', () => {
    const { server, devices, changes, tell } = open();
    assert.equal(devices.isKnown('simulator'), false);
    tell({ whole: true, devices: [row(12), row(3)] });
    assert.deepEqual(
      devices.list('simulator').map(({ frontend }) => frontend.domid),
      [3, 12],
    );
    assert.equal(changes.at(-1)?.structure, true);
    tell({ devices: [stuck] });
    assert.equal(changes.at(-1)?.structure, false);
    assert.equal(devices.find('simulator', stuck.id)?.frontend.state, 3);
    tell({ gone: [stuck.id] });
    assert.equal(changes.at(-1)?.structure, true);
    assert.equal(devices.list('simulator').length, 1);
    tell({ whole: true, devices: [] });
    assert.deepEqual([devices.list('simulator').length, devices.isKnown('simulator')], [0, true]);
    server.become('waiting');
    assert.equal(devices.isKnown('simulator'), false);
  });

  it('are waited for by who leads to one', async () => {
    const { devices, tell } = open();
    const waiting = devices.whenThere('simulator', stuck.id, 60_000);
    tell({ whole: true, devices: [row(12)] });
    tell({ devices: [stuck] });
    assert.equal((await waiting)?.id, stuck.id);
    assert.equal((await devices.whenThere('simulator', row(12).id, 60_000))?.id, row(12).id);
    assert.equal(await devices.whenThere('simulator', 'nothing', 1), undefined);
  });
});

describe('the words of a device', () => {
  it('show both states, with an arrow to whoever has to move', () => {
    assert.equal(deviceLabel(row(3)), 'vif 0');
    assert.equal(deviceDescription(row(3)), 'Connected = Connected');
    assert.equal(deviceDescription(stuck), 'Initialised → InitWait · stuck for 20 s');
    const turned = { ...stuck, turn: { who: 'frontend', to: 6, why: 'x' } } as const;
    assert.match(deviceDescription(turned), /^Initialised ← InitWait/);
    const half = row(3, { backend: { path: '/b', domid: 0, exists: false, state: 0 } });
    assert.equal(deviceDescription(half), 'Connected = gone');
    assert.equal(sideDescription(half.backend), 'gone · /b');
    assert.equal(
      deviceSpoken(stuck, 'web (3)'),
      'vif 0 of web (3): frontend Initialised, backend InitWait, the backend has to move, stuck for 20 s',
    );
  });

  it('explain each state of each side, and none twice alike by mistake', () => {
    for (const [name, state] of Object.entries(XenbusState)) {
      assert.equal(stateName(state), name);
      for (const side of ['frontend', 'backend'] as const)
        assert.match(stateMeaning(side, state), /^[A-Z].*\.$/);
    }
    assert.equal(stateMeaning('backend', 11), 'This number is no state.');
  });

  it('say in the hover who has to move, why, and what was found', () => {
    const { title, lines } = deviceTooltip(stuck, (domid) => (domid === 0 ? 'Domain-0 (0)' : 'web (3)'));
    assert.equal(title, 'vif 0');
    assert.ok(
      lines.includes(
        'Frontend in web (3): Initialised. The guest has set up its rings and waits for the backend.',
      ),
    );
    assert.ok(
      lines.some((line) => line.startsWith('The backend has to move and is expected to go to Connected:')),
    );
    assert.ok(lines.includes('Stuck for 20 s.') && lines.includes('It was seen.'));
  });

  it('are the louder the worse it is', () => {
    assert.equal(deviceIcon(row(3)).icon, 'pass');
    assert.equal(deviceIcon(stuck).icon, 'warning');
    assert.equal(deviceIcon({ ...stuck, diagnoses: [] }).icon, 'sync');
    assert.equal(devicesSummary([row(3)]), '1 device');
    assert.equal(devicesSummary([row(3), stuck]), '2 devices, 1 in trouble');
  });
});
