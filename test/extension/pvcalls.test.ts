/** The view “PV Calls”: what is asked of the server, how sockets are put together, and what their rows say. */
import assert from 'node:assert/strict';
import { DeviceFindings, deviceSubject } from '../../extension/devices/deviceProblems';
import {
  pvcallsDescription,
  pvcallsIcon,
  pvcallsLabel,
  pvcallsSpoken,
  pvcallsTooltip,
} from '../../extension/pvcalls/deviceTexts';
import { PvCalls } from '../../extension/pvcalls/pvcalls';
import { ShownSockets, type ShownChange } from '../../extension/pvcalls/shownSockets';
import {
  socketDescription,
  socketIcon,
  socketLabel,
  socketSpoken,
  socketTooltip,
} from '../../extension/pvcalls/socketTexts';
import { deviceRow, direction, frame, orderly, refused, socket } from '../webview/pvcallsRows';
import { FakeServer, settled } from './fakeServer';

const device = '/local/domain/15/device/pvcalls/0';
const fail = (error: unknown) => assert.fail(String(error));

function open() {
  let views = 0;
  const server = new FakeServer({
    'xenscope/pvcalls': () => null,
    'xenscope/pvcallsStop': () => null,
    'xenscope/pvcallsView': () => ({ viewId: ++views }),
    'xenscope/pvcallsViewStop': () => null,
  });
  server.become('running');
  const pvcalls = new PvCalls(server, fail);
  const sockets = new ShownSockets(server, pvcalls, fail);
  const changes: ShownChange[] = [];
  sockets.onChange((change) => changes.push(change));
  return { server, pvcalls, sockets, changes };
}

describe('PV Calls devices of a host', () => {
  it('are asked for while somebody looks, and shown by the number of their guest', async () => {
    const { server, pvcalls } = open();
    pvcalls.follow('simulator');
    await settled();
    const shop = deviceRow({ id: '/local/domain/14/device/pvcalls/0' });
    const devices = [
      deviceRow(),
      { ...shop, frontend: { ...shop.frontend, path: shop.id, domid: 14, name: 'shop' } },
    ];
    server.tell('xenscope/pvcallsFrame', { host: 'simulator', whole: true, devices, gone: [] });
    assert.deepEqual(
      pvcalls.list('simulator').map(({ frontend }) => frontend.name),
      ['shop', 'till'],
    );
    server.tell('xenscope/pvcallsFrame', { host: 'simulator', whole: false, devices: [], gone: [shop.id] });
    assert.equal(pvcalls.list('simulator').length, 1);
    pvcalls.follow(undefined);
    assert.deepEqual(server.asked, [
      'xenscope/pvcalls {"host":"simulator","intervalMs":500}',
      'xenscope/pvcallsStop {"host":"simulator"}',
    ]);
  });

  it('tell of their sockets while their row is open, and no longer', async () => {
    const { server, sockets, changes } = open();
    assert.deepEqual(sockets.show('simulator', device), []);
    assert.deepEqual(sockets.show('simulator', device), [], 'asked for once');
    await settled();
    const open5 = socket('5', { state: 'connected', in: direction(), out: direction() });
    const frames = [
      frame({ whole: true, sockets: [open5] }),
      frame({ moved: [{ key: '5', out: { usedBytes: 3, bytes: 3, perSecond: 3 } }] }),
    ];
    for (const one of frames) server.tell('xenscope/pvcallsDeviceFrame', { viewId: 1, frame: one });
    server.tell('xenscope/pvcallsDeviceFrame', { viewId: 7, frame: frame({ whole: true }) });
    server.tell('xenscope/pvcallsDeviceFrame', { viewId: 1 });
    assert.deepEqual(
      changes.map(({ structure, changed }) => [structure, changed.length]),
      [
        [true, 1],
        [false, 1],
      ],
    );
    assert.equal(sockets.find('simulator', device, '5')?.out?.usedBytes, 3);
    sockets.hide('simulator', device);
    assert.equal(sockets.find('simulator', device, '5'), undefined);
    assert.deepEqual(server.asked.slice(-1), ['xenscope/pvcallsViewStop {"viewId":1}']);
  });

  it('are given back where the row was closed before the server had answered', async () => {
    const { server, sockets } = open();
    sockets.show('simulator', device);
    sockets.hide('simulator', device);
    await settled();
    assert.deepEqual(server.asked.slice(-1), ['xenscope/pvcallsViewStop {"viewId":1}']);
  });

  it('are asked for anew of another server', async () => {
    const { server, sockets } = open();
    sockets.show('simulator', device);
    await settled();
    server.become('waiting');
    assert.deepEqual(sockets.show('simulator', device), []);
    server.become('running');
    sockets.show('simulator', device);
    await settled();
    assert.equal(server.asked.filter((line) => line.startsWith('xenscope/pvcallsView ')).length, 2);
  });
});

describe('sockets that cannot be shown', () => {
  it('are told of with the reason, and asked for anew once their row was closed', async () => {
    let isRefused = true;
    const server = new FakeServer({
      'xenscope/pvcallsView': () => {
        if (isRefused) throw new Error('Too many devices are shown on this host.');
        return { viewId: 1 };
      },
      'xenscope/pvcallsViewStop': () => null,
    });
    server.become('running');
    const reported: unknown[] = [];
    const sockets = new ShownSockets(server, new PvCalls(server, fail), (error) => reported.push(error));
    const changes: ShownChange[] = [];
    sockets.onChange((change) => changes.push(change));
    sockets.show('simulator', device);
    await settled();
    assert.equal(sockets.problem('simulator', device), 'Too many devices are shown on this host.');
    assert.deepEqual(changes, [{ host: 'simulator', device, structure: true, changed: [] }]);
    assert.equal(reported.length, 1);
    // Drawn anew, it does not ask again and again.
    sockets.show('simulator', device);
    await settled();
    assert.equal(server.asked.length, 1);
    isRefused = false;
    sockets.hide('simulator', device);
    sockets.show('simulator', device);
    await settled();
    assert.equal(server.asked.length, 2);
    assert.equal(sockets.problem('simulator', device), undefined);
    sockets.dispose();
  });
});

describe('problems of PV Calls devices', () => {
  it('lead to their sockets first, those of other devices do not', () => {
    const { server } = open();
    const subject = deviceSubject(new DeviceFindings(server, fail), () => 'till (15)');
    const titles = (id: string) => subject.remedies({ host: 'simulator', id }).map(({ title }) => title);
    assert.equal(titles(device)[0], 'Open PV Calls');
    assert.equal(titles('/local/domain/15/device/vbd/51712')[0], 'Show Device');
  });
});

describe('rows of PV Calls devices', () => {
  it('say who asks whom, how many sockets there are, and what moves', () => {
    const sockets = { all: 6, connected: 4, listening: 1, failed: 1 };
    const row = deviceRow({ sockets, inFlight: 2, callsPerSecond: 3, inPerSecond: 1_200 });
    assert.equal(pvcallsLabel(row), 'till → Domain-0');
    assert.equal(pvcallsLabel({ ...row, devid: '1' }), 'till → Domain-0 (device 1)');
    assert.equal(
      pvcallsDescription(row),
      '6 sockets: 4 connected, 1 listening, 1 failed · 2 in flight · in 1.2 kB/s',
    );
    assert.equal(pvcallsIcon(row).icon, 'sync');
    assert.match(pvcallsSpoken(row), /^PV Calls of till, served by Domain-0: 6 sockets/);
    assert.equal(pvcallsDescription(deviceRow()), 'no sockets');
  });

  it('say what is wrong first, and why calls cannot be seen', () => {
    const wrong = deviceRow({
      diagnoses: [
        { rule: 'ring-full', severity: 'warning', text: 'the command ring is full', evidence: ['32 of 32'] },
      ],
    });
    assert.match(pvcallsDescription(wrong), /^the command ring is full · /);
    assert.equal(pvcallsIcon(wrong).icon, 'warning');
    const { ring, ...unconnected } = deviceRow({ unseen: 'The device is not connected.' });
    assert.ok(ring);
    assert.equal(pvcallsDescription(unconnected), 'command ring not seen');
    const { unseen, ...without } = unconnected;
    assert.ok(unseen);
    assert.equal(pvcallsDescription(without), 'no command ring');
    const { title, lines } = pvcallsTooltip(unconnected, ({ name, domid }) => `${name} (${domid})`);
    assert.equal(title, 'PV Calls device 0 of till (15)');
    assert.ok(lines.includes('The device is not connected.'));
  });
});

describe('rows of sockets', () => {
  const connected = socket('5', {
    state: 'connected',
    remote: '10.0.0.1:80',
    in: direction({ usedBytes: 2048, perSecond: 1_200, bytes: 9_000 }),
    out: direction(),
    rings: { ref: 33, evtchn: 12, ring: 'pvcalls:15:33' },
  });

  it('say state, place and how full each direction is', () => {
    assert.equal(socketLabel(connected), 'socket 5');
    assert.equal(socketDescription(connected), 'connected → 10.0.0.1:80 · in ▰▰▰▱▱▱ 1.2 kB/s · out ▱▱▱▱▱▱');
    assert.equal(socketIcon(connected).icon, 'plug');
    assert.equal(
      socketSpoken(connected, 'till'),
      'socket 5 of till, connected, to 10.0.0.1:80, in 50 percent full, out 0 percent full',
    );
    const { id, ...found } = connected;
    assert.ok(id);
    assert.equal(socketLabel(found), 'rings at grant 33');
  });

  it('say what the doctor of rings says of their data rings', () => {
    const verdict = { rule: 'full', text: 'full, frontend not reading', evidence: [] };
    const full = { ...connected, diagnosis: { ...verdict, severity: 'warning' as const } };
    assert.match(socketDescription(full), /^full, frontend not reading · connected/);
    assert.equal(socketIcon(full).icon, 'warning');
    assert.match(socketSpoken(full, 'till'), /full, frontend not reading/);
    const note = { ...connected, diagnosis: { ...verdict, severity: 'note' as const } };
    assert.equal(socketIcon(note).icon, 'plug', 'a program may have other things to do');
  });

  it('of listeners say where, and nothing of the ACCEPT that always waits there', () => {
    const outstanding = [{ reqId: 1, cmd: 'ACCEPT', sinceMs: 0 }];
    const listening = socket('2', { state: 'listening', local: '10.0.0.1:80', backlog: 128, outstanding });
    assert.equal(socketDescription(listening), 'listening at 10.0.0.1:80');
    assert.equal(
      socketDescription({ ...listening, state: 'connecting' }),
      'connecting at 10.0.0.1:80 · ACCEPT waits',
    );
    assert.ok(socketTooltip(listening).lines.includes('128 connections may wait here to be accepted.'));
  });

  it('name the error that a call was answered with', () => {
    const failed = socket('7', {
      state: 'failed',
      remote: '10.0.0.9:631',
      failure: { cmd: 'CONNECT', error: refused, timeMs: 0 },
    });
    assert.equal(socketDescription(failed), 'failed → 10.0.0.9:631 · CONNECT: ECONNREFUSED');
    assert.ok(
      socketTooltip(failed).lines.includes('CONNECT failed. ECONNREFUSED (−111): nobody listens there.'),
    );
    assert.match(socketSpoken(failed, 'till'), /CONNECT failed: ECONNREFUSED/);
  });

  it('tell the orderly end from an error', () => {
    const ended = { ...connected, in: direction({ error: orderly }), out: direction({ error: orderly }) };
    assert.match(socketDescription(ended), /in ▱▱▱▱▱▱ ended · out ▱▱▱▱▱▱ ENOTCONN/);
    const { lines } = socketTooltip(ended);
    assert.ok(lines.some((line) => line.startsWith('in has ended in order')));
    assert.ok(lines.some((line) => line.startsWith('out has ended: ENOTCONN (−107)')));
  });
});
