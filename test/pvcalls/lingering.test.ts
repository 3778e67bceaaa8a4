/** What a guest had written before it released its socket, and how long others may take to read it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Duplex } from 'node:stream';
import type { AddressInfo, Socket } from 'node:net';
import { nodeNetwork } from '../../server/cli/nodeNetwork';
import { Lingering } from '../../server/pvcalls/backend/lingering';
import { PvCallsFindings } from '../../server/pvcalls/findings';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import { ManualClock } from '../sim/manualClock';
import { PvCallsRig, until } from './rig';

const there = { host: '10.0.0.2', port: 80 };
const mebibyte = 1024 * 1024;
const minuteMs = 60_000;

describe('sockets of PV Calls that are released all at once', () => {
  it('lose no byte, though nobody has read any yet', async function () {
    this.timeout(60_000);
    const network = new SimNetwork();
    const peers: Duplex[] = [];
    const binding = await network.bind(there);
    binding.listen(({ stream }) => peers.push(stream));
    const rig = new PvCallsRig({ network });
    const { frontend, backend } = rig.openPair();
    const sent = Buffer.alloc(64 * 1024, 'abcdefgh');
    const sockets = await Promise.all(
      Array.from({ length: 300 }, () => frontend.connect(there, { order: 4 })),
    );
    await Promise.all(sockets.map((socket) => new Promise((done) => socket.write(sent, done))));
    for (const socket of sockets) socket.destroy();
    await Promise.all(sockets.map(async ({ released }) => released));
    const heard = await Promise.all(peers.map(async (peer) => peer.end().toArray()));
    assert.deepEqual(
      heard.map((pieces) => Buffer.concat(pieces as Buffer[]).equals(sent)),
      sockets.map(() => true),
    );
    assert.deepEqual(rig.backFindings.kinds, []);
    frontend.close();
    backend.close();
    rig.close();
  });
});

/** A connection whose other side takes a piece only when the test says so, and never ends its half. */
class SlowConnection {
  readonly local = there;
  readonly remote = there;
  wasReset = false;
  readonly #waiting: (() => void)[] = [];
  readonly stream = new Duplex({
    read: () => undefined,
    write: (_bytes, _encoding, done) => void this.#waiting.push(done),
  });

  constructor(...pieceBytes: readonly number[]) {
    for (const length of pieceBytes) this.stream.write(Buffer.alloc(length));
  }

  readonly reset = () => {
    this.wasReset = true;
    this.stream.destroy();
  };

  takePiece(): void {
    this.#waiting.shift()!();
  }

  get state(): string {
    if (this.wasReset) return 'reset';
    return this.stream.destroyed ? 'let go' : 'kept';
  }
}

describe('released sockets of PV Calls that are not read', () => {
  let clock: ManualClock;
  let lingering: Lingering;
  let findings: PvCallsFindings;

  beforeEach(() => {
    clock = new ManualClock();
    lingering = new Lingering(clock);
    findings = new PvCallsFindings(() => undefined);
  });

  function released(domid: number, ...pieceBytes: readonly number[]): SlowConnection {
    const connection = new SlowConnection(...pieceBytes);
    lingering.finish({ connection, domid, findings });
    return connection;
  }
  const statesOf = (connections: readonly SlowConnection[]) => connections.map(({ state }) => state);

  it('are reset after 5 minutes in which nothing was taken, and that is told', () => {
    const slow = released(3, 1000, 2000);
    const deaf = released(3, 500);
    assert.equal(clock.waiting, 1);
    clock.tick(4 * minuteMs);
    slow.takePiece();
    clock.tick(minuteMs);
    assert.deepEqual(statesOf([slow, deaf]), ['kept', 'reset']);
    assert.deepEqual(
      findings.last.map(({ text }) => text),
      ['500 bytes of a released socket did not reach 10.0.0.2:80: none was taken for 5 minutes.'],
    );
    clock.tick(5 * minuteMs);
    assert.equal(slow.state, 'reset');
    assert.equal(clock.waiting, 0);
  });

  it('are let go a minute after all was taken, without a word', async () => {
    const sent = released(3, 1000);
    sent.takePiece();
    await until(() => sent.stream.writableFinished);
    // At the first look it is seen that all was taken.
    clock.tick(minuteMs);
    assert.equal(sent.state, 'kept');
    clock.tick(minuteMs);
    assert.equal(sent.state, 'let go');
    assert.equal(clock.waiting, 0);
    assert.deepEqual(findings.last, []);
  });

  it('hold 64 MiB of a guest, the last ones, and cost no other guest a byte', () => {
    const other = released(4, mebibyte);
    const held = Array.from({ length: 64 }, () => released(3, mebibyte));
    assert.ok(held.every(({ state }) => state === 'kept'));
    held.push(released(3, mebibyte));
    assert.deepEqual(statesOf([other, ...held]), ['kept', 'reset', ...held.slice(1).map(() => 'kept')]);
    assert.equal(findings.count('limit'), 1);
  });

  it('are 4,096 of a guest, of which those go first that have lost nothing', async () => {
    const held = Array.from({ length: 4096 }, () => released(3, 10));
    held[7]!.takePiece();
    await until(() => held[7]!.stream.writableFinished);
    held.push(released(3, 10));
    assert.deepEqual(statesOf(held.slice(0, 8)), [...Array.from({ length: 7 }, () => 'kept'), 'let go']);
    assert.equal(findings.count('limit'), 0);
    held.push(released(3, 10));
    assert.deepEqual(statesOf(held.slice(0, 2)), ['reset', 'kept']);
    assert.equal(findings.count('limit'), 1);
  });
});

describe('released sockets of PV Calls when their backend ends', () => {
  it('are waited for while bytes are left, then let go, those with bytes by a reset', async () => {
    const clock = new ManualClock();
    const lingering = new Lingering(clock);
    const findings = new PvCallsFindings(() => undefined);
    const [deaf, slow, broken] = [1, 2, 3].map(() => new SlowConnection(1000));
    for (const connection of [deaf!, slow!, broken!]) lingering.finish({ connection, domid: 3, findings });
    let isSent = false;
    const sent = lingering.sent().then(() => (isSent = true));
    slow!.takePiece();
    broken!.stream.on('error', () => undefined).destroy(new Error('it broke'));
    await until(() => slow!.stream.writableFinished && broken!.stream.closed);
    assert.ok(!isSent);
    assert.equal(lingering.end(), 1);
    assert.deepEqual([deaf!.state, slow!.state], ['reset', 'let go']);
    await sent;
    await lingering.sent();
    assert.equal(clock.waiting, 0);
  });
});

describe('a connection of the machine’s own network that is reset', () => {
  /** Both ends of it. */
  async function pair() {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const connection = await nodeNetwork.connect({ host: '127.0.0.1', port }, new AbortController().signal);
    const [peer] = await accepted;
    server.close();
    return { connection, peer };
  }

  it('breaks at the other side', async () => {
    const { connection, peer } = await pair();
    connection.reset();
    const [error] = (await once(peer.resume(), 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
  });

  it('is closed where bytes wait, and where it was just ended; and can be reset twice', async () => {
    for (const waitingBytes of [32 * mebibyte, 0]) {
      const { connection, peer } = await pair();
      const { stream } = connection;
      const closed = once(stream, 'close');
      if (waitingBytes > 0) stream.write(Buffer.alloc(waitingBytes));
      stream.end();
      connection.reset();
      connection.reset();
      // Of a reset behind bytes node tells as of an end.
      const over = new Promise((resolve) => peer.once('end', resolve).once('error', resolve));
      peer.resume();
      await Promise.all([closed, over]);
      peer.destroy();
    }
  });
});
