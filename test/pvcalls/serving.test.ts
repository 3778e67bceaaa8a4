/** The backend of a whole domain as one program: over a store and a machine, against our own frontends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { EndReports } from '../../server/host/endReports';
import { processClaimants } from '../../server/cli/processClaimants';
import { systemClock } from '../../server/cli/systemClock';
import type { StoreClient } from '../../server/host/storeClient';
import type { PvCallsFrontend } from '../../server/pvcalls/frontend/frontend';
import { pvcallsFrontend } from '../../server/pvcalls/frontend/frontDevice';
import { AllowList } from '../../server/pvcalls/allowList';
import { mustBeNobodys, servedDevices } from '../../server/pvcalls/otherBackend';
import { PvCallsServing } from '../../server/pvcalls/serving';
import { claimServing, servingClaimPath } from '../../server/pvcalls/servingClaim';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';
import { runFrontends } from '../../server/xenbus/bus';
import { xenbusPorts } from '../../server/xenbus/ports';
import { newMachine } from '../support/machineHost';
import { until } from './rig';

const backend = '/local/domain/0/backend/pvcalls/3/0';
const frontend = '/local/domain/3/device/pvcalls/0';
const there = { host: '127.0.0.1', port: 80 };

describe('a served domain of PV Calls', () => {
  let xenstored: Xenstored;
  let machine: ReturnType<typeof newMachine>;
  let reports: EndReports;
  let network: SimNetwork;
  let clients: StoreClient[];
  let store: StoreClient;
  let lines: string[];
  let fronts: PvCallsFrontend[];
  let servings: PvCallsServing[];
  let ending: AbortController;
  let running: Promise<void>[];
  let before: unknown;
  const usage = () => [0, 3].map((domid) => machine.usageOf(domid));
  const connect = (domid = 0) => {
    const client = openStoreClient({ dial: xenstored.connect({ domid }), clock: systemClock });
    clients.push(client);
    return client;
  };

  beforeEach(async () => {
    reports = new EndReports();
    [lines, fronts, servings, clients, running] = [[], [], [], [], []];
    xenstored = new Xenstored({ clock: systemClock });
    machine = newMachine();
    for (const domid of [0, 3]) machine.createDomain(domid);
    before = usage();
    network = new SimNetwork();
    ending = new AbortController();
    store = connect();
    await store.write(`${backend}/frontend`, frontend);
    await store.write(`${backend}/frontend-id`, '3');
    await store.write(`${backend}/online`, '1');
    await store.write(`${backend}/state`, '1');
    await store.write(`${frontend}/backend`, backend);
    await store.write(`${frontend}/backend-id`, '0');
    await store.write(`${frontend}/state`, '1');
  });
  afterEach(async () => {
    for (const serving of servings) assert.deepEqual(await serving.close(), []);
    ending.abort(new Error('the test ends'));
    await Promise.all(running);
    while (JSON.stringify(usage()) !== JSON.stringify(before)) await new Promise(setImmediate);
    assert.equal(network.openStreams, 0);
    for (const client of clients) await client.close();
    await xenstored.close();
    machine.close();
  });

  function serve(allow: readonly string[] = ['127.0.0.0/8'], most?: AllowList): PvCallsServing {
    const { grants, events } = machine.portsOf(0);
    const serving = new PvCallsServing({
      program: { store: connect(), grants, events },
      domid: 0,
      clock: systemClock,
      network,
      allow,
      most,
      wayOutOf: ({ port }) => `Allow port ${port}.`,
      reports,
      log: (line) => lines.push(line),
    });
    servings.push(serving);
    return serving;
  }

  async function guest(): Promise<PvCallsFrontend> {
    const { grants, events } = machine.portsOf(3);
    const { signal } = ending;
    const kind = pvcallsFrontend({ onConnected: (one) => fronts.push(one), reopens: true });
    const ports = xenbusPorts({ domid: 3, store: connect(), grants, events, clock: systemClock, signal });
    running.push(runFrontends(ports, { pvcalls: kind }, '/local/domain/3/device'));
    const count = fronts.length;
    while (fronts.length === count) await new Promise(setImmediate);
    return fronts.at(-1)!;
  }
  const state = async (path: string) => String(await store.read(`${path}/state`));

  async function echoes(): Promise<void> {
    const binding = await network.bind(there);
    binding.listen(({ stream }) => void stream.on('error', () => undefined).pipe(stream));
  }

  it('serves what the toolstack gives to it, on the addresses that are allowed', async () => {
    await echoes();
    const serving = serve();
    const front = await guest();
    assert.deepEqual(serving.devices, [{ path: 'backend/pvcalls/3/0', domid: 3 }]);
    const socket = await front.connect(there);
    socket.write('hello');
    assert.equal(String(((await once(socket, 'data')) as [Buffer])[0]), 'hello');
    socket.destroy();
    await socket.released;
    for (let turn = 0; turn < 3; turn++) {
      await assert.rejects(front.connect({ host: '10.0.0.1', port: 443 }), { errorName: 'EACCES' });
    }
    assert.deepEqual(lines, [
      'A guest may not connect to 10.0.0.1:443: permission denied (EACCES). Allow port 443.',
    ]);
    assert.deepEqual(serving.findings, lines);
    assert.deepEqual(
      reports.of(frontend).flatMap(({ side, findings }) => findings().map(({ count }) => [side, count])),
      [['backend', 3]],
    );
    await serving.close();
    // Whoever serves this device next is not accused of it.
    assert.deepEqual(reports.of(frontend), []);
  });

  it('tells each address that the outer list refuses as well, once', async () => {
    const serving = serve(['127.0.0.0/8', '10.0.0.0/8'], new AllowList(undefined, { firstFreePort: 1024 }));
    const front = await guest();
    for (const host of ['10.0.0.1', '10.0.0.2', '10.0.0.1']) {
      await assert.rejects(front.connect({ host, port: 443 }), { errorName: 'EACCES' });
    }
    await assert.rejects(front.listen(there), { errorName: 'EACCES' });
    assert.deepEqual(serving.findings, [
      'A guest may not connect to 10.0.0.1:443: permission denied (EACCES). Allow port 443.',
      'A guest may not connect to 10.0.0.2:443: permission denied (EACCES). Allow port 443.',
      'A guest may not bind 127.0.0.1:80: permission denied (EACCES). Allow port 80.',
    ]);
  });

  it('tells what it found wrong with a guest, by the device', async () => {
    serve();
    const front = await guest();
    assert.deepEqual(
      reports.of(frontend).map(({ side, findings }) => [side, findings()]),
      [['backend', []]],
    );
    for (let turn = 1; turn <= 2; turn++) await front.call({ cmd: 'listen', id: 99n, backlog: 1 });
    const [report] = reports.of(frontend);
    assert.deepEqual(
      report!.findings().map(({ kind, count }) => `${count} ${kind}`),
      ['2 badRequest'],
    );
    assert.deepEqual(reports.of('/local/domain/4/device/pvcalls/0'), []);
  });

  it('has its calls come by rules first', async () => {
    const serving = serve();
    serving.intercept.set({
      isOn: true,
      holdsOthers: false,
      rules: [{ line: 'connect port 443 → ETIMEDOUT', isEnabled: true }],
    });
    const front = await guest();
    await assert.rejects(front.connect({ host: '127.0.0.1', port: 443 }), { errorName: 'ETIMEDOUT' });
    await assert.rejects(front.connect(there), { errorName: 'ECONNREFUSED' });
  });

  it('ends in order: the devices are closed, and their guests are told', async () => {
    await echoes();
    const serving = serve();
    const front = await guest();
    const socket = await front.connect(there);
    const failed = once(socket, 'error');
    assert.deepEqual(await serving.close(), []);
    assert.match(String((await failed)[0]), /disconnected/);
    assert.equal(await state(backend), '6');
    // Somebody may serve it anew: who ended it is nobody's business.
    assert.deepEqual(await servedDevices(store), []);
  });

  it('ends when others have read what its guests had sent, and keeps no connection that they hold open', async () => {
    const peers: Duplex[] = [];
    const binding = await network.bind(there);
    binding.listen(({ stream }) => peers.push(stream.on('error', () => undefined)));
    const serving = serve();
    const front = await guest();
    const sent = Buffer.alloc(64 * 1024, 'abcdefgh');
    for (const bytes of [sent, Buffer.from('hello')]) {
      const socket = await front.connect(there, { order: 4 });
      await new Promise((done) => socket.write(bytes, done));
      socket.destroy();
      await socket.released;
    }
    const closing = serving.close();
    while (serving.devices.length > 0) await new Promise(setImmediate);
    assert.equal(network.openStreams, 4);
    const heard = await Promise.all(peers.map(async (peer) => heardBytes(peer)));
    assert.deepEqual(heard, [sent.length, 5]);
    await closing;
    // Their own ends are left.
    await until(() => network.openStreams === 2);
    assert.deepEqual(lines, []);
    for (const peer of peers) peer.destroy();
    await until(() => network.openStreams === 0);
  });

  /** Up to its end; it is left open. */
  async function heardBytes(stream: Duplex): Promise<number> {
    let count = 0;
    stream.on('data', ({ length }: Buffer) => (count += length));
    if (!stream.readableEnded) await once(stream, 'end');
    return count;
  }

  it('does not begin where somebody serves already, or the kernel does', async () => {
    await mustBeNobodys(store, { kernel: undefined });
    serve();
    await guest();
    await assert.rejects(mustBeNobodys(connect(), { kernel: undefined }), {
      code: 'refused',
      message: 'Somebody serves backend/pvcalls/3/0 already.',
    });
    await mustBeNobodys(connect(), { kernel: undefined, takesOver: true });
    await assert.rejects(
      mustBeNobodys(connect(), { kernel: 'Linux’s pvcalls-back serves here.', takesOver: true }),
      {
        message: 'Linux’s pvcalls-back serves here.',
        wayOut: /modprobe -r/,
      },
    );
  });

  const claim = (takesOver = false) =>
    claimServing({
      store: connect(),
      clock: systemClock,
      kernel: undefined,
      takesOver,
      claimants: processClaimants,
    });

  it('is claimed by one alone, before there is any device', async () => {
    const both = await Promise.allSettled([claim(), claim()]);
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await assert.rejects(claim(), {
      code: 'refused',
      message: `Process ${process.pid} serves the PV Calls of this domain already.`,
    });
    await assert.rejects(claim(true), { code: 'refused' }, 'it was not killed');
    for (const each of both) if (each.status === 'fulfilled') await each.value.release();
    await assert.rejects(store.read(servingClaimPath), { storeError: 'ENOENT' });
    await (await claim()).release();
  });

  it('is nobody’s any more when the process was killed, or its number is another one’s', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    await store.write(servingClaimPath, `${child.pid} ${start} 1`);
    await assert.rejects(claim(), { message: new RegExp(`^Process ${child.pid} serves`) });
    await store.write(servingClaimPath, `${child.pid} ${Number(start) + 1} 1`);
    await (await claim()).release();
    await store.write(servingClaimPath, `${child.pid} ${start} 1`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    for (const left of [`${child.pid} ${start} 1`, `${process.pid} 1 1`, 'anything', '-1 - 1']) {
      await store.write(servingClaimPath, left);
      await (await claim()).release();
    }
  });

  it('is not claimed where somebody serves a device, and without a claim where nothing may be written', async () => {
    await store.write(`${backend}/state`, '4');
    await assert.rejects(claim(), { message: 'Somebody serves backend/pvcalls/3/0 already.' });
    await assert.rejects(store.read(servingClaimPath), { storeError: 'ENOENT' });
    await (await claim(true)).release();
    const claimants = processClaimants;
    const options = { clock: systemClock, kernel: undefined, claimants };
    await (await claimServing({ ...options, store: connect(3) })).release();
  });

  it('takes over what a backend that was killed has left behind', async () => {
    await store.write(`${backend}/state`, '4');
    await store.write(`${frontend}/state`, '4');
    assert.deepEqual(await servedDevices(store), ['backend/pvcalls/3/0']);
    const serving = serve();
    await guest();
    assert.equal(serving.devices.length, 1);
  });

  it('says of an allow-list that it is none', () => {
    assert.throws(() => serve(['everything']), { code: 'input', message: /"everything" names no addresses/ });
  });
});
