/** Which acts the row of a device offers. */
import assert from 'node:assert/strict';
import { contributes } from '../../package.json';
import { deviceActNames, deviceContext, isGoneDomain } from '../../extension/devices/deviceActs';
import type { DeviceRow } from '../../server/rpc/api';

function row(frontend: number, backend: number, over: Partial<DeviceRow> = {}): DeviceRow {
  const path = '/local/domain/3/device/vif/0';
  return {
    id: path,
    kind: 'vif',
    devid: '0',
    frontend: { path, domid: 3, exists: frontend !== 0, state: frontend },
    backend: { path: '/local/domain/0/backend/vif/3/0', domid: 0, exists: backend !== 0, state: backend },
    online: true,
    turn: { who: 'nobody', why: 'both are connected' },
    diagnoses: [{ rule: 'at-rest', severity: 'fine', text: 'connected', evidence: [] }],
    ...over,
  };
}

const leaked = [{ rule: 'leaked-backend', severity: 'error', text: 'left behind', evidence: [] }] as const;

describe('the row of a device', () => {
  it('offers what fits as it stands', () => {
    const offered = (each: DeviceRow) => deviceContext(each).split(' ').slice(2).join(' ');
    assert.equal(offered(row(4, 4)), 'reconnect offline forceClose move');
    assert.equal(offered(row(3, 2)), 'reconnect offline forceClose move');
    assert.equal(offered(row(6, 6)), 'reconnect offline online move');
    assert.equal(offered(row(6, 6, { online: false })), 'online move cleanUp');
    assert.equal(offered(row(4, 5, { online: false })), 'online forceClose move');
    assert.equal(offered(row(4, 0)), 'forceClose move cleanUp');
    assert.equal(offered(row(0, 4, { diagnoses: leaked })), 'offline forceClose move cleanUp');
    assert.equal(offered(row(0, 0)), 'cleanUp');
  });

  it('of a domain that is gone shows only what it left', () => {
    const left = row(0, 4, { diagnoses: leaked });
    assert.deepEqual(
      [isGoneDomain([left, left]), isGoneDomain([left, row(4, 4)]), isGoneDomain([])],
      [true, false, false],
    );
  });

  it('has a command for each act, in its menu and in the palette', () => {
    const titles = new Map(contributes.commands.map(({ command, title }) => [command, title]));
    const inMenu = contributes.menus['view/item/context'].map(({ command }) => command);
    const hidden = contributes.menus.commandPalette.filter((entry) => entry.when === 'false');
    for (const name of [...deviceActNames, 'open', 'cleanUpDomain']) {
      const command = `xenscope.device.${name}`;
      assert.ok(titles.get(command)?.endsWith('…'), command);
      assert.ok(inMenu.includes(command), command);
      assert.ok(!hidden.some((entry) => entry.command === command), command);
    }
  });
});
