/** What is found wrong with devices, as an editor is told of it. */
import assert from 'node:assert/strict';
import type { DeviceDiagnosis, DeviceRow } from '../../server/model/devices/deviceTypes';
import type { DeviceFinding } from '../../server/rpc/api';
import {
  DeviceFindings,
  maxDeviceFindings,
  sameDeviceFindingsIntervalMs,
} from '../../server/rpc/deviceFindings';

const said = (severity: DeviceDiagnosis['severity'], text: string): DeviceDiagnosis => ({
  rule: text.split(' ')[0]!,
  severity,
  text,
  evidence: ['It was seen.'],
});
const row = (id: string, ...diagnoses: DeviceDiagnosis[]) => ({ id, diagnoses }) as unknown as DeviceRow;

describe('findings of devices', () => {
  function open() {
    const told: (readonly DeviceFinding[])[] = [];
    const findings = new DeviceFindings({ host: 'h', send: (news) => told.push(news.findings) });
    return { findings, told };
  }

  it('are warnings and errors, told when they come, change and go', () => {
    const { findings, told } = open();
    const fine = row('/a', said('fine', 'connected'));
    findings.take([fine, row('/b', said('note', 'not taken'))], 0);
    assert.equal(told.length, 0, 'there was nothing to tell');
    findings.take([fine, row('/b', said('error', 'failed: x'), said('warning', 'illegal move'))], 10);
    assert.deepEqual(
      told.at(-1)!.map(({ id, device, severity }) => [id, device, severity]),
      [
        ['/b failed:', '/b', 'error'],
        ['/b illegal', '/b', 'warning'],
      ],
    );
    findings.take([fine, row('/b', said('error', 'failed: y'))], 20);
    assert.deepEqual(
      told.at(-1)!.map(({ text }) => text),
      ['failed: y'],
    );
    findings.take([fine], 30);
    assert.deepEqual(told.at(-1), []);
    assert.equal(told.length, 3);
  });

  it('have names of their own, also where a rule has several things to say of one device', () => {
    const { findings, told } = open();
    findings.take([row('/a', said('error', 'stuck one'), said('error', 'stuck two'))], 0);
    assert.deepEqual(
      told.at(-1)!.map(({ id, text }) => `${id}: ${text}`),
      ['/a stuck: stuck one', '/a stuck 2: stuck two'],
    );
  });

  it('that only grow older are told again now and then', () => {
    const { findings, told } = open();
    const stuck = (seconds: number) => [row('/a', said('warning', `stuck for ${seconds} s: waits`))];
    for (let ms = 0; ms <= 2 * sameDeviceFindingsIntervalMs; ms += 1_000)
      findings.take(stuck(ms / 1_000), ms);
    assert.deepEqual(
      told.map(([finding]) => finding!.text),
      ['stuck for 0 s: waits', 'stuck for 5 s: waits', 'stuck for 10 s: waits'],
    );
    // The number of a domain is no age.
    findings.take([row('/a', said('warning', 'stuck for 10 s: domain 4'))], 10_001);
    findings.take([row('/a', said('warning', 'stuck for 10 s: domain 5'))], 10_002);
    assert.equal(told.length, 5);
  });

  it('are bounded, the errors first, and taken back when the host is closed', () => {
    const { findings, told } = open();
    const many = Array.from({ length: maxDeviceFindings }, (_, at) =>
      row(`/${at}`, said('warning', 'stuck')),
    );
    findings.take([...many, row('/last', said('error', 'failed'))], 0);
    assert.equal(told[0]!.length, maxDeviceFindings);
    assert.equal(told[0]![0]!.device, '/last');
    findings.close();
    findings.close();
    assert.deepEqual(told.slice(1), [[]]);
  });
});
