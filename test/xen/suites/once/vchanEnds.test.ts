/** Our ends of a vchan in dom0, and Debian's vchan-socket-proxy over libxenvchan in a real guest: both roles, and every way it ends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { openNativeHost } from '../../../../native/host';
import type { NativeHost } from '../../../../native/host';
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import { systemClock, systemRandom } from '../../../../server/cli/systemClock';
import type { HostProgram } from '../../../../server/host/program';
import { openSocketHost } from '../../../../server/store/client/socketHost';
import type { VchanEngineName } from '../../../../server/vchan/ports';
import { connectVchan } from '../../../../server/vchan/connect';
import { serveVchan } from '../../../../server/vchan/serve';
import type { Vchan } from '../../../../server/vchan/vchan';
import { VchanWatcher } from '../../../../server/rpc/vchanWatcher';
import { effort } from '../../../fuzz/seed';
import { eventually, output, run, storeSocket } from '../../support/dom0';
import { Guest } from '../../support/guest';
import { bringToGuests, diskSettings } from '../../support/guestDisk';

/** Each way. Debian's proxy has rings of 1 and 2 KiB as a server: a thousand doorbells for a megabyte, each a way from domain to domain. */
const total = 2 ** 20 * effort;
/** The same through a socket, by a program that takes its time to start in a guest. */
const socketBytes = 2 ** 16 * effort;
const pieceBytes = 65_536;
const roles = ['server', 'client'] as const;

describe('our ends of a vchan and a real guest', () => {
  let guest: Guest;
  let host: NativeHost;
  let ours: HostProgram;
  let channels: string;
  /** In the guest's own tree: dom0's disk, on which the proxy is with its libraries. */
  let proxy: string;

  before(async () => {
    bringToGuests('/xenscope/server.cjs');
    guest = await Guest.create('peer', { settings: diskSettings });
    proxy = await guest.type('cd /disk; echo usr/lib/xen-*/bin/vchan-socket-proxy');
    // More than a ring holds, and something that both ends hash.
    await guest.type(`head -c ${total} /dev/urandom > /tmp/sent`);
    channels = await output('lsevtchn', '0');
  });
  beforeEach(() => {
    const store = openSocketHost({ path: storeSocket, clock: systemClock, random: systemRandom });
    host = openNativeHost({ store, libraries: new XenLibraries(), log: (line) => assert.fail(line) });
    ours = host.openProgram!();
  });
  afterEach(async () => {
    await ours.close();
    await host.close();
  });
  after(async () => {
    await guest.destroy();
    assert.equal((await run('xenstore-exists', ['/local/domain/0/data/ends'])).status, 1);
  });

  /** What the guest gives to its end: a file, and then nothing more without an end. */
  const file = '(cat /tmp/sent; exec sleep 1000)';
  const withoutEnd = 'cat /dev/zero';

  /** An end of ours, and the proxy at the other one, which writes what it hears to `/tmp/heard`. */
  async function open(role: Vchan['role'], given: string, engine?: VchanEngineName): Promise<Vchan> {
    const [owner, mode] = role === 'server' ? [0, 'client'] : [guest.domid, 'server'];
    const path = `/local/domain/${owner}/data/ends/${engine ?? 'ours'}/${role}`;
    const start = `${given} | chroot /disk /${proxy} -m ${mode} 0 ${path} - > /tmp/heard`;
    if (role === 'client') {
      await guest.type(`(${start}) 2> /tmp/said & :`);
      return connectVchan(ours, { serverDomid: guest.domid, path, waits: true, engine });
    }
    const vchan = await serveVchan(ours, { clientDomid: guest.domid, path, engine });
    await guest.type(`(${start}) 2> /tmp/said & :`);
    await vchan.connected();
    return vchan;
  }

  /** Resolves when the proxy has ended; what fed it ends as well. */
  async function proxyEnded(): Promise<void> {
    await guest.type(
      'while pidof vchan-socket-proxy > /dev/null; do usleep 50000; done; killall -q sleep cat',
    );
  }

  async function read(vchan: Vchan, bytes: number, onFirst: () => void = () => undefined): Promise<string> {
    const hash = createHash('sha256');
    const into = Buffer.alloc(pieceBytes);
    for (let left = bytes; left > 0;) {
      const count = await vchan.read(into.subarray(0, Math.min(left, into.length)));
      assert.ok(count > 0, `the other side left ${left} bytes too early`);
      if (left === bytes) onFirst();
      hash.update(into.subarray(0, count));
      left -= count;
    }
    return hash.digest('hex');
  }

  for (const role of roles) {
    it(`carry a megabyte each way at once, as the ${role}`, async () => {
      const vchan = await open(role, file);
      const bytes = randomBytes(total);
      let written: Promise<void> | undefined;
      // Not before: the proxy sleeps on bytes whose ring was one event with that of the connection.
      const heard = await read(vchan, total, () => {
        written = vchan.write(bytes);
      });
      await written;
      const size = `$(stat -c %s /tmp/heard)`;
      assert.equal(
        await guest.type(`until [ ${size} -ge ${total} ]; do usleep 50000; done; sha256sum < /tmp/heard`),
        `${createHash('sha256').update(bytes).digest('hex')}  -`,
      );
      assert.equal(await guest.type('sha256sum < /tmp/sent'), `${heard}  -`);
      await vchan.close();
      await proxyEnded();
    });

    it(`leave in the middle as the ${role}, which ends the other one`, async () => {
      const vchan = await open(role, withoutEnd);
      await read(vchan, 100_000);
      await vchan.close();
      await proxyEnded();
    });

    it(`lose a program that is killed, as the ${role}: what it had written, and then the end`, async () => {
      const vchan = await open(role, withoutEnd);
      await read(vchan, 100_000);
      await guest.type('killall -9 vchan-socket-proxy');
      await vchan.peerLeft();
      const into = Buffer.alloc(pieceBytes);
      while ((await vchan.read(into)) > 0);
      await assert.rejects(vchan.write(into), { code: 'gone' });
      await vchan.close();
      await proxyEnded();
    });
  }

  it('are those of our command line in the guest as well, which reaches a socket of dom0', async () => {
    const path = '/local/domain/0/data/ends/socket';
    const socketPath = '/run/vchan-ends';
    // A word first: it wakes the proxy, which sleeps on bytes whose ring was one event with that of the connection.
    const echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('welcome\n');
      socket.pipe(socket);
    }).listen(socketPath);
    const args = ['-m', 'server', String(guest.domid), path, socketPath];
    const bridge = spawn('vchan-socket-proxy', args, { stdio: 'inherit' });
    const ended = once(bridge, 'exit');
    const cli = 'chroot /disk env NODE_PATH=/side/node_modules node /side/server.cjs';
    const sent = `head -c ${socketBytes} /tmp/sent`;
    const size = '$(stat -c %s /tmp/back 2> /dev/null || echo 0)';
    // Not more often: each look takes time from Node, which starts there meanwhile.
    const isBack = `[ ${size} -eq ${socketBytes + 'welcome\n'.length} ]`;
    const heard = await guest.type(
      `(${sent}; until ${isBack}; do usleep 300000; done) | ` +
        `${cli} vchan connect --wait -q 0 0 ${path} > /tmp/back; echo $?; ` +
        `sha256sum < /tmp/back; (echo welcome; ${sent}) | sha256sum`,
    );
    const [status, back, forth] = heard.split('\n');
    assert.deepEqual([status, back], ['0', forth], heard);
    echo.close();
    bridge.kill();
    await ended;
    await output('xenstore-rm', '/local/domain/0/data/ends');
  });

  it('are listened to by somebody else, who hears both and is heard by neither', async () => {
    // What the killed servers left: their grants are free, and the next server may be given one of them.
    await output('xenstore-rm', `${guest.path}/data/ends`);
    const path = `${guest.path}/data/ends/watched`;
    const words = 'until [ -e /tmp/words ]; do usleep 50000; done; cat /tmp/words; exec sleep 1000';
    const server = `(${words}) | chroot /disk /${proxy} -m server 0 ${path} - > /tmp/heard`;
    await guest.type(`(${server}) 2> /tmp/said & :`);
    const offered = () =>
      host.observer!()
        .pages()
        .find((one) => one.kind === 'vchan' && one.domid === guest.domid);
    const page = await eventually(offered);
    const client = spawn('vchan-socket-proxy', ['-m', 'client', String(guest.domid), path, '-']);
    const ended = once(client, 'exit');
    let heard = '';
    client.stdout.on('data', (bytes: Buffer) => (heard += String(bytes)));
    const watcher = new VchanWatcher({
      page,
      observer: host.observer!(),
      clock: systemClock,
      server: 'the guest',
      client: 'dom0',
      isHeld: () => false,
    });
    await eventually(() => watcher.state.text.startsWith('Listening to dom0 and the guest'));
    const passed: string[] = [];
    const takeUntil = (words: string) =>
      eventually(() => {
        for (const { ring, bytes } of watcher.take().passed) passed.push(`${ring} ${String(bytes)}`);
        return passed.join('').includes(words);
      });
    await guest.type('echo from the guest > /tmp/told; mv /tmp/told /tmp/words');
    await eventually(() => heard === 'from the guest\n');
    await takeUntil('from the guest');
    client.stdin.write('from dom0\n');
    await takeUntil('from dom0');
    assert.equal(await guest.type('until grep dom0 /tmp/heard; do usleep 50000; done'), 'from dom0');
    assert.deepEqual(passed, ['right from the guest\n', 'left from dom0\n']);
    const { sent, received } = watcher.state;
    assert.deepEqual([sent.bytes, received.bytes], [10, 15]);
    client.kill();
    await ended;
    await eventually(() => /has left|is gone/.test(watcher.state.text));
    watcher.end();
    await proxyEnded();
    await eventually(() => offered() === undefined);
  });

  it('leave nothing behind', async () => {
    assert.equal(await output('lsevtchn', '0'), channels);
    assert.equal((await run('xenstore-exists', ['/local/domain/0/data/ends'])).status, 1);
    assert.doesNotMatch(await guest.type('dmesg'), /g\.e\. .*still in use|deferring g\.e\./);
  });

  it('are told when the guest is destroyed in the middle, which clears no byte and rings no bell', async () => {
    const vchans: Vchan[] = [];
    // libxenvchan itself is never told; what follows the end of its peer is ours.
    for (const engine of [undefined, 'libxenvchan'] as const) {
      for (const role of roles) vchans.push(await open(role, withoutEnd, engine));
    }
    const reading = vchans.map(async (vchan) => {
      const into = Buffer.alloc(pieceBytes);
      while ((await vchan.read(into)) > 0);
    });
    await output('xl', 'destroy', guest.name);
    await Promise.all(reading);
    for (const vchan of vchans) {
      await vchan.peerLeft();
      await assert.rejects(vchan.write(Buffer.alloc(1)), { code: 'gone' });
      await vchan.close();
    }
    // Nobody holds its pages any more.
    await guest.gone();
  });
});
