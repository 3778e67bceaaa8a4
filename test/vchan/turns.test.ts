/** A writer so quick that nobody ever waits for it must not keep node's loop from its other work. */
import assert from 'node:assert/strict';
import { systemClock } from '../../server/cli/systemClock';
import { VchanReader } from '../../server/act/vchanReader';
import type { Vchan } from '../../server/vchan/vchan';
import { vchanStream } from '../../server/vchan/vchanStream';
import { Rig } from './rig';

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
    const stream = vchanStream(client);
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
});
