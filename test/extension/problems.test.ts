import assert from 'node:assert/strict';
import { DeviceFindings, deviceSubject } from '../../extension/devices/deviceProblems';
import { problemText, remedyLink } from '../../extension/problems/subject';
import type { Problem } from '../../extension/problems/subject';
import { ringSubject } from '../../extension/rings/ringProblems';
import type { DeviceFinding, RingFinding } from '../../server/rpc/api';
import { FakeServer, settled } from './fakeServer';

const problem = (rule: string, evidence: readonly string[]): Problem => ({
  severity: 'error',
  rule,
  text: `it is ${rule}`,
  evidence,
});
const domainName = (_host: string, domid: number) => `web (${domid})`;

describe('problems as a text', () => {
  it('say each on a line of its own, with its evidence below', () => {
    const { text, lines } = problemText(
      'The ring',
      [problem('full', ['one', 'two']), problem('index-insane', [])],
      'Nothing.',
    );
    const said = text.split('\n');
    assert.equal(said[0], 'The ring');
    assert.deepEqual(
      lines.map((line) => said[line]),
      ['error: it is full (rule full)', 'error: it is index-insane (rule index-insane)'],
    );
    assert.deepEqual(said.slice(lines[0]! + 1, lines[0]! + 3), ['    one', '    two']);
  });

  it('say that nothing is wrong when that is so', () => {
    assert.equal(problemText('The ring', [], 'Nothing is wrong.').text, 'The ring\n\nNothing is wrong.\n');
  });
});

describe('problems of rings', () => {
  const list = [
    { ring: 'xenstore:3', ...problem('full', []) },
    { ring: 'console:3', ...problem('idle', []) },
    { ring: 'xenstore:3', ...problem('index-insane', []) },
  ] as unknown as RingFinding[];
  const subject = ringSubject({ of: () => list, onChange: () => ({ dispose: () => undefined }) }, domainName);

  it('are told by ring', () => {
    const rules = [...subject.problems('simulator')].map(([id, all]) => [id, all.map(({ rule }) => rule)]);
    assert.deepEqual(rules, [
      ['xenstore:3', ['full', 'index-insane']],
      ['console:3', ['idle']],
    ]);
    assert.equal(subject.name({ host: 'simulator', id: 'xenstore:3' }), 'The xenstore ring of web (3)');
    assert.equal(subject.fileName('xenstore:3'), '/domain 3/xenstore');
    // A domain may have several of them.
    assert.equal(
      subject.name({ host: 'simulator', id: 'vchan:3:28' }),
      'The vchan ring of web (3), grant 28',
    );
    assert.equal(subject.fileName('vchan:3:28'), '/domain 3/vchan, grant 28');
  });

  it('lead to the ring, and to a reconnect where there is one', () => {
    const place = { host: 'simulator', id: 'xenstore:3' };
    const remedies = subject.remedies(place);
    const [command, given] = remedyLink(remedies[0]!).split('?');
    assert.equal(command, 'command:xenscope.ring.open');
    assert.deepEqual(JSON.parse(decodeURIComponent(given!)), [{ host: 'simulator', ring: 'xenstore:3' }]);
    const commands = (id: string) => subject.remedies({ ...place, id }).map(({ command: name }) => name);
    assert.deepEqual(commands('xenstore:3'), ['xenscope.ring.open', 'xenscope.ring.reconnect']);
    assert.deepEqual(commands('console:3'), ['xenscope.ring.open']);
  });
});

describe('problems of devices', () => {
  const front = '/local/domain/3/device/vif/0';
  const finding = (device: string): DeviceFinding => ({
    id: `${device} stuck`,
    device,
    rule: 'stuck',
    severity: 'warning',
    text: 'stuck for 20 s: waits for the backend',
    evidence: [],
  });

  it('are told by device, and end with the server', () => {
    const server = new FakeServer({});
    const findings = new DeviceFindings(server, (error) => assert.fail(String(error)));
    const changed: string[] = [];
    const subject = deviceSubject(findings, domainName);
    subject.onChange((host) => changed.push(host));
    server.tell('xenscope/deviceFindings', { host: 'simulator', findings: [finding(front)] });
    assert.deepEqual([...subject.problems('simulator').keys()], [front]);
    assert.equal(subject.problems('other').size, 0);
    server.become('waiting');
    assert.equal(subject.problems('simulator').size, 0);
    assert.deepEqual(changed, ['simulator', 'simulator']);
  });

  it('are asked for of one host at a time, while there is a server', async () => {
    const answers = { 'xenscope/deviceDoctor': () => null, 'xenscope/deviceDoctorStop': () => null };
    const server = new FakeServer(answers);
    const findings = new DeviceFindings(server, (error) => assert.fail(String(error)));
    findings.follow('simulator');
    server.become('running');
    findings.follow('simulator');
    findings.follow('socket-1');
    findings.follow(undefined);
    await settled();
    assert.deepEqual(server.asked, [
      'xenscope/deviceDoctor {"host":"simulator"}',
      'xenscope/deviceDoctorStop {"host":"simulator"}',
      'xenscope/deviceDoctor {"host":"socket-1"}',
      'xenscope/deviceDoctorStop {"host":"socket-1"}',
    ]);
  });

  it('are called as people call the device, and lead to its row and its nodes', () => {
    const subject = deviceSubject(new DeviceFindings(new FakeServer({}), () => undefined), domainName);
    const name = (id: string) => subject.name({ host: 'simulator', id });
    const back = '/local/domain/0/backend/qdisk/5/768';
    assert.equal(name(front), 'vif 0 of web (3)');
    assert.equal(name(back), 'The backend of qdisk 768 of web (5)');
    assert.equal(name('/nonsense'), 'device of /nonsense');
    assert.deepEqual(
      [subject.fileName(front), subject.fileName(back)],
      ['/domain 3/vif 0', '/domain 5/qdisk 768 (backend)'],
    );
    assert.deepEqual(
      subject.remedies({ host: 'simulator', id: front }).map(({ command, argument }) => [command, argument]),
      [
        ['xenscope.device.show', { host: 'simulator', device: front }],
        ['xenscope.device.open', { host: 'simulator', device: front }],
        ['xenscope.device.act', { host: 'simulator', device: front }],
        ['xenscope.reveal', { host: 'simulator', path: front }],
      ],
    );
  });
});
