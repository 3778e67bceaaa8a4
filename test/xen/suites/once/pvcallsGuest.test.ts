/** Linux's frontend of PV Calls in a real guest: against Linux's own backend in dom0, and against ours. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { systemClock } from '../../../../server/cli/systemClock';
import { effort } from '../../../fuzz/seed';
import { channels, mappings, newChannels, standsStill } from '../../support/channels';
import { eventually, output, storeSocket, xenscope } from '../../support/dom0';
import type { Guest } from '../../support/guest';
import { echoed, freePort, isServed, loopback, withServer } from '../../support/loopback';
import { openOurBackend } from '../../support/ourPvCalls';
import type { OurEnd } from '../../support/ourPvCalls';
import {
  attach,
  createPvCallsGuest,
  describeWithPvCalls,
  detach,
  loadLinuxBackend,
  pvsocket,
} from '../../support/pvcalls';
import type { LinuxBackend, PvCallsNodes } from '../../support/pvcalls';

const bulkBytes = 2 ** 20 * effort;
/** More than the buffers of a connection hold: whoever sends it waits for its reader. */
const endlessBytes = 16 * 2 ** 20;
const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describeWithPvCalls('Linux’s frontend of PV Calls', () => {
  let guest: Guest;
  let nodes: PvCallsNodes;
  /** dom0's event channels before the guest is there, and while its device is connected and no socket is open. */
  let unused: string;
  let idle: string;
  /** What our backend finds; Linux's says nothing. */
  const findings: string[] = [];

  before(async () => {
    unused = await channels();
    guest = await createPvCallsGuest('caller');
  });
  after(() => guest.destroy());

  /** Runs `pvsocket` to its end; answers what it printed and its status. */
  const call = (command: string) => guest.type(`${command}; echo status $?`);

  async function connected(): Promise<void> {
    nodes = await attach(guest);
    idle = await channels();
  }

  function withLinuxBackend(name: LinuxBackend): void {
    let unload: () => Promise<void>;
    before(async () => {
      unload = await loadLinuxBackend(name);
      await connected();
    });
    after(async () => {
      await detach(guest, nodes);
      await unload();
    });
  }

  /** What every backend must do. */
  function asEveryBackend(): void {
    afterEach('a socket that was released leaves nothing', async () => {
      assert.equal(await channels(), idle);
      assert.deepEqual(findings, []);
      assert.doesNotMatch(await guest.type('dmesg'), /g\.e\. .*still in use|deferring g\.e\./);
    });

    it('connects, is answered, and hears of the end', async () => {
      const heard: string[] = [];
      const serve = (socket: Socket) =>
        socket.on('data', (bytes) => {
          heard.push(String(bytes));
          if (heard.length === 1) socket.write('hello, guest\n');
          // Not at once: Linux's backend forgets an end that comes together with the last bytes.
          else socket.end();
        });
      await withServer(serve, async (port) => {
        const untilAnswered = 'until grep -q hello /tmp/heard; do usleep 50000; done';
        const printed = await call(
          `(echo hello; ${untilAnswered}; echo bye) | ${pvsocket} connect ${loopback} ${port} > /tmp/heard`,
        );
        assert.equal(printed, 'status 0');
        assert.deepEqual(heard, ['hello\n', 'bye\n']);
        assert.equal(await guest.type('cat /tmp/heard'), 'hello, guest');
      });
    });

    it('is refused where nobody listens', async () => {
      const port = await freePort();
      const printed = await call(`${pvsocket} connect ${loopback} ${port} < /dev/null`);
      assert.equal(printed, 'connect: Connection refused\nstatus 1');
    });

    it('listens for programs outside the guest, which are accepted one after the other', async () => {
      const port = await freePort();
      await guest.type(`${pvsocket} listen ${loopback} ${port} 2 > /tmp/said 2>&1 & :`);
      await guest.type('until grep -q listening /tmp/said; do usleep 50000; done');
      for (let turn = 0; turn < 2; turn++) {
        const bytes = randomBytes(100_000);
        assert.equal(hashOf(await echoed(port, bytes)), hashOf(bytes));
      }
      await guest.type('while pidof pvsocket > /dev/null; do usleep 50000; done');
      assert.equal(await guest.type('cat /tmp/said'), 'listening');
      assert.equal(await isServed(port), false);
    });

    it('is told that an address is taken', async () => {
      await withServer(
        () => undefined,
        async (port) => {
          // Linux's frontend keeps for itself what BIND was answered, and listens all the same.
          const printed = await call(`${pvsocket} listen ${loopback} ${port} 1`);
          assert.equal(printed, 'listen: Invalid argument\nstatus 1');
        },
      );
      findings.length = 0;
    });

    it('only receives, a megabyte', async () => {
      const sent = randomBytes(bulkBytes);
      const serve = (socket: Socket) => socket.once('data', () => socket.write(sent));
      await withServer(serve, async (port) => {
        const command = `echo go | ${pvsocket} connect ${loopback} ${port} ${bulkBytes} | sha256sum`;
        assert.equal(await guest.type(command), `${hashOf(sent)}  -`);
      });
    });

    it('carries a megabyte both ways at once', async () => {
      const sent = randomBytes(bulkBytes);
      const hash = createHash('sha256');
      let count = 0;
      const serve = (socket: Socket) => {
        socket.on('data', (bytes) => {
          if (count === 0) socket.write(sent);
          hash.update(bytes);
          count += bytes.length;
        });
      };
      await guest.type(`head -c ${bulkBytes} /dev/urandom > /tmp/sent`);
      await withServer(serve, async (port) => {
        const begin = systemClock.nowMs();
        // It stays until its input ends: what is in the ring when a socket is released is lost.
        const command = `(cat /tmp/sent; exec sleep 1000) | ${pvsocket} connect ${loopback} ${port} ${bulkBytes}`;
        await guest.type(`(${command} > /tmp/heard; touch /tmp/done) & :`);
        await eventually(() => count === bulkBytes);
        await guest.type('killall sleep; until [ -e /tmp/done ]; do usleep 50000; done; rm /tmp/done');
        console.log(`· PV Calls: ${effort} MiB each way at once in ${systemClock.nowMs() - begin} ms`);
        assert.equal(await guest.type('sha256sum < /tmp/heard'), `${hashOf(sent)}  -`);
        assert.equal(await guest.type('sha256sum < /tmp/sent'), `${hash.digest('hex')}  -`);
      });
    });
  }

  describe('against Linux’s backend, mended', () => {
    withLinuxBackend('pvcalls-back-mended');
    asEveryBackend();
  });

  describe('against Linux’s backend as it is', () => {
    withLinuxBackend('pvcalls-back');

    it('has none of ours, as xenscope pvcalls serve says', async () => {
      const { status, stderr } = await xenscope(['pvcalls', 'serve', '--force']);
      assert.equal(status, 2);
      assert.match(
        Buffer.from(stderr, 'latin1').toString(),
        /Linux’s pvcalls-back serves PV Calls in this domain.*modprobe -r/,
      );
    });

    it('stands still when it only receives, until it releases the socket', async () => {
      const serve = (socket: Socket) => socket.once('data', () => socket.write(Buffer.alloc(endlessBytes)));
      await withServer(serve, async (port) => {
        await guest.type(`(echo go | ${pvsocket} connect ${loopback} ${port} > /tmp/heard) & :`);
        const ports = await newChannels(idle);
        const heard = await standsStill(ports, async () => Number(await guest.type('stat -c %s /tmp/heard')));
        console.log(`· PV Calls: Linux’s backend stood still after ${heard} of ${endlessBytes} bytes`);
        assert.ok(heard < endlessBytes);
        await guest.type('killall pvsocket; while pidof pvsocket > /dev/null; do usleep 50000; done');
        assert.equal(await channels(), idle);
      });
    });
  });

  describe('against xenscope pvcalls serve', () => {
    /** What it has printed. */
    let said = '';
    let child: ChildProcess;
    let ended: Promise<unknown>;
    const printed = (text: string) => eventually(() => said.includes(text));

    before(async () => {
      const args = ['pvcalls', 'serve', '-v', '--intercept', 'connect port 443 → ETIMEDOUT'];
      child = spawn('node', ['/xenscope/server.cjs', ...args], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, XENSTORED_PATH: storeSocket },
      });
      child.stdout!.on('data', (bytes: Buffer) => (said += String(bytes)));
      ended = once(child, 'close');
      await printed('End it with Ctrl-C.');
      await connected();
    });
    after(async () => {
      child.kill('SIGKILL');
      await ended;
    });

    it('is answered by a rule, and connects where there is none', async () => {
      const refused = await call(`${pvsocket} connect ${loopback} 443 < /dev/null`);
      assert.equal(refused, 'connect: Connection timed out\nstatus 1');
      await printed(`connect port 443`);
      await withServer(
        (socket) => socket.end('hello, guest\n'),
        async (port) => {
          const connect = `${pvsocket} connect ${loopback} ${port} < /dev/null`;
          assert.equal(await call(connect), 'hello, guest\nstatus 0');
        },
      );
    });

    it('lets no other backend begin beside it', async () => {
      const { status, stderr } = await xenscope(['pvcalls', 'serve']);
      assert.equal(status, 2);
      assert.match(stderr, /Process [0-9]+ serves the PV Calls of this domain already/);
    });

    it('is closed in order when that is ended, and leaves nothing', async () => {
      child.kill('SIGINT');
      await ended;
      assert.equal(child.exitCode, 0);
      assert.match(said, /has disconnected\.\n$/);
      await nodes.remove();
      await guest.type('while [ -e /sys/bus/xen/devices/pvcalls-0 ]; do usleep 50000; done');
      assert.equal(mappings(), 0);
    });
  });

  describe('against our backend', () => {
    let ours: OurEnd;
    before(async () => {
      ours = openOurBackend(guest.domid, (line) => findings.push(line));
      await connected();
    });

    describe('while both live', () => {
      asEveryBackend();

      it('is refused what is not on the allow-list, and the finding says so', async () => {
        const printed = await call(`${pvsocket} connect 10.0.2.2 80 < /dev/null`);
        assert.equal(printed, 'connect: Permission denied\nstatus 1');
        assert.match(findings.splice(0).join('\n'), /A guest may not connect to 10\.0\.2\.2:80/);
      });
    });

    describe('when the guest is destroyed in the middle', () => {
      it('both ends of the network hear of it, and nothing is left', async () => {
        const listening = await freePort();
        const sockets: Socket[] = [];
        const keep = (socket: Socket) => sockets.push(socket.resume());
        await withServer(keep, async (port) => {
          await guest.type(`(cat /dev/zero | ${pvsocket} connect ${loopback} ${port}) & :`);
          await guest.type(`${pvsocket} listen ${loopback} ${listening} 9 & :`);
          await eventually(() => sockets[0] && sockets[0].bytesRead > 1_000_000);
          await eventually(() => isServed(listening));
          const closed = once(sockets[0]!, 'close');
          await output('xl', 'destroy', guest.name);
          await closed;
          await guest.gone();
        });
        await eventually(async () => !(await isServed(listening)));
        await nodes.remove();
        await ours.close();
        assert.equal(mappings(), 0);
        assert.equal(await channels(), unused);
      });
    });
  });
});
