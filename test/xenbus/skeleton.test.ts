/** The device to copy works: bytes go there and back, more than fit into the ring, and again after a close. */
import assert from 'node:assert/strict';
import type { RingSteps } from '../../server/host/steps';
import { XenbusState } from '../../server/wire/xenbusState';
import { ECHO_SLOT_BYTES, echoBackend, echoFrontend } from '../../server/xenbus/skeleton';
import type { EchoFront } from '../../server/xenbus/skeleton';
import { back, illegal, openRig, turn } from './rig';
import type { Rig } from './rig';

/** Each step waits for its turn, so that both ends come between the steps of the other. */
const slowSteps: RingSteps = {
  before: async () => {
    await turn();
    return 'do' as const;
  },
};

for (const [name, steps] of [
  ['at once', undefined],
  ['step by step', slowSteps],
] as const) {
  describe(`the skeleton of a device, ${name}`, () => {
    let rig: Rig;
    let connected: EchoFront[];

    beforeEach(async () => {
      rig = await openRig();
      connected = [];
      rig.runKinds(
        echoBackend(steps),
        echoFrontend((device) => connected.push(device), steps),
      );
      await rig.add();
      await rig.reaches({ frontend: XenbusState.Connected, backend: XenbusState.Connected });
      while (connected.length === 0) await turn();
    });
    afterEach(() => rig.close());

    const text = (number: number) => Buffer.from(`request ${number}`);

    it('answers each request with the same bytes, in order, however many there are', async () => {
      const [device] = connected;
      for (let round = 0; round < 10; round++) {
        // A page holds 128 slots of 16 bytes.
        const answers = await Promise.all(
          Array.from({ length: 200 }, (_, number) => device!.echo(text(number))),
        );
        for (const [number, answer] of answers.entries()) {
          assert.equal(answer.length, ECHO_SLOT_BYTES);
          assert.equal(answer.toString().replace(/\0+$/, ''), `request ${number}`);
        }
      }
    });

    it('refuses what does not fit, and more than may wait', async () => {
      const [device] = connected;
      assert.throws(() => device!.echo(Buffer.alloc(17)), /17 bytes do not fit/);
      const answers: Promise<Buffer>[] = [];
      assert.throws(() => {
        for (let number = 0; number < 1000; number++) answers.push(device!.echo(text(number)));
      }, /256 requests wait already/);
      assert.ok(answers.length >= 256);
      await Promise.all(answers);
    });

    it('begins anew by itself when it was closed, and leaves nothing when it is removed', async () => {
      await rig.store.write(`${back}/state`, String(XenbusState.Closing));
      await rig.moved('frontend', XenbusState.Initialising);
      while (connected.length < 2) await turn();
      assert.equal((await connected.at(-1)!.echo(Buffer.from('again'))).toString('latin1', 0, 5), 'again');
      await rig.remove();
      await rig.holdsNothing();
      assert.deepEqual(illegal(rig.moves), []);
    });
  });
}

describe('the skeleton of a device, when it disconnects', () => {
  /** A backend that never comes to its first step. */
  const noSteps: RingSteps = { before: () => new Promise(() => undefined) };

  it('tells everybody who waits for an answer, and takes nothing more', async () => {
    const rig = await openRig();
    try {
      const connecting = new Promise<EchoFront>((resolve) => {
        rig.runKinds(echoBackend(noSteps), echoFrontend(resolve));
      });
      await rig.add();
      const device = await connecting;
      // In the ring, and waiting for room in it.
      const asked = Array.from({ length: 200 }, () => device.echo(Buffer.from('anybody there?')));
      const settled = Promise.allSettled(asked);
      await rig.store.write(`${back}/state`, String(XenbusState.Closing));
      for (const each of await settled) {
        assert.equal(each.status, 'rejected');
        assert.equal((each.reason as { code: string }).code, 'gone');
      }
      assert.throws(() => device.echo(Buffer.from('and now?')), /not connected any more/);
    } finally {
      await rig.close();
    }
  });
});
