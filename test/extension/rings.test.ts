import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ApiNotifications, HostInfo, RingFinding, RingRow, WorldState } from '../../server/rpc/api';
import { Findings, quietMs, rememberedMs } from '../../extension/rings/findings';
import { Rings, type RingsChange } from '../../extension/rings/rings';
import { bar } from '../../extension/rings/bar';
import {
  groupDescription,
  rate,
  ringDescription,
  ringSpoken,
  ringTooltip,
  verdictIcon,
  ringOwner,
  ringTitle,
} from '../../extension/rings/ringTexts';
import {
  actText,
  actTexts,
  faultLabel,
  faultsOn,
  faultsOnText,
  faultsOnTooltip,
  probabilityText,
} from '../../extension/rings/worldTexts';
import { Signal } from '../../extension/signal';
import { Worlds } from '../../extension/worlds';
import { domainActs } from '../../server/rpc/worldFeed';
import { FakeServer, settled } from './fakeServer';

function row(id: string, over: Partial<RingRow> = {}): RingRow {
  const [kind, domid] = id.split(':') as [RingRow['kind'], string];
  return {
    id,
    kind,
    domid: Number(domid),
    directions: [],
    verdict: { rule: 'idle', severity: 'fine', text: 'idle', evidence: [] },
    ...over,
  };
}

const full: RingRow['verdict'] = {
  rule: 'full',
  severity: 'error',
  text: 'full, guest not reading',
  evidence: [],
};

const req = (usedBytes: number, producedPerSecond = 0) => ({
  name: 'req' as const,
  producer: 'guest',
  consumer: 'xenstored',
  offsetBytes: 0,
  sizeBytes: 1024,
  prod: usedBytes,
  cons: 0,
  usedBytes,
  insane: false,
  unknown: false,
  producedPerSecond,
  consumedPerSecond: 0,
});

describe('rings of a host', () => {
  function open() {
    const server = new FakeServer({ 'xenscope/rings': () => null, 'xenscope/ringsStop': () => null });
    server.become('running');
    const rings = new Rings(server, (error) => assert.fail(String(error)));
    const changes: RingsChange[] = [];
    rings.onChange((change) => changes.push(change));
    const frame = { host: 'simulator', whole: false, rings: [], changes: [], gone: [], leftOut: 0 };
    const tell = (news: Partial<ApiNotifications['xenscope/ringsFrame']>) =>
      server.tell('xenscope/ringsFrame', { ...frame, ...news });
    return { server, rings, changes, tell };
  }

  it('are asked for while somebody looks, and for one host only', async () => {
    const { server, rings } = open();
    rings.follow('simulator');
    rings.follow('socket-1');
    rings.follow(undefined);
    await settled();
    assert.deepEqual(
      server.asked.map((asked) => asked.replace(/,"intervalMs.*/, '')),
      [
        'xenscope/rings {"host":"simulator"',
        'xenscope/ringsStop {"host":"simulator"}',
        'xenscope/rings {"host":"socket-1"',
        'xenscope/ringsStop {"host":"socket-1"}',
      ],
    );
  });

  it('are put together from what changed, in order of domid', () => {
    const { rings, changes, tell } = open();
    tell({
      whole: true,
      rings: [row('console:2'), row('xenstore:10'), row('xenstore:2', { directions: [req(3, 5)] })],
    });
    tell({ changes: [{ id: 'xenstore:10', verdict: full }] });
    tell({ changes: [{ id: 'xenstore:2', directions: [{ usedBytes: 7 }] }] });
    tell({ gone: ['console:2'] });
    assert.deepEqual(
      rings.list('simulator').map(({ id, verdict }) => `${id} ${verdict.text}`),
      ['xenstore:2 idle', 'xenstore:10 full, guest not reading'],
    );
    assert.deepEqual(rings.find('simulator', 'xenstore:2')?.directions, [{ ...req(3, 5), usedBytes: 7 }]);
    assert.deepEqual(
      changes.map(({ structure }) => structure),
      [true, false, false, true],
    );
  });

  it('are forgotten with the server', () => {
    const { server, rings, tell } = open();
    tell({ whole: true, rings: [row('xenstore:2')] });
    server.become('waiting');
    assert.deepEqual(rings.list('simulator'), []);
    assert.ok(!rings.isKnown('simulator'));
  });
});

describe('a ring in a row', () => {
  it('is called by its kind and its owner, also when it is gone', () => {
    const names = ['xenstore:3', 'console:12', 'vchan:15:8'];
    assert.deepEqual(
      names.map((name) => [ringTitle(name), ringOwner(name)]),
      [
        ['Ring', 3],
        ['Console', 12],
        ['Vchan Ring', 15],
      ],
    );
  });

  it('lights a cell for any byte, and all only when full', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1024 }), (used) => {
        const lit = [...bar(used, 1024)].filter((cell) => cell === '▰').length;
        assert.equal(bar(used, 1024).length, 6);
        assert.equal(lit > 0, used > 0);
        assert.equal(lit === 6, used === 1024);
      }),
    );
  });

  it('says verdict, levels and rates', () => {
    const flowing = row('xenstore:2', { directions: [req(312, 1_234)] });
    assert.equal(ringDescription(flowing), 'idle · req ▰▰▱▱▱▱ 30 % 1.2 kB/s');
    assert.equal(
      ringSpoken(flowing, 'web (2)'),
      'xenstore ring of web (2), idle, req 30 percent full at 1.2 kB/s',
    );
    assert.equal(
      ringSpoken(row('xenstore:2', { directions: [req(312)] }), 'web (2)'),
      'xenstore ring of web (2), idle, req 30 percent full',
    );
    assert.deepEqual([0, 0.4, 999, 12_000, 2_000_000].map(rate), ['', '', '999 B/s', '12 kB/s', '2.0 MB/s']);
    const insane = row('xenstore:2', { directions: [{ ...req(0), insane: true }] });
    assert.equal(ringDescription(insane), 'idle · req insane');
    const verdict = { rule: 'not-used', severity: 'fine', text: 'not used', evidence: [] } as const;
    const unused = row('xenstore:0', { directions: [req(0)], verdict });
    assert.equal(ringDescription(unused), 'not used');
    assert.equal(ringSpoken(unused, 'Domain-0 (0)'), 'xenstore ring of Domain-0 (0), not used');
  });

  it('says nothing of levels while a reconnect sets the indices anew', () => {
    const verdict = { rule: 'reconnecting', severity: 'note', text: 'reconnecting', evidence: [] } as const;
    const unknown = { ...req(0), prod: 700, unknown: true };
    const stuck = row('xenstore:2', { directions: [unknown], verdict });
    assert.equal(ringDescription(stuck), 'reconnecting · req unknown');
    assert.equal(
      ringSpoken(stuck, 'web (2)'),
      'xenstore ring of web (2), reconnecting, req: unknown until it is connected anew',
    );
    assert.match(
      ringTooltip(stuck, 'web (2)').lines[0]!,
      /^req, guest → xenstored: what waits is unknown until it is connected anew, req_prod 0x000002bc/,
    );
  });

  it('hovers in plain text, whatever a guest calls itself', () => {
    const { title, lines } = ringTooltip(row('xenstore:2', { directions: [req(312)] }), '[web](command:x)');
    assert.equal(title, 'xenstore ring of [web](command:x): idle');
    assert.match(
      lines[0]!,
      /^req, guest → xenstored: 312 of 1024 bytes wait, req_prod 0x[0-9a-f]{8}, req_cons/,
    );
    assert.equal(lines.at(-1), 'Rule idle, ring xenstore:2');
  });

  it('says of a vchan that it knows the least of its writes', () => {
    const line = (writesPerSecond: number) =>
      ringTooltip(row('vchan:2:8', { directions: [{ ...req(30, 200), writesPerSecond }] }), 'web (2)')
        .lines[0]!;
    assert.match(line(1_500), /: 30 of 1024 bytes wait, at least 1,500 writes\/s, req_prod/);
    assert.match(line(1), /wait, at least 1 write\/s, req_prod/);
    assert.match(line(0), /wait, req_prod/);
  });

  it('shows its worst at the domain', () => {
    assert.equal(groupDescription([row('xenstore:2'), row('console:2')]), '');
    assert.equal(groupDescription([row('xenstore:2'), row('console:2', { verdict: full })]), 'console: full');
    assert.equal(verdictIcon(full).icon, 'error');
    // The sign says what the word says: rates follow a little later.
    const fine = { severity: 'fine', evidence: [] } as const;
    assert.equal(verdictIcon({ ...fine, rule: 'flowing', text: 'flowing' }).icon, 'sync');
    assert.equal(verdictIcon({ ...fine, rule: 'idle', text: 'idle' }).icon, 'circle-outline');
    const gone = { rule: 'peer-gone', severity: 'fine', text: 'peer gone', evidence: [] } as const;
    assert.equal(verdictIcon(gone).icon, 'info', 'no tick for who left');
    const unused = { ...gone, rule: 'not-used' };
    assert.equal(verdictIcon(unused).icon, 'circle-slash');
  });
});

describe('findings of the ring doctor', () => {
  const finding = (id: string, severity: RingFinding['severity']): RingFinding => ({
    id,
    ring: 'xenstore:2',
    domid: 2,
    kind: 'xenstore',
    rule: 'full',
    severity,
    text: 'full, guest not reading',
    evidence: [],
  });

  it('interrupt a person only when they are new and serious, and not in a storm', () => {
    let nowMs = 0;
    const server = new FakeServer({});
    const findings = new Findings(server, () => nowMs);
    const told: string[] = [];
    findings.onSerious(({ finding: one, others }) => told.push(`${one.id}+${others}`));
    const tell = (...list: RingFinding[]) =>
      server.tell('xenscope/findings', { host: 'simulator', findings: list });
    tell(finding('a', 'warning'));
    assert.deepEqual(told, [], 'a warning is for the Problems panel');
    tell(finding('a', 'warning'), finding('b', 'error'), finding('c', 'error'));
    tell(finding('b', 'error'), finding('c', 'error'));
    assert.deepEqual(told, ['b+1']);
    tell(finding('d', 'error'));
    assert.deepEqual(told, ['b+1'], 'too soon after the last one');
    nowMs = quietMs;
    tell(finding('d', 'error'), finding('e', 'error'));
    assert.deepEqual(told, ['b+1', 'd+1'], 'with what was held back');
    nowMs += quietMs;
    tell();
    tell(finding('d', 'error'));
    assert.deepEqual(told, ['b+1', 'd+1'], 'it only came back');
    tell();
    nowMs += rememberedMs;
    tell(finding('d', 'error'));
    assert.deepEqual(told, ['b+1', 'd+1', 'd+0'], 'it was away for long');
  });

  it('end with the server', () => {
    const server = new FakeServer({});
    const findings = new Findings(server, () => 0);
    server.tell('xenscope/findings', { host: 'simulator', findings: [finding('a', 'error')] });
    server.become('waiting');
    assert.deepEqual(findings.of('simulator'), []);
  });
});

describe('worlds', () => {
  const world = (held: boolean): WorldState => ({
    held,
    faults: [],
    domains: [
      { domid: 2, name: 'web', state: 'running', isRunning: true, can: ['crash'] },
      { name: 'worker', state: 'not started', isRunning: false, can: ['start'] },
    ],
  });

  it('are known while their host is connected', async () => {
    const server = new FakeServer({ 'xenscope/world': () => world(false) });
    const connected = new Signal<HostInfo>();
    const changed = new Signal<void>();
    const host: HostInfo = {
      id: 'simulator',
      kind: 'simulator',
      label: 'Simulator',
      state: { kind: 'connected' },
      world: { seed: 1, pace: 1 },
      removable: false,
    };
    let known: HostInfo | undefined = host;
    const hosts = { onConnected: connected.event, onChange: changed.event, find: () => known };
    const worlds = new Worlds(server, hosts, (error) => assert.fail(String(error)));
    connected.fire(host);
    await settled();
    assert.deepEqual(worlds.domain('simulator', 2)?.can, ['crash']);
    assert.deepEqual(
      worlds.startable('simulator').map(({ name }) => name),
      ['worker'],
    );
    server.tell('xenscope/worldChanged', { host: 'simulator', world: world(true) });
    assert.ok(worlds.isHeld('simulator'));
    known = { ...host, state: { kind: 'idle' } };
    changed.fire();
    assert.equal(worlds.of('simulator'), undefined);
  });

  it('tell what is broken on purpose, for all guests and for one', () => {
    const fault = (
      name: string,
      probability: number,
      ...ofDomains: { domid: number; probability: number }[]
    ) => {
      return { name, text: '', probability, ofDomains, count: 0 };
    };
    const faults = [
      fault('slowReader', 1, { domid: 3, probability: 0 }),
      fault('lostNotify', 0, { domid: 2, probability: 0.5 }),
      fault('lateNotify', 0, { domid: 2, probability: 0 }),
      fault('tornIndex', 0),
    ];
    const lines = faultsOn({ faults }, (domid) => `web (${domid})`);
    assert.deepEqual(lines, ['Slow reader: always', 'Lost notify, for web (2): 50 %']);
    assert.equal(faultsOnText(lines), '2 faults on');
    assert.equal(faultsOnText(lines.slice(1)), '1 fault on');
    assert.match(faultsOnTooltip(lines)[0]!, /: Slow reader: always; Lost notify, for web \(2\): 50 %\.$/);
    for (const none of [faultsOn(world(false), String), faultsOn(undefined, String)]) {
      assert.deepEqual([faultsOnText(none), faultsOnTooltip(none)], [undefined, []]);
    }
  });

  it('have words for what can be done and broken', () => {
    assert.equal(faultLabel('lostNotify'), 'Lost notify');
    assert.deepEqual([0, 0.001, 0.1, 1].map(probabilityText), ['off', '0.1 %', '10 %', 'always']);
    assert.equal(actText('crash').label, 'Crash');
    assert.equal(actText('somethingNew').label, 'somethingNew');
    assert.deepEqual(
      domainActs.filter((act) => !(act in actTexts)),
      [],
    );
  });
});
