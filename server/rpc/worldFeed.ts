/** A simulated host's controls as an editor sees them, and the news of them, at most ten a second. */
import type { Clock, Timer } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { Host } from '../host/host';
import type { DomainAct, WorldControl, WorldDomain } from '../host/worldControl';
import { shutdownText } from '../model/domainWords';
import type { WorldDomainState, WorldState } from './api';

export const worldIntervalMs = 100;

const stateWords = {
  absent: 'not started',
  building: 'is being built',
  running: 'running',
  paused: 'paused',
  suspended: 'suspended',
  dying: 'is being destroyed',
} as const;

/** Every act that there is; which of them fit a domain now, the world says. */
export const domainActs: readonly DomainAct[] = [
  'start',
  'shutdown',
  'reboot',
  'destroy',
  'crash',
  'watchdog',
  'kexec',
  'softReset',
  'suspend',
  'resume',
  'pause',
  'unpause',
];

/** Throws the sentence for a host that has no such thing. */
export function worldOf({ world }: Host): WorldControl {
  if (world) return world;
  throw new XenscopeError(
    'unsupported',
    'This is a real host: its guests are not ours to hold or to break.',
    {
      wayOut: 'The simulator can do that.',
    },
  );
}

export function worldState(world: WorldControl): WorldState {
  return {
    held: world.isHeld,
    faults: world.faults.map(({ name, text, probability, ofDomains, count }) => ({
      name,
      text,
      probability,
      ofDomains,
      count,
    })),
    domains: world.domains().map(domainState),
  };
}

function domainState({ domid, name, state, reason, can }: WorldDomain): WorldDomainState {
  const words = state === 'shutdown' ? shutdownText(reason) : stateWords[state];
  return { domid, name, state: words, isRunning: state === 'running', can };
}

/** One thing happens; a sentence says what. */
export async function stepWorld(world: WorldControl): Promise<string> {
  if (!world.isHeld) {
    throw new XenscopeError('refused', 'The world is going: only a held one can be stepped.', {
      wayOut: 'Hold it first.',
    });
  }
  const move = await world.step();
  return move ? `#${move.number} ${move.text}` : 'Nothing waits to happen in the world.';
}

/** Tells of changes, coalesced. Returns how to stop. */
export function watchWorld(world: WorldControl, clock: Clock, changed: () => void): () => void {
  let timer: Timer | undefined;
  const stop = world.onChange(() => {
    timer ??= clock.after(worldIntervalMs, () => {
      timer = undefined;
      changed();
    });
  });
  return () => {
    stop();
    timer?.cancel();
  };
}
