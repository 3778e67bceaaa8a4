import assert from 'node:assert/strict';
import { deviceEvent, deviceKind, deviceRoot, otherNode } from '../../server/xenbus/devicePath';
import { defineXenbusSuite } from './suite';

describe('device handshakes over our own store', () => defineXenbusSuite());

describe('paths of devices', () => {
  it('case 102: an event of the frontend’s folder itself says nothing', () => {
    const front = '/local/domain/3/device/vif/0';
    assert.equal(otherNode(front, front), undefined);
    assert.equal(otherNode(front, `${front}/state`), 'state');
    assert.equal(otherNode(front, `${front}0/state`), undefined);
  });

  it('knows the devices below any root that is watched', () => {
    for (const [root, path, kind] of [
      ['backend', 'backend/vif/3/0', 'vif'],
      ['backend/qdisk', 'backend/qdisk/3/51712', 'qdisk'],
      ['/local/domain/0/backend/vif/3', '/local/domain/0/backend/vif/3/0', 'vif'],
      ['device', 'device/vbd/51712', 'vbd'],
      ['/local/domain/3/device/vbd', '/local/domain/3/device/vbd/51712', 'vbd'],
    ] as const) {
      const device = deviceRoot(root);
      assert.deepEqual(deviceEvent(device, path), { kind: 'device', path, node: '' });
      assert.deepEqual(deviceEvent(device, `${path}/queue-0/tx-ring-ref`), {
        kind: 'device',
        path,
        node: 'queue-0/tx-ring-ref',
      });
      assert.equal(deviceKind(device, path), kind);
      assert.deepEqual(deviceEvent(device, root), { kind: 'folder' });
    }
  });

  it('ignores what only begins alike, and what is not below its root', () => {
    const root = deviceRoot('backend/vif/3');
    assert.equal(deviceEvent(root, 'backend/vif/30/0/state'), undefined);
    assert.equal(deviceEvent(root, '@introduceDomain'), undefined);
    assert.deepEqual(deviceEvent(deviceRoot('backend'), 'backend/vif/3'), { kind: 'folder' });
    assert.throws(() => deviceRoot('data'), /no folder of devices/);
    assert.throws(() => deviceRoot('backend/vif/3/0'), /no folder of devices/);
  });
});
