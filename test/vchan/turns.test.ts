/** Another side so quick that nobody ever waits for it must not keep node's loop from its other work. */
import assert from 'node:assert/strict';
import { systemClock } from '../../server/cli/systemClock';
import { VchanReader } from '../../server/act/vchanReader';
import { connectVchan } from '../../server/vchan/connect';
import type { Vchan } from '../../server/vchan/vchan';
import { LoopTurns } from '../../server/vchan/turns';
import { vchanStream } from '../../server/vchan/vchanStream';
import { Rig, SERVER, isCode, paths } from './rig';

/** More than any reader takes in one turn: ends a test that would never end otherwise. */
const tooManyReads = 10_000;

describe('a reader of a vchan whose writer never lets it wait', () => {
  let rig: Rig;
  let client: Vchan;
  let reads: number;
  let isTurnOver: boolean;

  beforeEach(async () => {
    rig = await Rig.open();
    const pair = await rig.pair();
    client = pair.client;
    [reads, isTurnOver] = [0, false];
    const read = client.read.bind(client);
    // Before each read there is something more: one byte, as from a program that writes nothing longer.
    client.read = (into, options) => {
      assert.ok(++reads < tooManyReads, 'the loop has had no turn');
      pair.server.tryWrite(Buffer.from('x'));
      return read(into, options);
    };
    setImmediate(() => (isTurnOver = true));
  });
  afterEach(async () => {
    await client.close();
    await rig.close();
  });

  /** Lets a signal come, as it were: resolves in a later turn of the loop. */
  const laterTurn = async () => {
    while (!isTurnOver) await new Promise((resolve) => setImmediate(resolve));
  };

  it('lets the loop have its turn as a stream of Node', async () => {
    const stream = vchanStream(client, systemClock);
    stream.resume();
    await laterTurn();
    const readsBefore = reads;
    assert.ok(readsBefore < tooManyReads);
    stream.destroy();
  });

  it('and as a console that keeps what came', async () => {
    const reader = new VchanReader(client, systemClock);
    await laterTurn();
    assert.ok(reader.reads < tooManyReads);
    assert.equal(reader.trouble, undefined);
    reader.end();
  });

  it('and hears that nobody wants more, however much there is', async () => {
    const why = new AbortController();
    setImmediate(() => why.abort());
    const reader = (async () => {
      const turns = new LoopTurns();
      for (;;) await turns.passed(await client.read(Buffer.alloc(10), why));
    })();
    await assert.rejects(reader, isCode('cancelled'));
  });
});

describe('a writer of a vchan whose reader never lets it wait', () => {
  const ringBytes = 1024;
  /** Ends a test that would never end otherwise. */
  const tooManyBytes = tooManyReads * ringBytes;
  let rig: Rig;
  let client: Vchan;
  let readBytes: number;

  beforeEach(async () => {
    rig = await Rig.open();
    readBytes = 0;
    const server = await rig.serve({ leftBytes: ringBytes, rightBytes: ringBytes });
    const into = Buffer.alloc(ringBytes);
    // Whenever there is no room, all of it is read before the writer would sleep.
    const until = (isSo: () => boolean) => {
      readBytes += server.tryRead(into) ?? 0;
      return isSo();
    };
    const ports = { ...rig.client, spin: () => ({ until }) };
    client = await connectVchan(ports, { serverDomid: SERVER, path: paths.client });
    await server.connected();
  });
  afterEach(async () => {
    await client.close();
    await rig.close();
  });

  it('hears in the middle of a long write that nobody wants it any longer', async () => {
    const why = new AbortController();
    setImmediate(() => why.abort());
    await assert.rejects(client.write(Buffer.alloc(tooManyBytes), why), isCode('cancelled'));
    assert.ok(readBytes < tooManyBytes);
  });

  it('hears it between packets as well', async () => {
    const why = new AbortController();
    setImmediate(() => why.abort());
    const packet = Buffer.alloc(ringBytes);
    const writing = (async () => {
      while (readBytes < tooManyBytes) await client.send(packet, why);
    })();
    await assert.rejects(writing, isCode('cancelled'));
  });

  it('is closed in the middle of a long write', async () => {
    const isClosed = new Promise<void>((resolve, reject) => {
      setImmediate(() => void client.close().then(resolve, reject));
    });
    await assert.rejects(client.write(Buffer.alloc(tooManyBytes)), isCode('gone'));
    await isClosed;
  });
});
