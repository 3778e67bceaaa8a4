/** What the native calls cost and leave behind on real Xen, when they are many and when their process is killed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { lastErrno } from '../../../../native/cError';
import { isReadable } from '../../../../native/descriptors';
import { openEventChannels } from '../../../../native/eventChannels';
import type { NativeEventChannels } from '../../../../native/eventChannels';
import { NativeGrants } from '../../../../native/grants';
import { XenLibraries } from '../../../../native/libraries/xenLibraries';
import { quietLogger } from '../../../../native/quietLogger';
import { effort } from '../../../fuzz/seed';
import { output } from '../../support/dom0';

/** A hundredth of what `npm run soak` does. */
const rings = 10_000 * effort;
const mappings = 1_000 * effort;
const maxGrowthBytes = 48 * 2 ** 20;
/** What is not used any more is freed between two turns of the loop, as in a server that lives by them. */
const callsPerTurn = 200;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const libraries = new XenLibraries();
const [, , word, domid, gref, port] = process.argv;

if (word === 'hold') void hold(Number(domid), Number(gref), Number(port));
else describe('many calls of C on real Xen', describeCalls);

/** The process that is killed: maps what it is told, asks for a notification, and waits for its end. */
async function hold(domid: number, gref: number, port: number): Promise<void> {
  const events = openEventChannels(libraries);
  const bell = events.bindInterdomain(domid, port);
  const grants = new NativeGrants({ libraries, events });
  const onUnmap = { clearByteOffset: 5, signalPort: bell.port };
  const { memory } = grants.map(domid, [gref], 'write', { onUnmap });
  memory.store8(5, 7);
  console.log('held');
  await new Promise((resolve) => setTimeout(resolve, 600_000));
}

function describeCalls(): void {
  let events: NativeEventChannels;
  let grants: NativeGrants;
  beforeEach(() => {
    events = openEventChannels(libraries);
    grants = new NativeGrants({ libraries, events });
  });
  afterEach(() => {
    grants.close();
    events.close();
  });

  const held = () => ({
    descriptors: readdirSync('/proc/self/fd').length,
    mappings: readFileSync('/proc/self/maps', 'utf8').match(/\/dev\/xen\//g)?.length ?? 0,
  });

  async function growth(act: () => Promise<void> | void): Promise<void> {
    // Once before, so that what is made at the first use is there.
    await act();
    const before = held();
    const { rss } = process.memoryUsage();
    await act();
    assert.deepEqual(held(), before);
    const grownBytes = process.memoryUsage().rss - rss;
    assert.ok(grownBytes < maxGrowthBytes, `${grownBytes} bytes more than before`);
  }

  it(`hear ${rings} rings of a bell, one by one, and leak nothing`, async () => {
    const near = events.bindUnbound(0);
    const far = events.bindInterdomain(0, near.port);
    const begin = process.hrtime.bigint();
    await growth(
      () =>
        new Promise<void>((resolve) => {
          let heard = 0;
          far.onEvent = () => {
            far.unmask();
            if (++heard > rings / 2) return resolve();
            near.notify();
          };
          near.notify();
        }),
    );
    const eachUs = Number(process.hrtime.bigint() - begin) / 1000 / rings;
    console.log(`· a ring is heard after ${eachUs.toFixed(0)} us under emulation`);
  });

  it(`map and unmap ${mappings} times, and leak nothing`, async () => {
    const shared = grants.share(0, 1, { writable: true });
    const begin = process.hrtime.bigint();
    await growth(async () => {
      for (let time = 0; time < mappings / 2; time++) {
        if (time % callsPerTurn === 0) await turn();
        const mapped = grants.map(0, shared.grefs, 'read');
        shared.memory.store32(0, time);
        assert.equal(mapped.memory.load32(0), time);
        mapped.unmap();
      }
    });
    const eachUs = Number(process.hrtime.bigint() - begin) / 1000 / mappings;
    console.log(`· a page is mapped, read and unmapped in ${eachUs.toFixed(0)} us under emulation`);
  });

  it(`share and end ${mappings} times, and leak no grant`, async () => {
    const grefs = new Set<number>();
    await growth(async () => {
      for (let time = 0; time < mappings / 2; time++) {
        if (time % callsPerTurn === 0) await turn();
        const shared = grants.share(0, 1, { writable: true });
        grefs.add(shared.grefs[0]!);
        shared.end();
      }
    });
    assert.ok(grefs.size < mappings / 4, `${grefs.size} references were used: they are not given back`);
  });

  it('do what was asked for at the unmap when the process is killed', async () => {
    const bell = events.bindUnbound(0);
    const shared = grants.share(0, 1, { writable: true });
    const args = [__filename, 'hold', 0, shared.grefs[0], bell.port].map(String);
    const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(createInterface({ input: holder.stdout }), 'line');
    assert.equal(shared.memory.load8(5), 7);
    const rang = new Promise<void>((resolve) => (bell.onEvent = resolve));
    holder.kill('SIGKILL');
    await rang;
    assert.equal(shared.memory.load8(5), 0);
  });

  it('carry bytes through a channel of libxenvchan', async () => {
    const vchan = libraries.functions('vchan');
    const { poll } = libraries.functions('libc');
    const path = '/local/domain/0/data/xenscope-vchan';
    const logger = quietLogger(libraries);
    const server = vchan.libxenvchan_server_init(logger, 0, path, 1024, 2048);
    assert.ok(server !== null, `errno ${lastErrno()}`);
    assert.equal(vchan.libxenvchan_is_open(server), 2, 'it waits for a client');
    const client = vchan.libxenvchan_client_init(logger, 0, path);
    assert.ok(client !== null, `errno ${lastErrno()}`);
    assert.equal(vchan.libxenvchan_is_open(server), 1);
    assert.equal(vchan.libxenvchan_buffer_space(server) > 0, true);
    const text = Buffer.from('through the ring');
    assert.equal(vchan.libxenvchan_write(client, text, text.length), text.length);
    const fd = vchan.libxenvchan_fd_for_select(server);
    while (!isReadable(poll, fd)) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(vchan.libxenvchan_wait(server), 0);
    assert.equal(vchan.libxenvchan_data_ready(server), text.length);
    const read = Buffer.alloc(100);
    assert.equal(vchan.libxenvchan_read(server, read, read.length), text.length);
    assert.equal(read.toString('utf8', 0, text.length), 'through the ring');
    vchan.libxenvchan_close(client);
    assert.equal(vchan.libxenvchan_is_open(server), 0);
    vchan.libxenvchan_close(server);
    await output('xenstore-rm', path);
  });
}
