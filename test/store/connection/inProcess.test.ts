import assert from 'node:assert/strict';
import { streamPair } from '../../../server/store/connection/inProcess';
import type { ByteStreamHandlers } from '../../../server/store/byteStream';

function recorder(log: string[], name: string): ByteStreamHandlers {
  return {
    onData: (bytes) => log.push(`${name} got ${bytes.toString()}`),
    onDrain: () => log.push(`${name} may write`),
    onClose: () => log.push(`${name} closed`),
  };
}

/** Until all microtasks of now are done. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('inProcess', () => {
  it('delivers in order, and never within the call that writes', async () => {
    const log: string[] = [];
    const [one, other] = streamPair(recorder(log, 'one'), recorder(log, 'other'));
    one.write(Buffer.from('1'));
    one.write(Buffer.from('2'));
    other.write(Buffer.from('3'));
    assert.deepEqual(log, []);
    await settled();
    assert.deepEqual(log, ['other got 1', 'other got 2', 'one got 3']);
  });

  it('asks to wait when the other does not read, and says when to go on', async () => {
    const log: string[] = [];
    const [one, other] = streamPair(recorder(log, 'one'), {
      ...recorder(log, 'other'),
      onData: () => undefined,
    });
    other.pause();
    let written = 0;
    while (one.write(Buffer.alloc(1000))) written += 1000;
    await settled();
    assert.equal(one.queuedBytes, written + 1000);
    assert.deepEqual(log, []);
    other.resume();
    await settled();
    assert.equal(one.queuedBytes, 0);
    assert.deepEqual(log, ['one may write']);
  });

  it('delivers what was written before the end, then ends both', async () => {
    const log: string[] = [];
    const [one, other] = streamPair(recorder(log, 'one'), recorder(log, 'other'));
    one.write(Buffer.from('last'));
    one.close();
    other.write(Buffer.from('lost'));
    await settled();
    assert.ok(log.indexOf('other got last') < log.indexOf('other closed'));
    assert.deepEqual(log.filter((line) => line.endsWith('closed')).sort(), ['one closed', 'other closed']);
    assert.ok(!log.includes('one got lost'));
    other.close();
    await settled();
    assert.equal(log.filter((line) => line === 'other closed').length, 1);
  });
});
