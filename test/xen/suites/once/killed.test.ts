/**
 * The server that runs as root, killed in the middle of whatever it does: the guest, xenstored and
 * Xen do not notice, nothing of it stays, and the next server finds its place free.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-jsonrpc/node';
import { NativeGrants } from '../../../../native/grants';
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import {
  apiVersion,
  type HostInfo,
  type InitializeOptions,
  type RingRow,
  type VchanPlan,
} from '../../../../server/rpc/api';
import { seed, seededRandom } from '../../../fuzz/seed';
import { domains, eventually, output, run } from '../../support/dom0';
import { Guest } from '../../support/guest';

const socketPath = '/run/xenscope/1000.sock';
/** Under emulation it takes about three seconds until it edits. */
const latestKillMs = 6_000;
/** As often as a machine can look that is emulated, and still do something else. */
const ringsIntervalMs = 250;
const initializationOptions: InitializeOptions = {
  apiVersion,
  seed: 1,
  pace: 0,
  sockets: [],
  allowDomain0Edits: false,
};

class RootServer {
  #connection: MessageConnection | undefined;

  private constructor(readonly child: ChildProcess) {}

  static spawn(): RootServer {
    const args = ['/xenscope/server.cjs', 'serve', '--owner', 'guest'];
    return new RootServer(spawn('node', args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  }

  async listens(): Promise<this> {
    for await (const line of createInterface({ input: this.child.stdout! })) {
      if (line.startsWith('End it')) return this;
    }
    assert.fail('the server ended');
  }

  async join(): Promise<MessageConnection> {
    const stream = net.connect(socketPath);
    await once(stream, 'connect');
    // It may be killed at any moment.
    stream.on('error', () => undefined);
    const reader = new StreamMessageReader(stream);
    // A server that is killed within a message never sends the rest: nobody is to ask for it every 10 s.
    reader.partialMessageTimeout = 0;
    const connection = createMessageConnection(reader, new StreamMessageWriter(stream));
    connection.onError(() => undefined);
    connection.listen();
    this.#connection = connection;
    const params = { processId: null, rootUri: null, capabilities: {}, initializationOptions };
    await connection.sendRequest('initialize', params);
    return connection;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.kill(signal);
    await exit;
    this.#connection?.dispose();
  }
}

/** Connected to the machine's Xen, with the guest's rings mapped because somebody looks at them. */
async function looking(connection: MessageConnection, domid: number): Promise<HostInfo> {
  const [host] = await eventually(async () => {
    const hosts = await connection.sendRequest<HostInfo[]>('xenscope/hosts', null);
    return hosts.length > 0 && hosts;
  });
  await connection.sendRequest('xenscope/connect', { host: host!.id });
  await connection.sendRequest('xenscope/rings', { host: host!.id, intervalMs: ringsIntervalMs });
  await eventually(async () => {
    const rings = await connection.sendRequest<RingRow[]>('xenscope/ringList', { host: host!.id });
    return ['xenstore', 'console'].every((kind) => rings.some(({ id }) => id === `${kind}:${domid}`));
  });
  return host!;
}

describe('a server that is killed', () => {
  let guest: Guest;
  let channels: string;
  before(async () => {
    guest = await Guest.shared();
    channels = await eventChannels();
  });

  /** Those of dom0: what a server bound and left would show. */
  async function eventChannels(): Promise<string> {
    return output('lsevtchn', '0');
  }

  async function nothingHappened(): Promise<void> {
    assert.equal(await guest.type('xenstore-write data/alive 1; xenstore-read data/alive'), '1');
    assert.equal(await eventChannels(), channels);
  }

  function edit(host: string, name: string) {
    const value = Buffer.from('whole').toString('base64');
    const act = { kind: 'write', path: `${guest.path}/data/edit/${name}`, value, create: true };
    return { host, act, confirmed: true };
  }

  it('as soon as it listens, leaves nothing', async () => {
    const server = await RootServer.spawn().listens();
    await server.end('SIGKILL');
    await nothingHappened();
  });

  it('while it looks at rings and follows the store, leaves nothing, and no zombie of what it had mapped', async () => {
    // It need not live for that: its pages are there before its first step.
    await output('xl', 'create', '-p', '/machine/guest.cfg', 'name = "stillborn"');
    const stillborn = Number(await output('xl', 'domid', 'stillborn'));
    const server = await RootServer.spawn().listens();
    const connection = await server.join();
    await looking(connection, stillborn);
    const host = await looking(connection, guest.domid);
    const listed = { host: host.id, path: guest.path, offset: 0, limit: 100 };
    await connection.sendRequest('xenscope/children', listed);
    guest.typeOnly('i=0; while [ $i -lt 20 ]; do xenstore-write data/count $i; i=$((i+1)); done');
    await server.end('SIGKILL');
    await output('xl', 'destroy', 'stillborn');
    await eventually(async () => (await domains()).every(({ domid }) => domid !== stillborn));
    await nothingHappened();
    assert.equal(await guest.type('xenstore-read data/count'), '19');
  });

  it('in the middle of many edits, leaves each whole or not there, and no transaction open', async () => {
    const server = await RootServer.spawn().listens();
    const connection = await server.join();
    const { id: host } = await looking(connection, guest.domid);
    const edits = Array.from({ length: 200 }, (_, index) =>
      connection.sendRequest('xenscope/act', edit(host, String(index))),
    );
    await edits[0];
    const ended = Promise.allSettled(edits.slice(1));
    await server.end('SIGKILL');
    await ended;
    await nothingHappened();
    const tree = await output('xenstore-ls', '-f', `${guest.path}/data/edit`);
    for (const line of tree.trim().split('\n')) assert.match(line, /\/edit\/\d+ = "whole"$/);
  });

  it("with the server's end of a vchan open, leaves its nodes, and neither its channel nor its pages", async () => {
    const path = '/local/domain/0/data/vchan/killed';
    const server = await RootServer.spawn().listens();
    const connection = await server.join();
    const { id: host } = await looking(connection, guest.domid);
    // Offered to dom0 itself, so that we can see whether its page can be mapped.
    const plan: VchanPlan = { role: 'server', peer: 0, path };
    await connection.sendRequest('xenscope/vchanOpen', { host, plan, confirmed: true });
    await eventually(async () => (await run('xenstore-exists', [`${path}/event-channel`])).status === 0);
    const gref = Number(await output('xenstore-read', `${path}/ring-ref`));
    const grants = new NativeGrants({ libraries: new XenLibraries(), events: { has: () => false } });
    grants.map(0, [gref], 'read').unmap();
    assert.notEqual(await eventChannels(), channels);
    await server.end('SIGKILL');
    await nothingHappened();
    assert.throws(() => grants.map(0, [gref], 'read'), { code: 'notOurs' });
    grants.close();
    const names = (await output('xenstore-list', path)).trim().split('\n').sort();
    assert.deepEqual(names, ['event-channel', 'ring-ref']);
    await output('xenstore-rm', '/local/domain/0/data/vchan');
  });

  it(`at moments that chance picks (seed ${seed}), leaves nothing`, async () => {
    const random = seededRandom(seed);
    for (let kill = 0; kill < 2; kill++) {
      const server = RootServer.spawn();
      // It starts, is joined, maps the guest's rings and edits its nodes, until it is killed.
      const work = (async () => {
        const connection = await (await server.listens()).join();
        const { id: host } = await looking(connection, guest.domid);
        for (;;) await connection.sendRequest('xenscope/act', edit(host, 'random'));
      })();
      work.catch(() => undefined);
      await sleep(random.below(latestKillMs));
      await server.end('SIGKILL');
      await nothingHappened();
    }
  });

  it('lets the next one have its place, which removes its socket when it is asked to end', async () => {
    const server = await RootServer.spawn().listens();
    await looking(await server.join(), guest.domid);
    await server.end('SIGTERM');
    assert.equal(existsSync(socketPath), false);
    await nothingHappened();
  });
});
