/** The handshake over any store, ours or a real daemon's: the cases of the conformance list and what surrounds them. */
import assert from 'node:assert/strict';
import { XenscopeError } from '../../server/host/errors';
import type { StoreOperations } from '../../server/host/storeClient';
import type { Dial } from '../../server/store/byteStream';
import { XenbusState } from '../../server/wire/xenbusState';
import { errorPath, publish, readState, switchState } from '../../server/xenbus/nodes';
import type { BackendPolicy } from '../../server/xenbus/policies/backendPolicy';
import { classicBackend } from '../../server/xenbus/policies/classic';
import { linuxBackend } from '../../server/xenbus/policies/linux';
import { modernBackend } from '../../server/xenbus/policies/modern';
import type { FrontendHabits } from '../../server/xenbus/policies/frontendPolicy';
import { back, bareBackend, front, illegal, openRig, ringBackend, ringFrontend } from './rig';
import type { Rig } from './rig';

const { Initialising, InitWait, Initialised, Connected, Closing, Closed, Unknown } = XenbusState;
const policies = [classicBackend, modernBackend, linuxBackend];

const straight: FrontendHabits = { published: Connected, closesFirst: 'ifUsed', reopens: false };
const patient: FrontendHabits = { ...straight, published: Initialised };
const windows: FrontendHabits = { published: Connected, closesFirst: 'always', reopens: true };

export function defineXenbusSuite(dial?: () => Dial): void {
  let rig: Rig;
  beforeEach(async () => (rig = await openRig(dial ? { dial: dial() } : {})));
  afterEach(async () => {
    await rig.remove();
    await rig.store.rm('error').catch(() => undefined);
    await rig.close();
  });

  const write = (path: string, value: string | number) => rig.store.write(path, String(value));
  const connect = async (policy: BackendPolicy) => {
    rig.runBackend(policy, ringBackend(rig.calls));
    rig.runFrontend(straight, ringFrontend(rig.calls));
    await rig.add();
    await rig.reaches({ frontend: Connected, backend: Connected });
  };
  const movesOf = (side: string) => rig.moves.filter((move) => move.side === side).map(({ to }) => to);

  it('case 100: the classic backend follows a frontend word for word', async () => {
    rig.runBackend(classicBackend, bareBackend(rig.calls));
    await rig.add({ frontend: Initialised });
    await rig.reaches({ backend: Connected });
    assert.deepEqual(movesOf('backend'), [InitWait, Connected]);
    assert.equal((await rig.store.read(`${back}/hotplug-status`)).toString(), 'connected');
    await write(`${front}/state`, Closed);
    await rig.reaches({ backend: Closed });
    assert.deepEqual(rig.calls, ['init', 'initialise', 'connected', 'disconnect']);
    await write(`${front}/state`, Initialising);
    await rig.reaches({ backend: InitWait });
    assert.deepEqual(movesOf('backend'), [InitWait, Connected, Closed, Initialising, InitWait]);
  });

  it('case 101: the classic backend leaves a device alone whose state is not Initialising', async () => {
    rig.runBackend(classicBackend, bareBackend(rig.calls));
    await rig.add();
    await rig.reaches({ backend: InitWait });
    await rig.remove();
    const before = rig.moves.length;
    await rig.add({ frontend: Initialised, backend: InitWait });
    await write(`${front}/state`, Connected);
    // Once the toolstack says that the device is new, it is taken: by then nothing had been written.
    const untouched = rig.moves.length;
    await write(`${back}/state`, Initialising);
    await rig.reaches({ backend: Connected });
    assert.equal(untouched, before);
    assert.deepEqual(
      rig.moves.slice(before).map(({ to }) => to),
      [InitWait, Connected],
    );
  });

  it('case 102: the classic backend ignores that the folder of its frontend changed as such', async () => {
    rig.runBackend(classicBackend, bareBackend(rig.calls));
    await rig.add();
    await write(`${front}/state`, Connected);
    await rig.reaches({ backend: Connected });
    // One event, for the folder: all that is below it goes without a word.
    await rig.store.rm(front);
    await write(`${front}/state`, Closed);
    await rig.reaches({ backend: Closed });
    assert.deepEqual(movesOf('backend'), [InitWait, Connected, Closed], 'it did not move for the folder');
  });

  it('case 103: a state that was removed does not come back', async () => {
    await rig.add();
    assert.equal(await switchState(rig.store, front, Initialised), Initialised);
    assert.equal(await switchState(rig.store, front, Initialised), Initialised, 'no change');
    await rig.store.rm(front);
    assert.equal(await switchState(rig.store, front, Closed), Unknown);
    assert.equal(await publish(rig.store, front, [['ring-ref', 8]]), false);
    assert.equal(await readState(rig.store, front), Unknown);
    await assert.rejects(rig.store.directory(front), /ENOENT/);
  });

  it('a move that meets another is tried again, and not made when somebody else has moved', async () => {
    await rig.add();
    const other = rig.connect();
    const disturbed = (times: number, value: number) => {
      let left = times;
      const transaction = <T>(body: (operations: StoreOperations) => Promise<T>) =>
        rig.store.transaction(async (operations) => {
          const result = await body(operations);
          if (left-- > 0) await other.write(`${front}/state`, String(value));
          return result;
        });
      return { ...rig.store, transaction };
    };
    // The same value again: still another change, and the transaction has to be done anew.
    assert.equal(
      await switchState(disturbed(2, Initialising) as never, front, Initialised, Initialising),
      Initialised,
    );
    assert.equal(await switchState(disturbed(1, Closing) as never, front, Connected, Initialised), Closing);
    assert.equal(await readState(rig.store, front), Closing);
  });

  for (const policy of policies) {
    for (const habits of [straight, patient, windows]) {
      const name =
        habits.closesFirst === 'always' ? 'closes first' : habits === patient ? 'waits' : 'goes straight on';
      it(`the ${policy.name} backend connects a frontend that ${name}, and lets all go when unplugged`, async () => {
        rig.runBackend(policy, ringBackend(rig.calls));
        rig.runFrontend(habits, ringFrontend(rig.calls));
        await rig.add();
        if (habits.closesFirst === 'always') {
          await rig.moved('frontend', Closed);
          await rig.moved('frontend', Initialising);
        }
        await rig.reaches({ frontend: Connected, backend: Connected });
        assert.equal((await rig.store.read(`${back}/sectors`)).toString(), '8');
        assert.ok(
          rig.machine.holdersOf(3).some(({ domid }) => domid === 0),
          'the ring is mapped',
        );
        // As libxl unplugs.
        await rig.store.transaction(async (transaction) => {
          await transaction.write(`${back}/online`, '0');
          await transaction.write(`${back}/state`, String(Closing));
        });
        await rig.reaches({ backend: Closed });
        await rig.remove();
        await rig.holdsNothing();
        assert.deepEqual(illegal(rig.moves), []);
        const count = (call: string) => rig.calls.filter((each) => each === call).length;
        for (const side of ['frontend', 'backend']) {
          assert.equal(count(`${side} initialise`), 1, `${side} initialise`);
          assert.equal(count(`${side} connected`), 1, `${side} connected`);
          assert.equal(count(`${side} disconnect`), 1, `${side} disconnect`);
        }
      });
    }

    it(`the ${policy.name} backend serves the same device again after both have closed`, async () => {
      await connect(policy);
      // Whichever side begins: the backend's own Closing is answered by the frontend.
      await write(`${back}/state`, Closing);
      await rig.reaches({ frontend: Closed, backend: Closed });
      await write(`${front}/state`, Initialising);
      await rig.reaches({ frontend: Connected, backend: Connected });
      assert.deepEqual(illegal(rig.moves), []);
    });

    it(`the ${policy.name} backend survives a frontend whose folder vanishes`, async () => {
      await connect(policy);
      await rig.store.rm(front);
      await rig.store.rm(back);
      await rig.holdsNothing();
      await assert.rejects(rig.store.directory(front), /ENOENT/);
      await assert.rejects(rig.store.directory(back), /ENOENT/);
    });
  }

  it('a frontend that cannot be served is told why, where the field looks for it', async () => {
    rig.runBackend(linuxBackend, ringBackend(rig.calls));
    await rig.add();
    await rig.reaches({ backend: InitWait });
    // A grant that does not exist, as after a crash.
    await write(`${front}/ring-ref`, 4000);
    await write(`${front}/state`, Connected);
    await rig.reaches({ backend: Closing });
    const why = (await rig.store.read(errorPath(back))).toString();
    assert.match(why, /^-22 Domain 3 grants nothing under reference 4000\.$/);
    await write(`${front}/state`, Closed);
    await rig.reaches({ backend: Closed });
    await rig.holdsNothing();
    assert.ok(rig.log.some((line) => line.includes('4000')));
  });

  it('a frontend whose class fails closes, and says why', async () => {
    rig.runBackend(linuxBackend, ringBackend(rig.calls));
    rig.runFrontend(straight, (device) => ({
      initialise: () => {
        device.resources.share(0, 2);
        throw new XenscopeError('limit', 'There is no room for the rings.');
      },
    }));
    await rig.add();
    await rig.reaches({ frontend: Closed, backend: Closed });
    assert.equal((await rig.store.read(errorPath(front))).toString(), '-22 There is no room for the rings.');
    await rig.holdsNothing();
  });

  it('drivers that are ended give back what they held', async () => {
    await connect(modernBackend);
    await rig.endDrivers();
    await rig.holdsNothing();
    assert.deepEqual(await rig.states(), [Connected, Connected], 'the nodes stay for whoever takes over');
  });
}
