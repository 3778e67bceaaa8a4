/** A stream that takes one message at a time: nothing that is written lies there, and its end gives all back. */
import assert from 'node:assert/strict';
import type { ByteStreamHandlers } from '../../../server/store/byteStream';
import { TurnStream } from '../../../server/store/client/turnStream';
import { XsType, encodeXs } from '../../../server/wire/xsMessage';

/** Answers each message with itself. */
class EchoStream extends TurnStream {
  readonly released: Promise<void>;
  #onRelease: () => void = () => undefined;

  constructor(handlers: ByteStreamHandlers) {
    super(0, handlers, () => ({ stop: () => undefined }));
    this.released = new Promise((resolve) => (this.#onRelease = resolve));
  }

  protected send(message: Buffer): Promise<Buffer> {
    return Promise.resolve(message);
  }
  protected onReadable(): void {}
  protected onEnd(): void {}
  protected release(): Promise<void> {
    this.#onRelease();
    return Promise.resolve();
  }
}

const message = (reqId: number) =>
  encodeXs({ type: XsType.READ, reqId, txId: 0, payload: Buffer.from('/a\0') });

const quiet = { onDrain: () => undefined, onClose: () => assert.fail('nobody closed it') };

describe('a stream that takes one message at a time', () => {
  it('sends what is written in the moment in which it has just sent all', async () => {
    const ids: number[] = [];
    await new Promise<void>((resolve) => {
      const stream = new EchoStream({
        ...quiet,
        onData: (bytes) => {
          ids.push(bytes.readUInt32LE(4));
          if (ids.length === 3) return resolve();
          // After the queue is found empty, and before whoever waits for that hears of it.
          queueMicrotask(() => stream.write(message(ids.length + 1)));
        },
      });
      stream.write(message(1));
    });
    assert.deepEqual(ids, [1, 2, 3]);
  });

  it('sends what is written after nothing', async () => {
    await new Promise<void>((resolve) => {
      const stream = new EchoStream({ ...quiet, onData: () => resolve() });
      stream.write(Buffer.alloc(0));
      stream.write(message(1));
    });
  });

  it('ends with a sentence, and gives back what it stands on, when an answer cannot be taken', async () => {
    const reasons: (string | undefined)[] = [];
    const stream = new EchoStream({
      onData: () => {
        throw new RangeError('too long');
      },
      onDrain: () => undefined,
      onClose: (reason) => reasons.push(reason),
    });
    stream.write(message(1));
    await stream.released;
    assert.deepEqual(reasons, ['What came from the xenstored could not be taken (RangeError: too long).']);
    stream.close();
    assert.equal(reasons.length, 1);
  });
});
