/** Debian's libxenvchan, unchanged, in two programs of two simulated domains. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type Socket, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../server/cli/systemClock';
import { diagnose } from '../../../server/doctor/doctor';
import { RingWatch } from '../../../server/model/rings/ringWatch';
import { VchanWatcher } from '../../../server/rpc/vchanWatcher';
import { XEN_BIN, describeWithDaemons } from '../daemons/requirements';
import { ProgramWorld, compile, dialPatiently, until } from './kit';
import type { Program } from './kit';

const megabyte = 2 ** 20;

/** The value once it has stayed the same for a second. */
async function unchanged(value: () => number): Promise<number> {
  let last = value();
  for (let times = 0; times < 40; times++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    if (value() !== last) [last, times] = [value(), 0];
  }
  return last;
}

describeWithDaemons('programs with libxenvchan join a world', () => {
  let vchan: string;
  let worlds: ProgramWorld;
  before(() => (vchan = compile('vchan.c', 'xenvchan')));
  beforeEach(async () => (worlds = await ProgramWorld.open()));
  afterEach(() => worlds.close());

  async function pair(ringBytes: number, ...how: readonly (string | number)[]) {
    const [alice, bob] = [await worlds.domain('alice'), await worlds.domain('bob')];
    const node = `data/vchan/${bob}/test`;
    const server = await worlds.start('alice', vchan, 'server', bob, node, ringBytes, ...how);
    await server.printed('ready');
    const seen = `/local/domain/${alice}/${node}`;
    const client = await worlds.start('bob', vchan, 'client', alice, seen, ringBytes, ...how);
    await client.printed('ready');
    return { alice, bob, server, client };
  }

  const usage = async () => {
    const { machine } = worlds.world;
    const domids = [await worlds.domain('alice'), await worlds.domain('bob')];
    return { pages: machine.pagesInUse, of: domids.map((domid) => machine.usageOf(domid)) };
  };

  for (const ringBytes of [4096, megabyte]) {
    for (const form of ['stream', 'packet']) {
      it(`exchange megabytes as a ${form} over rings of ${ringBytes / 1024} KiB, and leave nothing`, async () => {
        const before = await usage();
        const { server, client } = await pair(ringBytes, form, 3 * megabyte);
        assert.match(await client.output(), /exchanged 3145728/);
        assert.match(await server.output(), /exchanged 3145728/);
        await worlds.world.settled();
        assert.deepEqual(await usage(), before);
      });
    }
  }

  it('show what they lend each other', async () => {
    const { alice, bob, server, client } = await pair(4096, 'watch');
    const lent = worlds.world.machine.lent();
    assert.deepEqual(
      lent.map(({ ownerDomid, toDomid, grants }) => [ownerDomid, toDomid, grants.length]),
      [
        [alice, bob, 1],
        [alice, bob, 1],
        [alice, bob, 1],
      ],
    );
    assert.ok(lent.every(({ grants }) => grants.every(({ maps }) => maps === 1)));
    for (const { child } of [server, client]) child.kill();
  });

  it('are seen among the rings of the world, with the sizes of their rings and how full they are', async () => {
    const watch = new RingWatch({ observer: worlds.world.observer(), clock: systemClock, judge: diagnose });
    const subscription = watch.subscribe(() => undefined, { intervalMs: 10 });
    const vchans = () =>
      worlds.world
        .observer()
        .pages()
        .filter(({ kind }) => kind === 'vchan');
    assert.deepEqual(vchans(), []);
    const { alice, bob, server, client } = await pair(16384, 'ping', 1_000_000);
    await client.printed('round 100\n');
    const [page] = vchans();
    assert.equal(page!.domid, alice);
    assert.match(page!.found, new RegExp(`^lent to domain ${bob} under grant \\d+`));
    await until(() => (watch.detail(page!.id)?.row.directions[0]?.producedPerSecond ?? 0) > 0);
    const { row, words } = watch.detail(page!.id)!;
    assert.deepEqual(
      row.directions.map(({ name, producer, consumer, sizeBytes }) => [name, producer, consumer, sizeBytes]),
      [
        ['left', 'client', 'the server', 16384],
        ['right', 'the server', 'client', 16384],
      ],
    );
    const word = (name: string) => words.find((each) => each.name === name)!;
    assert.deepEqual([word('left_order').value, word('cli_live').says], [14, 'the client is there']);
    assert.ok(word('right_prod').value > 0);
    server.child.kill();
    await server.ended;
    await until(() => vchans().length === 0);
    client.child.kill();
    subscription.stop();
  });

  it('are told by libxenvchan_is_open when the other end is killed', async () => {
    for (const dies of ['server', 'client'] as const) {
      const before = await usage();
      const { server, client } = await pair(4096, 'watch');
      const [victim, other] = dies === 'server' ? [server, client] : [client, server];
      await other.printed('open 1');
      victim.child.kill('SIGKILL');
      assert.match(await other.output(), /open 1\nopen 0\n$/, `the ${dies} dies`);
      await until(() => victim.isOver);
      await worlds.world.settled();
      assert.deepEqual(await usage(), before);
    }
  });

  it('stand still in a held world, go on ring by ring when it is stepped, and freely when it goes on', async () => {
    const { world } = worlds.world;
    const { server, client } = await pair(4096, 'ping', 2000);
    const rounds = (program: Program) => program.stdout.split('\n').length;
    await client.printed('round 10\n');
    world.hold();
    // What they had begun comes to its end: both then wait for a bell that nobody hears.
    const steps: string[] = [];
    const stepUntil = async (isSo: () => boolean) => {
      while (!isSo()) {
        const move = await world.step();
        if (move) steps.push(move.text);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    // What it printed before it stood still may come late; nothing tells how late but a second of silence.
    const heldAt = await unchanged(() => rounds(client));
    await stepUntil(() => rounds(client) >= heldAt + 3);
    assert.ok(rounds(client) < 2000, 'it has not run freely meanwhile');
    const rings = steps.filter((text) => /rings the doorbell/.test(text)).length;
    const heard = steps.filter((text) => /hears the doorbell/.test(text)).length;
    // How many a round needs depends on who sleeps when the other has written: at least one of each.
    assert.ok(rings >= 1 && heard >= 1, steps.join('\n'));
    world.resume();
    await client.output();
    await server.output();
  });

  /** Debian's vchan-socket-proxy between a socket here and an echo: `bob` is its client, `alice` its server. */
  async function proxied(use: (socket: Socket) => Promise<void>): Promise<void> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'proxy-'));
    const [front, back] = [path.join(folder, 'front'), path.join(folder, 'back')];
    const echo = createServer((socket) => socket.pipe(socket)).listen(back);
    const reached = once(echo, 'connection');
    const [alice, bob] = [await worlds.domain('alice'), await worlds.domain('bob')];
    const node = `/local/domain/${alice}/data/vchan`;
    const proxy = `${XEN_BIN}/vchan-socket-proxy`;
    await worlds.start('alice', proxy, '-m', 'server', bob, node, back);
    await worlds.start('bob', proxy, '-m', 'client', alice, node, front);
    const socket = await dialPatiently(front);
    // Not before: the proxy sleeps on data whose ring was one event with that of the connection, also on Xen.
    await reached;
    await use(socket);
    socket.destroy();
    echo.close();
    rmSync(folder, { recursive: true, force: true });
  }

  async function echoed(
    socket: Socket,
    sent: Buffer,
    meanwhile: () => void = () => undefined,
  ): Promise<void> {
    socket.write(sent);
    let got = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => (got = Buffer.concat([got, bytes])));
    await until(() => (meanwhile(), got.length >= sent.length));
    assert.ok(got.equals(sent));
  }

  it('carry a unix socket from one domain to another: Debian’s vchan-socket-proxy', () =>
    proxied((socket) => echoed(socket, Buffer.alloc(300_000, 'through two domains '))));

  it('are listened to while they carry it, and no byte is told that was another one', () =>
    proxied(async (socket) => {
      const observer = worlds.world.observer();
      const page = observer.pages().find(({ kind }) => kind === 'vchan')!;
      const names = { server: 'alice', client: 'bob', isHeld: () => false };
      const watcher = new VchanWatcher({ page, observer, clock: systemClock, ...names });
      const sent = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 31 + (at >>> 8)) & 0xff));
      const at = { left: 0, right: 0 };
      let seenBytes = 0;
      const compare = () => {
        for (const { ring, bytes, unseenBytes, doubtfulBytes } of watcher.take().passed) {
          const from = at[ring] + unseenBytes;
          const sure = bytes.subarray(doubtfulBytes);
          assert.ok(
            sure.equals(sent.subarray(from + doubtfulBytes, from + bytes.length)),
            `${ring} at ${from}`,
          );
          at[ring] = from + bytes.length;
          seenBytes += sure.length;
        }
      };
      await echoed(socket, sent, compare);
      await until(() => (compare(), at.left === sent.length && at.right === sent.length));
      const { state } = watcher;
      assert.deepEqual([state.sent.bytes, state.received.bytes], [sent.length, sent.length]);
      assert.ok(seenBytes > 0);
      watcher.end();
    }));

  it('see the index that a fault has broken', async () => {
    const { server, client, alice } = await pair(4096, 'ping', 1_000_000);
    await client.printed('round 10\n');
    worlds.world.world.setFault('corruptIndex', 1, alice);
    const strikes = () => worlds.world.world.faults.find(({ name }) => name === 'corruptIndex')!.count;
    await until(() => strikes() > 0);
    // libxenvchan reads nothing by such an index: the client waits for ever.
    worlds.world.world.setFault('corruptIndex', 0, alice);
    const page = worlds.world.machine
      .lent()
      .map(({ frames }) => frames.memory)
      .find((memory) => memory.load32(16) === 0x000c000c)!;
    const distance = (page.load32(12) - page.load32(8)) >>> 0;
    assert.ok(distance > 4096, `${distance} bytes between the indices`);
    for (const { child } of [server, client]) child.kill();
  });

  it('hear nothing where each ring is lost', async () => {
    const { server, client, alice, bob } = await pair(4096, 'ping', 1_000_000);
    await client.printed('round 10\n');
    for (const domid of [alice, bob]) worlds.world.world.setFault('lostNotify', 1, domid);
    const moves = () => worlds.world.world.faults.find(({ name }) => name === 'lostNotify')!.count;
    await until(() => moves() > 0);
    // A lost ring may be one that nobody waited for; soon one is that somebody did.
    for (let quiet = 0, seen = -1; quiet < 20; quiet++) {
      if (client.stdout.length !== seen) [quiet, seen] = [0, client.stdout.length];
      await worlds.world.settled();
    }
    assert.ok(!client.isOver && !server.isOver, 'both wait');
    for (const { child } of [server, client]) child.kill();
  });
});
