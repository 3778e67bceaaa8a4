/** A debugger on a small world of one guest, for tests: waits for stops, and ends with the test. */
import assert from 'node:assert/strict';
import { systemClock } from '../../server/cli/systemClock';
import type { DebugConnection } from '../../server/debug/connection';
import { Debugger, type StepSize } from '../../server/debug/debugger';
import type { Message } from '../../server/debug/message';
import type { Stop } from '../../server/debug/stop';
import type { GuestScript } from '../../server/sim/toolstack/config';
import { createWorld, type World } from '../../server/sim/world';
import { plainGuest } from '../sim/worldKit';

export interface DebuggedWorld {
  readonly engine: Debugger;
  readonly world: World;
  /** All messages since the debugger was attached. */
  readonly messages: Message[];
  /** The guest's connection over its ring. */
  ring(): DebugConnection;
  /** Lets `act` set the world going and answers where it stops next. */
  stopAfter(act: () => unknown): Promise<Stop>;
  step(connection: DebugConnection, size: StepSize): Promise<Stop>;
  /** The names of the layers of what is in hand. */
  layerNames(connection: DebugConnection): string[];
}

const open: Debugger[] = [];

/** Fast enough that a test never waits, and slow enough to hold. */
const pace = 200;

/** Each second of the world the guest counts on in `data/count`. */
export const countingGuest: GuestScript = async (domain) => {
  for (let count = 1; ; count++) {
    await domain.sleep(1000);
    await domain.store.write('data/count', String(count));
  }
};

export async function debugWorld(guest: GuestScript = countingGuest): Promise<DebuggedWorld> {
  const stops: Stop[] = [];
  const messages: Message[] = [];
  let wake: () => void = () => undefined;
  const engine = new Debugger({
    stopped: (stop) => {
      stops.push(stop);
      wake();
    },
    opened: () => undefined,
    ended: () => undefined,
    message: (_, message) => void messages.push(message),
  });
  const { tap, onMove } = engine;
  const domains = [plainGuest({ guest })];
  const world = await createWorld({ seed: 1, pace: 0, clock: systemClock, domains, tap, onMove });
  open.push(engine);
  await engine.attach({ host: world, world: world.world, observer: world.observer() });
  const first = stopAfter(() => engine.start({ pace, stopOnEntry: true }));
  assert.equal((await first).reason, 'entry');
  messages.length = 0;

  async function stopAfter(act: () => unknown): Promise<Stop> {
    const stopped = new Promise<void>((resolve) => (wake = resolve));
    act();
    await stopped;
    assert.equal(stops.length, 1, 'one stop at a time');
    return stops.pop()!;
  }

  return {
    engine,
    world,
    messages,
    ring: () => engine.connections().find(({ of }) => of.transport === 'ring')!,
    stopAfter,
    step: (connection, size) => stopAfter(() => void engine.step(connection, size)),
    layerNames: (connection) => engine.layers(connection).map(({ name }) => name),
  };
}

export async function closeDebuggers(): Promise<void> {
  for (const engine of open.splice(0)) await engine.close();
}

/** Many turns of the event loop: whatever could still happen by itself has happened. */
export async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));
}
