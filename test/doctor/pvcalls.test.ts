/** What is said of the commands of a PV Calls device, and of what its nodes offer. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CommandTap } from '../../server/capture/commandTap';
import { diagnoseDevice } from '../../server/doctor/devices/deviceDoctor';
import { diagnosePvCalls, pvcallsRules } from '../../server/doctor/pvcalls/pvcallsDoctor';
import type { HeldState } from '../../server/host/callInterceptor';
import { EndNews } from '../../server/model/pvcalls/endNews';
import { PvCallsDevice } from '../../server/model/pvcalls/pvcallsDevice';
import { formatPvCallsAddress } from '../../server/wire/pvcalls/address';
import { CommandRing } from '../support/commandRing';
import { devicesOf } from '../support/devicesOf';

function scene() {
  const ring = new CommandRing();
  const page = ring.observed;
  const tap = new CommandTap(page);
  const device = new PvCallsDevice(page, tap);
  let nowMs = 1_000_000;
  const time = () => ({ nowMs, activeMs: nowMs });
  const look = () => device.take(tap.look(nowMs), time());
  look();
  return {
    ring,
    wait: (ms: number) => {
      look();
      nowMs += ms;
    },
    said: (held: ReadonlyMap<number, HeldState> = new Map()) => {
      look();
      const { sockets, calls } = device;
      const seen = { sockets: sockets.all, pending: calls.pending, ends: [], held };
      return diagnosePvCalls(seen, nowMs).map(
        ({ severity, rule, text, socket }) => `${severity} ${rule} ${socket ?? '-'}: ${text}`,
      );
    },
  };
}

describe('the doctor of commands of PV Calls', () => {
  it('finds nothing while commands are answered, and calls wait that may', () => {
    const { ring, wait, said } = scene();
    ring.request(1, { cmd: 'socket', id: 5n, domain: 2, type: 1, protocol: 0 });
    ring.respond(1, 'socket', 0, 5n);
    ring.request(2, { cmd: 'accept', id: 5n, newId: 6n, ref: 9, evtchn: 4 });
    wait(3_600_000);
    assert.deepEqual(said(), []);
  });

  it('names a socket that is stuck in connecting', () => {
    const { ring, wait, said } = scene();
    const address = formatPvCallsAddress({ host: '10.9.8.7', port: 443 });
    ring.request(3, { cmd: 'connect', id: 7n, address, addressLengthBytes: 16, flags: 0, ref: 9, evtchn: 4 });
    wait(9_000);
    assert.deepEqual(said(), []);
    wait(3_000);
    assert.deepEqual(said(), [
      'warning stuck-connecting s1: socket 7 has been connecting to 10.9.8.7:443 for 12 s',
    ]);
    ring.respond(3, 'connect', -110, 7n);
    assert.deepEqual(said(), []);
  });

  it('names commands that a backend should have answered', () => {
    const { ring, wait, said } = scene();
    ring.request(4, { cmd: 'listen', id: 7n, backlog: 5 });
    wait(6_000);
    assert.deepEqual(said(), ['warning call-not-answered s1: LISTEN of socket 7 not answered for 6 s']);
    ring.respond(4, 'listen', 0, 7n);
    ring.requestBytes(Buffer.from(`${'05000000'}${'2a000000'}`.padEnd(128, '0'), 'hex'));
    ring.request(6, { cmd: 'release', id: 8n, reuse: false });
    wait(6_000);
    assert.deepEqual(said(), [
      'warning call-not-answered -: 42 of a socket not answered for 6 s',
      'warning call-not-answered -: RELEASE of socket 8 not answered for 6 s',
    ]);
  });

  it('takes no offence at what somebody here holds by hand, and says so', () => {
    const { ring, wait, said } = scene();
    const address = formatPvCallsAddress({ host: '10.9.8.7', port: 443 });
    ring.request(3, { cmd: 'connect', id: 7n, address, addressLengthBytes: 16, flags: 0, ref: 9, evtchn: 4 });
    ring.request(4, { cmd: 'listen', id: 8n, backlog: 5 });
    ring.request(5, { cmd: 'accept', id: 9n, newId: 6n, ref: 9, evtchn: 4 });
    const held = new Map<number, HeldState>([
      [3, 'held'],
      [4, 'silent'],
      [5, 'waiting'],
    ]);
    wait(4_000);
    assert.deepEqual(said(held), []);
    wait(8_000);
    assert.deepEqual(said(held), [
      'note held-by-hand s1: CONNECT of socket 7 held in the Intercept panel for 12 s',
      'note held-by-hand s2: LISTEN of socket 8 left without an answer, as the Intercept panel says, for 12 s',
      'note held-by-hand s3: ACCEPT of socket 9 held back until later, as the Intercept panel says, for 12 s',
    ]);
    assert.deepEqual(
      said().map((line) => line.split(' ')[1]),
      ['call-not-answered', 'stuck-connecting'],
      'let go, and not answered',
    );
  });

  it('names an ACCEPT that waits at a listener which was released', () => {
    const { ring, wait, said } = scene();
    ring.request(1, { cmd: 'accept', id: 5n, newId: 6n, ref: 9, evtchn: 4 });
    ring.request(2, { cmd: 'release', id: 5n, reuse: false });
    wait(100);
    ring.respond(2, 'release', 0, 5n);
    wait(3_000);
    assert.deepEqual(said(), [
      'error parked-at-released -: socket 5 was released 3 s ago, and ACCEPT still waits there',
    ]);
    ring.respond(1, 'accept', -9, 5n);
    assert.deepEqual(said(), []);
  });

  it('tells what an end of ours found, for as long as it is news', () => {
    const news = new EndNews();
    let count = 0;
    const finding = () => ({ kind: 'badRing', text: 'Indices of socket 5 cannot be.', count });
    const said = (activeMs: number) => {
      const reports = [{ side: 'backend' as const, findings: () => [finding()] }];
      const ends = news.take(reports, { nowMs: activeMs, activeMs });
      return diagnosePvCalls({ sockets: new Set(), pending: [], ends, held: new Map() }, activeMs).map(
        ({ severity, text }) => `${severity}: ${text}`,
      );
    };
    assert.deepEqual(said(1_000), []);
    count = 2;
    assert.deepEqual(said(2_000), ['error: found by the backend: Indices of socket 5 cannot be']);
    assert.equal(said(60_000).length, 1);
    assert.deepEqual(said(62_001), []);
    count = 3;
    assert.equal(said(63_000).length, 1);
  });

  it('has one rule per file, and all of them are described', () => {
    const files = readdirSync(path.resolve(__dirname, '../../server/doctor/pvcalls/rules'));
    assert.equal(files.length, pvcallsRules.length);
    const text = readFileSync(path.resolve(__dirname, '../../docs/pvcalls.md'), 'utf8');
    for (const { id } of pvcallsRules) assert.ok(text.includes(`\`${id}\``), `docs/pvcalls.md: ${id}`);
  });
});

describe('versions of PV Calls', () => {
  const front = '/local/domain/3/device/pvcalls/0';
  const back = '/local/domain/0/backend/pvcalls/3/0';

  function said(backend: Readonly<Record<string, string>>, frontend: Readonly<Record<string, string>> = {}) {
    const folders = {
      [front]: { backend: back, 'backend-id': '0', state: '1', ...frontend },
      [back]: { frontend: front, 'frontend-id': '3', online: '1', state: '2', ...backend },
    };
    return diagnoseDevice(devicesOf(folders, 0)[0]!, 1_000)
      .filter(({ rule }) => rule === 'pvcalls-versions')
      .map(({ severity, text }) => `${severity}: ${text}`)
      .join();
  }
  const good = { versions: '1', 'max-page-order': '9', 'function-calls': '1' };

  it('match where both ends speak the final protocol', () => {
    assert.equal(said(good), '');
    assert.equal(
      said({ ...good, versions: '2, 1' }, { version: '1', state: '3', 'ring-ref': '8', port: '4' }),
      '',
    );
    assert.equal(said({ ...good, state: '6' }), '');
  });

  it('that cannot match are told, before anybody is stuck', () => {
    assert.match(said({ ...good, versions: '2' }), /^error: versions cannot match: the backend offers "2"/);
    assert.match(said(good, { version: '7' }), /^error: versions cannot match: the frontend chose "7"/);
    assert.match(said({ 'max-page-order': '9' }), /^error: the backend offers no version/);
    assert.match(said({ ...good, 'function-calls': '0' }), /^error: the backend offers no calls/);
    assert.match(said({ ...good, 'max-page-order': 'lots' }), /^error: the backend offers no data rings/);
    assert.match(said({ version: '1', 'max-page-order': '9' }), /^warning: the backend speaks a draft/);
    assert.match(said({ ...good, 'max-page-order': '2' }), /^note: .*order 2, and Linux’s frontend/);
  });
});
