/** A vchan as a stream of Node: what passes, and what of it is lost when the other side leaves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { PassThrough, Readable } from 'node:stream';
import { systemClock } from '../../server/cli/systemClock';
import { LAST_BYTES_MS, vchanStream } from '../../server/vchan/vchanStream';
import type { Clock } from '../../server/host/clock';
import { Rig, isCode, settled } from './rig';

describe('a vchan as a stream of Node', () => {
  let rig: Rig;
  beforeEach(async () => (rig = await Rig.open()));
  afterEach(() => rig.close());

  it('carries more than its rings hold through pipes, to the last byte', async () => {
    const { server, client } = await rig.pair({ leftBytes: 1024, rightBytes: 1024 });
    const echo = vchanStream(server, systemClock);
    const caller = vchanStream(client, systemClock);
    void pipeline(echo, new PassThrough(), echo).catch(() => undefined);
    const sent = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7) & 0xff));
    Readable.from([sent.subarray(0, 10), sent.subarray(10, 60_000), sent.subarray(60_000)]).pipe(caller, {
      end: false,
    });
    const got: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of caller as AsyncIterable<Buffer>) {
      got.push(chunk);
      if ((bytes += chunk.length) === sent.length) break;
    }
    assert.ok(Buffer.concat(got).equals(sent));
  });

  it('ends when the other side leaves, and closes its own end when it is ended', async () => {
    const before = await rig.holdings();
    const { server, client } = await rig.pair();
    const [left, right] = [vchanStream(server, systemClock), vchanStream(client, systemClock)];
    left.end('good bye');
    const got = (await right.toArray()) as Buffer[];
    assert.equal(Buffer.concat(got).toString(), 'good bye');
    right.destroy();
    if (!left.closed) await once(left.resume(), 'close');
    if (!right.closed) await once(right, 'close');
    assert.deepEqual(await rig.holdings(), before);
  });

  it('fails when the other side breaks the indices', async () => {
    const { client, page } = await rig.pair();
    const stream = vchanStream(client, systemClock);
    stream.resume();
    await settled();
    page.set('right_prod', 70_000);
    page.set('srv_live', 0);
    rig.server.ports.at(-1)!.notify();
    const [error] = (await once(stream, 'error')) as [Error];
    assert.ok(isCode('protocol', /70000 bytes apart/)(error));
  });

  it('gives all that the other side wrote before it left, also where a write stands in a full ring', async () => {
    const sentBytes = 300_000;
    const { server, client } = await rig.pair({ leftBytes: 1024, rightBytes: 2 ** 19 });
    const stream = vchanStream(client, systemClock);
    const failed = once(stream, 'error') as Promise<[Error]>;
    let heardBytes = 0;
    stream.on('data', ({ length }: Buffer) => (heardBytes += length));
    stream.pause();
    stream.write(Buffer.alloc(10_000));
    await settled();
    await server.write(Buffer.alloc(sentBytes, 1));
    await server.close();
    await settled();
    stream.resume();
    const hasEnded = once(stream, 'end').then(() => heardBytes);
    const [error] = await failed;
    assert.ok(isCode('gone')(error));
    assert.equal(await hasEnded, sentBytes);
  });

  it('ends where whoever reads waits until all is written, which never comes', async () => {
    const { server, client } = await rig.pair({ leftBytes: 1024, rightBytes: 2 ** 19 });
    const delays: number[] = [];
    // Time passes for whoever waits so long.
    const clock: Clock = {
      ...systemClock,
      after: (delayMs, run) => (delays.push(delayMs), systemClock.after(0, run)),
    };
    const echo = vchanStream(client, clock);
    const failed = once(echo, 'error') as Promise<[Error]>;
    echo.pipe(echo);
    await server.write(Buffer.alloc(300_000, 1));
    await settled();
    assert.deepEqual(delays, []);
    await server.close();
    const [error] = await failed;
    assert.ok(isCode('gone')(error));
    assert.deepEqual(new Set(delays), new Set([LAST_BYTES_MS]));
  });

  it('fails at once where nobody ever reads', async () => {
    const { server, client } = await rig.pair({ leftBytes: 1024 });
    const stream = vchanStream(client, systemClock);
    const failed = once(stream, 'error') as Promise<[Error]>;
    stream.write(Buffer.alloc(10_000));
    await server.write(Buffer.from('unread'));
    await server.close();
    const [error] = await failed;
    assert.ok(isCode('gone')(error));
  });
});
