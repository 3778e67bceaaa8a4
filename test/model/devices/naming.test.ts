/** Ends of devices that do not name each other, put together as well as it goes, and told of. */
import assert from 'node:assert/strict';
import { diagnoseDevice } from '../../../server/doctor/devices/deviceDoctor';
import { devicesOf } from '../../support/devicesOf';

const front = '/local/domain/3/device/vif/0';
const back = '/local/domain/0/backend/vif/3/0';
const otherBack = '/local/domain/0/backend/vif/3/1';

/** Each folder with its nodes, as read. */
function judged(folders: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  return devicesOf(folders).map((device) => ({ device, said: diagnoseDevice(device, 60_000) }));
}

const frontNodes = { backend: back, 'backend-id': '0', state: '4', 'tx-ring-ref': '8', 'event-channel': '5' };
const backNodes = { frontend: front, 'frontend-id': '3', online: '1', state: '4' };

describe('ends of devices that do not name each other', () => {
  const firstOf = (folders: Parameters<typeof judged>[0], at = 0) => {
    const { rule, severity, text } = judged(folders)[at]!.said[0]!;
    return [rule, severity, text];
  };

  it('are nothing to be told of when they do', () => {
    assert.deepEqual(firstOf({ [front]: frontNodes, [back]: backNodes }), ['at-rest', 'fine', 'connected']);
  });

  it('a backend that names another frontend, or none', () => {
    const elsewhere = '/local/domain/4/device/vif/0';
    assert.deepEqual(firstOf({ [front]: frontNodes, [back]: { ...backNodes, frontend: elsewhere } }), [
      'names-another',
      'error',
      `the backend names another frontend, ${elsewhere}`,
    ]);
    const { frontend, ...nameless } = backNodes;
    assert.equal(frontend, front);
    assert.equal(firstOf({ [front]: frontNodes, [back]: nameless })[2], 'the backend names no frontend');
  });

  it('a frontend that names another backend: the one that is left over is no device that was half removed', () => {
    const folders = {
      [front]: frontNodes,
      [back]: backNodes,
      [otherBack]: { ...backNodes, state: '2' },
    };
    const all = judged(folders);
    assert.deepEqual(
      all.map(({ device }) => [
        device.id,
        device.frontend.path,
        device.frontend.exists,
        device.frontend.state,
      ]),
      [
        [otherBack, front, true, 4],
        [front, front, true, 4],
      ],
    );
    assert.deepEqual(
      all.map(({ said }) => said.map(({ rule }) => rule)),
      [['names-another'], ['at-rest']],
    );
    assert.equal(all[0]!.said[0]!.text, `the frontend names another backend, ${back}`);
    assert.ok(all[0]!.said[0]!.evidence.includes(`In ${front}, backend is "${back}" and backend-id is "0".`));
  });

  it('a side that names the wrong domain, or none', () => {
    assert.equal(
      firstOf({ [front]: { ...frontNodes, 'backend-id': '1' }, [back]: backNodes })[2],
      'the frontend says that its backend is in domain 1, and it is in domain 0',
    );
    const { 'frontend-id': id, ...nameless } = backNodes;
    assert.equal(id, '3');
    assert.equal(
      firstOf({ [front]: frontNodes, [back]: nameless })[2],
      'the backend does not say in which domain its frontend is',
    );
  });

  it('say nothing of it where one end is missing', () => {
    assert.deepEqual(
      judged({ [front]: frontNodes })[0]!.said.map(({ rule }) => rule),
      ['half-removed'],
    );
  });
});
