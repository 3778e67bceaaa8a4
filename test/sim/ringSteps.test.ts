import assert from 'node:assert/strict';
import { Faults } from '../../server/sim/faults';
import { storeRingSteps } from '../../server/sim/rings/storeRingSteps';
import { Scheduler } from '../../server/sim/scheduler';
import { SeededRandom } from '../../server/sim/seededRandom';
import { dialRing } from '../../server/store/client/ringDial';
import { ringPage, setWord, wordOf } from '../support/ringPage';
import { ManualClock, fixedStartMs } from './manualClock';
import { closeWorlds, openWorld, plainGuest } from './worldKit';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('steps of a ring in a world', () => {
  afterEach(closeWorlds);

  for (const isSlow of [false, true]) {
    it(`end with the kernel that waits for them, be it ${isSlow ? 'slow' : 'quick'}`, async () => {
      const domain = (await openWorld({ domains: [plainGuest()] })).hypervisor.get(1)!;
      const time = new Scheduler({ clock: new ManualClock(), startMs: fixedStartMs, settled: turn });
      const faults = new Faults(new SeededRandom(1));
      if (isSlow) faults.set('slowReader', 1);
      const { memory, guestPort: port } = ringPage();
      const seen: string[] = [];
      const steps = storeRingSteps({
        time,
        faults,
        domain,
        memory,
        side: 'guest',
        onStep: (_side, { text }) => seen.push(text),
      });
      const kernel = dialRing({ memory, port, steps });
      await kernel({ onData: () => undefined, onDrain: () => undefined, onClose: () => undefined });
      time.hold();
      setWord(memory, 'rsp_prod', 8);
      port.onEvent!();
      assert.equal(time.waiting, 1, 'it wants to copy the bytes out');
      kernel.close();
      assert.equal(time.waiting, 0);
      time.resume();
      await time.advance(10_000);
      assert.deepEqual(seen, []);
      assert.equal(wordOf(memory, 'rsp_cons'), 0);
    });
  }
});
