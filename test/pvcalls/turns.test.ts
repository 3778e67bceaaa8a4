/** What a backend does with bytes of a guest between its ring and a network that takes them at once. */
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { freeSteps, type RingSteps } from '../../server/host/steps';
import type { SocketNetwork } from '../../server/pvcalls/network';
import { PvCallsRig, until } from './rig';

const there = { host: '10.0.0.2', port: 80 };
const sentBytes = 32 * 1024 * 1024;

describe('a backend whose network takes everything at once', () => {
  let rig: PvCallsRig;
  let onTaken: (bytes: Buffer) => void;
  let stream: Duplex;

  const open = (steps: RingSteps = freeSteps) => {
    stream = new Duplex({
      read: () => undefined,
      write: (bytes: Buffer, _encoding, done) => (onTaken(bytes), done()),
    });
    const network: SocketNetwork = {
      connect: () =>
        Promise.resolve({ stream, local: there, remote: there, reset: () => void stream.destroy() }),
      bind: () => Promise.reject(new Error('no test binds here')),
    };
    rig = new PvCallsRig({ network, steps: (side) => (side === 'backend' ? steps : freeSteps) });
    return rig.openPair();
  };
  const close = ({ frontend, backend }: ReturnType<typeof open>) => {
    frontend.close();
    backend.close();
    for (const { resources } of [rig.back, rig.front]) resources.release();
    rig.close();
  };

  it('lets the loop have its turn beside a guest that is as quick, and passes all of it', async () => {
    const pair = open();
    const socket = await pair.frontend.connect(there, { order: 4 });
    let passed = 0;
    onTaken = ({ length }) => {
      passed += length;
      // The guest fills its ring meanwhile.
      socket.look();
    };
    let passedAtTurn = sentBytes;
    socket.write(Buffer.alloc(sentBytes));
    setImmediate(() => (passedAtTurn = passed));
    await until(() => passed === sentBytes);
    assert.ok(passedAtTurn < sentBytes / 2, `${passedAtTurn} bytes`);
    socket.destroy();
    await socket.released;
    close(pair);
  });

  it('sends on what it has taken out of a ring that is released before its index has moved', async () => {
    let isHeld = false;
    const pair = open({
      before: ({ kind, text }) => {
        if (kind !== 'index' || !text.startsWith('out_cons')) return undefined;
        isHeld = true;
        return new Promise(() => undefined);
      },
    });
    let heard = '';
    onTaken = (bytes) => (heard += bytes.toString());
    const socket = await pair.frontend.connect(there);
    socket.write('the last words');
    await until(() => isHeld);
    socket.destroy();
    await socket.released;
    await until(() => stream.writableFinished);
    assert.equal(heard, 'the last words');
    close(pair);
  });
});
