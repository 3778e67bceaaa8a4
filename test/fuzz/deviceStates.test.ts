/**
 * Both drivers of a device while somebody writes anything into its nodes, removes them and brings
 * them back: the drivers never make a move that the rules do not have, and leak nothing.
 */
import assert from 'node:assert/strict';
import type { Random } from '../../server/host/clock';
import { XenbusState } from '../../server/wire/xenbusState';
import { classicBackend } from '../../server/xenbus/policies/classic';
import type { FrontendHabits } from '../../server/xenbus/policies/frontendPolicy';
import { linuxBackend } from '../../server/xenbus/policies/linux';
import { modernBackend } from '../../server/xenbus/policies/modern';
import { back, front, illegal, openRig, ringBackend, ringFrontend, turn } from '../xenbus/rig';
import type { Rig } from '../xenbus/rig';
import { effort, pick, seed, seededRandom } from './seed';

const lives = 500 * effort;
const actsPerLife = 40;
const policies = [classicBackend, modernBackend, linuxBackend];
const stateTexts = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '', 'Connected', '-1', '04'];
const numbers = ['', '0', '1', '8', '4294967295', '99999999999', 'x'];

/** One thing that somebody with a keyboard, or a broken guest, does. */
async function act({ store, add, remove }: Rig, random: Random): Promise<void> {
  const folder = pick(random, [front, back]);
  // What is written below a folder that is gone makes a folder of its own, as the store has it: drivers see that as well.
  switch (random.below(13)) {
    case 0:
      return remove();
    case 1:
      return store.rm(folder).catch(() => undefined);
    case 2:
      return store.rm(`${folder}/state`).catch(() => undefined);
    case 3:
      return store.write(`${back}/online`, pick(random, ['0', '1', '']));
    case 4:
      return store.write(`${front}/${pick(random, ['ring-ref', 'event-channel'])}`, pick(random, numbers));
    case 5:
      return store.write(`${back}/hotplug-status`, pick(random, ['connected', 'error', '']));
    case 6:
    case 7:
      await remove();
      return add();
    default:
      return store.write(`${folder}/state`, pick(random, stateTexts));
  }
}

async function live(number: number): Promise<void> {
  const random = seededRandom(seed + number);
  const rig = await openRig();
  try {
    const habits: FrontendHabits = {
      published: pick(random, [XenbusState.Initialised, XenbusState.Connected]),
      closesFirst: pick(random, ['always', 'ifUsed', 'never']),
      reopens: random.below(2) === 0,
    };
    let mayHang = true;
    const make = ringBackend(rig.calls);
    rig.runBackend(pick(random, policies), (device) => ({
      ...make(device),
      // A hotplug script that does not answer, now and then.
      plug: () => (mayHang && random.below(4) === 0 ? undefined : [['hotplug-status', 'connected']]),
    }));
    rig.runFrontend(habits, ringFrontend(rig.calls));
    await rig.add();
    for (let count = 0; count < actsPerLife; count++) {
      await act(rig, random);
      for (let turns = random.below(12); turns > 0; turns--) await turn();
    }
    // After all that the device is removed and made anew, as a toolstack would: it has to connect.
    await rig.remove();
    await rig.holdsNothing();
    mayHang = false;
    await rig.add();
    await rig.reaches({ frontend: XenbusState.Connected, backend: XenbusState.Connected });
    await rig.remove();
    await rig.holdsNothing();
    for (const path of [front, back]) await assert.rejects(rig.store.directory(path), /ENOENT/);
    assert.deepEqual(illegal(rig.moves), []);
  } catch (error) {
    throw new Error(`with XENSCOPE_SEED=${seed}, life ${number}: ${String(error)}`, { cause: error });
  } finally {
    await rig.close();
  }
}

describe('device handshakes under random writes', () => {
  it(`never make an illegal move and never leak, in ${lives} lives from XENSCOPE_SEED=${seed}`, async () => {
    for (let number = 0; number < lives; number++) await live(number);
  }).timeout(300_000 * effort);
});
