import assert from 'node:assert/strict';
import { OutputQueue } from '../../../server/store/connection/outputQueue';
import { parseXs, xsParserStart } from '../../../server/wire/xsMessage';

function messages(queue: OutputQueue): string[] {
  return parseXs(xsParserStart, queue.take()).messages.map(
    ({ type, reqId, txId, payload }) =>
      `${type} ${reqId} ${txId} ${payload.toString('latin1').replaceAll('\0', '|')}`,
  );
}

describe('outputQueue', () => {
  it('puts replies and events into one piece, in order', () => {
    const queue = new OutputQueue();
    queue.event('/a', 't');
    queue.reply(11, 0xffffffff, 7, 'OK\0');
    queue.reply(2, 1, 0, '\xff'.repeat(4096));
    assert.equal(queue.unsentReplies, 2);
    const [event, ok, value] = messages(queue);
    assert.deepEqual([event, ok], ['15 0 0 /a|t|', '11 4294967295 7 OK|']);
    assert.equal(value, `2 1 0 ${'\xff'.repeat(4096)}`);
    assert.deepEqual([queue.unsentBytes, queue.unsentReplies], [0, 0]);
  });

  it('drops an event that waits already, but not once it is sent, and no special one', () => {
    const queue = new OutputQueue();
    for (const path of ['/a', '/b', '/a', '@releaseDomain', '@releaseDomain']) queue.event(path, 't');
    queue.event('/a', 'other');
    const once = ['15 0 0 /a|t|', '15 0 0 /b|t|', '15 0 0 @releaseDomain|t|', '15 0 0 @releaseDomain|t|'];
    assert.deepEqual(messages(queue), [...once, '15 0 0 /a|other|']);
    queue.event('/a', 't');
    assert.deepEqual(messages(queue), ['15 0 0 /a|t|']);
  });

  it('drops an event that no message can hold', () => {
    const queue = new OutputQueue();
    queue.event('/a', 't'.repeat(4096 - 4));
    queue.event('/a', 't'.repeat(4096 - 3));
    assert.equal(messages(queue).length, 1);
  });

  it('keeps what a stream does not take at once, and uses its memory again when it takes all', () => {
    const queue = new OutputQueue();
    queue.event('/a', 't');
    queue.reply(11, 1, 0, 'OK\0');
    const whole: Buffer[] = [];
    const takesSome = (most: number) => (bytes: Buffer, length: number) => {
      const taken = Math.min(most, length);
      whole.push(Buffer.from(bytes.subarray(0, taken)));
      return taken;
    };
    assert.equal(queue.sendNow(takesSome(10)), false);
    assert.equal(queue.sendNow(takesSome(0)), false);
    queue.event('/a', 't');
    assert.equal(queue.sendNow(takesSome(1000)), true);
    assert.deepEqual([queue.unsentBytes, queue.unsentReplies], [0, 0]);
    queue.event('/a', 't');
    assert.equal(queue.sendNow(takesSome(1000)), true);
    const { messages: sent } = parseXs(xsParserStart, Buffer.concat(whole));
    assert.deepEqual(
      sent.map(({ type }) => type),
      [15, 11, 15],
    );
  });
});
