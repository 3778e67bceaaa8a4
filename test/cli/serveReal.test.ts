/**
 * `xenscope serve --owner`: a server that runs as root for the editors of another user. It needs root
 * to be tried whole; the second user is one that every system has.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { MessageConnection } from 'vscode-jsonrpc/node';
import { ownerOf } from '../../server/cli/ownerOf';
import { listenForOwner } from '../../server/cli/rootSocket';
import type { HostInfo } from '../../server/rpc/api';
import { itAsRoot } from '../interop/daemons/requirements';
import { type OurServer, startOurs } from '../interop/ours';
import { asEditor } from '../rpc/asEditor';
import { eventually, initializeOptions } from '../rpc/rig';
import { bundle, program, xenscope } from './xenscope';

const isRoot = process.getuid?.() === 0;
/** `nobody`, and somebody else who has no more rights. */
const owner = { name: 'nobody', uid: 65534 };
const stranger = 65533;

describe('xenscope serve --owner', function () {
  this.timeout(60_000);
  let store: OurServer;
  let folder: string;
  let hanging: Server | undefined;
  const children: ChildProcess[] = [];
  const connections: MessageConnection[] = [];

  before(async () => {
    store = await startOurs();
  });
  after(() => store.stop());
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'xenscope-test-'));
    // The user must be able to pass through to the socket.
    chmodSync(folder, 0o711);
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.dispose();
    hanging?.close();
    await Promise.all(children.splice(0).map((child) => end(child)));
    rmSync(folder, { recursive: true, force: true });
  });

  const socketPath = () => path.join(folder, 'root.sock');
  const env = () => ({ ...process.env, XENSTORED_PATH: store.socketPath });
  const refused = async (...args: string[]) => {
    const { status, stderr } = await xenscope(['serve', ...args], { socketPath: store.socketPath });
    assert.notEqual(status, 0);
    return stderr;
  };

  async function serve({ xenstored = store.socketPath } = {}, ...args: string[]): Promise<ChildProcess> {
    const all = [...(await program()), 'serve', '--owner', owner.name, '--socket', socketPath(), ...args];
    const child = spawn(process.execPath, all, {
      env: { ...env(), XENSTORED_PATH: xenstored },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.startsWith('End it')) return child;
    }
    assert.fail('it ended');
  }

  async function end(child: ChildProcess): Promise<number | null> {
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const exit = once(child, 'exit') as Promise<[number | null]>;
    child.kill('SIGTERM');
    return (await exit)[0];
  }

  async function join(options: object = {}): Promise<MessageConnection> {
    const socket = connect(socketPath());
    await once(socket, 'connect');
    return asEditor(socket, socket, (connection) => connections.push(connection), options);
  }

  const hostsOf = (connection: MessageConnection) =>
    eventually(async () => {
      const hosts = await connection.sendRequest<HostInfo[]>('xenscope/hosts', null);
      return hosts.length > 0 ? hosts : undefined;
    });

  if (!isRoot) {
    it('says that it must be root', async () => {
      assert.match(await refused('--owner', owner.name), /must run as root\. Start it with sudo/);
    });
  }

  itAsRoot('is refused to a user who is not root', async () => {
    // The program is loaded first: that user may not be able to read it where it lies.
    const script = `const [, file] = process.argv;
      const code = require('node:fs').readFileSync(file, 'utf8');
      process.setuid(${owner.uid});
      new (require('node:module'))(file)._compile(code, file);`;
    const args = ['-e', script, ...(await program()), 'serve', '--owner', owner.name];
    const told = await new Promise<string>((resolve) =>
      execFile(process.execPath, args, { env: env() }, (_error, _out, stderr) => resolve(stderr)),
    );
    assert.equal(
      told,
      'xenscope: The server of a real host must run as root. Start it with sudo: sudo xenscope serve --owner USER.\n',
    );
  });

  itAsRoot('says in one sentence what is wrong with the user or the place', async () => {
    assert.equal(
      await refused('--host', 'real'),
      'xenscope: It must be said whose editors may connect. Name the user: sudo xenscope serve --owner USER.\n',
    );
    assert.equal(
      await refused('--owner', 'no-such-user'),
      'xenscope: There is no user "no-such-user" on this machine. Name the user whose editor shall connect: --owner USER.\n',
    );
    assert.match(await refused('--owner', '--help-me'), /no user "--help-me"|unknown option|missing/);
    assert.match(
      await refused('--owner', owner.name, '--pvcalls-allow', 'everything'),
      /"everything" names no addresses/,
    );
    const at = (place: string) => refused('--owner', owner.name, '--socket', place);
    writeFileSync(socketPath(), 'a file');
    assert.match(await at(socketPath()), /root\.sock is there already, and is no socket\. Name another file/);
    mkdirSync(path.join(folder, 'open'));
    chmodSync(path.join(folder, 'open'), 0o777);
    assert.match(await at(path.join(folder, 'open', 'x')), /is no safe place.*others may write to/);
    assert.match(await at(path.join(folder, 'missing', 'x')), /is no safe place.*there is no folder/);
    assert.match(await at(`/${'x'.repeat(200)}`), /too long for a socket/);
  });

  itAsRoot('listens where the folder really is, and outlives a connection that cannot be taken', async () => {
    const link = path.join(folder, 'link');
    const real = path.join(realpathSync(folder), 'real');
    mkdirSync(real, { mode: 0o711 });
    symlinkSync(real, link);
    const server = createServer();
    const place = await listenForOwner(server, path.join(link, 'root.sock'), { ...owner, gid: owner.uid });
    assert.equal(place, path.join(real, 'root.sock'));
    assert.equal(server.address(), place);
    const { uid, mode } = lstatSync(place);
    assert.deepEqual([uid, mode & 0o777], [owner.uid, 0o600]);
    // Nobody to hear it would end the process; so does the first one that hears only once.
    for (let times = 0; times < 2; times++) server.emit('error', new Error('accept EMFILE'));
    await new Promise((resolve) => server.close(resolve));
  });

  itAsRoot('outlives a mistake in one corner of it, and does not blame a simulator', async () => {
    const mistake = 'process.once("SIGUSR2",()=>void Promise.reject(new Error("in one corner")))';
    const args = ['--import', `data:text/javascript,${mistake}`, ...(await program()), 'serve'];
    const child = spawn(process.execPath, [...args, '--owner', owner.name, '--socket', socketPath()], {
      env: env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    child.kill('SIGUSR2');
    const [told] = (await once(child.stderr, 'data')) as [Buffer];
    assert.match(String(told), /^A mistake of the server: Error: in one corner/);
    assert.equal(await end(child), 0);
  });

  itAsRoot('lets that user in, and nobody else', async () => {
    await serve();
    const { mode, uid } = lstatSync(socketPath());
    assert.deepEqual([mode & 0o777, uid], [0o600, owner.uid]);
    const answer = await asUser(owner.uid, socketPath());
    assert.match(answer, /"label":"This machine’s Xen"/);
    assert.equal((await asUser(stranger, socketPath())).trim(), 'EACCES');
  });

  itAsRoot('shows the store of the machine, and nothing that an editor names', async () => {
    await serve({}, '--way', 'socket');
    const editor = await join({ sockets: [store.socketPath], rootServer: socketPath() });
    const [host, ...more] = await hostsOf(editor);
    assert.deepEqual(
      { kind: host!.kind, id: host!.id, more, rootServer: host!.rootServer },
      { kind: 'machine', id: 'local', more: [], rootServer: undefined },
    );
    const connected = await editor.sendRequest<HostInfo>('xenscope/connect', { host: 'local' });
    assert.deepEqual([connected.state.kind, connected.recorded], ['connected', false]);
    assert.deepEqual(await editor.sendRequest('xenscope/names', { host: 'local', path: '/' }), ['tool']);
    const file = path.join(folder, 'written');
    await assert.rejects(editor.sendRequest('xenscope/saveJournal', { host: 'local', file }), {
      message: 'A server that runs as root writes no file that an editor names.',
    });
    assert.ok(!existsSync(file));
  });

  itAsRoot('serves several windows, and goes on when one leaves', async () => {
    const child = await serve();
    const [first, second] = [await join({ firstId: 1000 }), await join()];
    for (const editor of [first, second]) {
      await hostsOf(editor);
      await editor.sendRequest('xenscope/connect', { host: 'local' });
    }
    const watch = { host: 'local', path: '/tool' };
    assert.deepEqual(await first.sendRequest('xenscope/watch', watch), { watchId: 1000 });
    const gone = new Promise<void>((resolve) => first.onClose(resolve));
    await first.sendRequest('shutdown');
    await first.sendNotification('exit');
    await gone;
    assert.deepEqual(await second.sendRequest('xenscope/watch', watch), { watchId: 1 });
    assert.equal(child.exitCode, null);
  });

  itAsRoot('is found by the server of that user’s editor, which else says what to type', async () => {
    await serve();
    // Where that user can read it, with a xenstored that only root may reach.
    const script = path.join(folder, 'server.cjs');
    copyFileSync(await bundle(), script);
    chmodSync(script, 0o644);
    const asked = async (rootServer: string, more: NodeJS.ProcessEnv = {}) => {
      const child = spawn(process.execPath, [script, 'editor', '--stdio'], {
        uid: owner.uid,
        cwd: '/',
        env: { ...env(), ...more },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      const keep = (made: MessageConnection) => connections.push(made);
      const connection = await asEditor(child.stdout, child.stdin, keep, { rootServer });
      return eventually(async () => {
        const hosts = await connection.sendRequest<HostInfo[]>('xenscope/hosts', null);
        return hosts.find(({ id }) => id === 'local');
      });
    };
    const found = await asked(socketPath());
    assert.equal(found.rootServer, socketPath());
    assert.equal(found.unavailable?.kind, 'denied');
    assert.match(
      found.unavailable.reason,
      /This user may not open the socket of a xenstored.*belongs to root/,
    );
    // What the person has named to this server is named to that one: sudo passes no environment on.
    const named = `XENSTORED_PATH=${store.socketPath}`;
    const typed = `${process.execPath} ${script} serve --owner ${owner.name}`;
    assert.equal(found.unavailable.command, `sudo env ${named} ${typed}`);
    const elsewhere = await asked(socketPath(), { XENSCOPE_XEN_LIBRARIES: '/opt/my xen/lib:/opt/lib' });
    assert.equal(
      elsewhere.unavailable?.command,
      `sudo env ${named} 'XENSCOPE_XEN_LIBRARIES=/opt/my xen/lib:/opt/lib' ${typed}`,
    );
    // A socket that somebody else could have put there is none.
    const swapped = path.join(folder, 'open');
    mkdirSync(swapped);
    chmodSync(swapped, 0o777);
    renameSync(socketPath(), path.join(swapped, 'root.sock'));
    assert.equal((await asked(path.join(swapped, 'root.sock'))).rootServer, undefined);
  });

  itAsRoot(
    'ends when it is told to, even if its xenstored hangs and holds a call of the library',
    async () => {
      const silent = path.join(folder, 'silent');
      const asked = new Promise<void>((resolve) => {
        hanging = createServer((socket) => void socket.once('data', () => resolve())).listen(silent);
      });
      const child = await serve({ xenstored: silent }, '--way', 'library');
      const editor = await join();
      await hostsOf(editor);
      editor.sendRequest('xenscope/connect', { host: 'local' }).catch(() => undefined);
      await asked;
      await end(child);
      assert.ok(!existsSync(socketPath()));
    },
  );

  itAsRoot(
    'cannot be started twice at one place, takes the place of one that was killed, and leaves none behind',
    async () => {
      const killed = await serve();
      assert.match(
        await refused('--owner', owner.name, '--socket', socketPath()),
        /A server listens at .*root\.sock already\. Several windows may join it/,
      );
      const exit = once(killed, 'exit');
      killed.kill('SIGKILL');
      await exit;
      assert.ok(existsSync(socketPath()));
      const child = await serve();
      await join();
      assert.equal(await end(child), 0);
      assert.ok(!existsSync(socketPath()));
    },
  );

  it('knows users by name and by number', async () => {
    assert.deepEqual(await ownerOf('root'), { uid: 0, gid: 0, name: 'root' });
    assert.deepEqual(await ownerOf(String(owner.uid)), await ownerOf(owner.name));
  });
});

/** What that user gets there: the hosts, or the errno of the system. */
async function asUser(uid: number, socketPath: string): Promise<string> {
  const child = execFile(process.execPath, ['-e', client, socketPath, JSON.stringify(initializeOptions)], {
    uid,
    cwd: '/',
  });
  let text = '';
  child.stdout!.on('data', (chunk) => (text += String(chunk)));
  await once(child, 'close');
  return text;
}

const client = `
  const socket = require('node:net').connect(process.argv[1]);
  const send = (message) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message });
    socket.write('Content-Length: ' + Buffer.byteLength(text) + '\\r\\n\\r\\n' + text);
  };
  socket.on('error', ({ code }) => console.log(code));
  socket.on('connect', () => {
    const initializationOptions = JSON.parse(process.argv[2]);
    send({ id: 1, method: 'initialize', params: { processId: null, rootUri: null, capabilities: {}, initializationOptions } });
  });
  let all = '';
  socket.on('data', (chunk) => {
    all += chunk;
    if (!all.includes('This machine')) return send({ id: 2, method: 'xenscope/hosts', params: null });
    console.log(all);
    socket.destroy();
  });
`.replace(/\s+/g, ' ');
