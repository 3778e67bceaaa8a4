/** Records the rings of a host, in the way that it allows. */
import type { Clock } from '../host/clock';
import type { Observer } from '../host/observer';
import type { Journal } from './journal';
import { type MovingObserver, sampleMoves } from './moveSampler';
import { recordRings } from './ringRecorder';
import { RingSampler } from './sampler';

/** Where nobody tells of moves, a recorder that is always on looks twice a second. */
export const recordIntervalMs = 500;

/** Step by step where the host tells of its moves, else by looking now and then; returns how to stop. */
export function recordHost(journal: Journal, observer: Observer, clock: Clock): () => void {
  const listener = recordRings(journal);
  if (tellsMoves(observer)) return sampleMoves({ observer, clock, listener });
  return new RingSampler({ observer, clock }).listen(listener, recordIntervalMs).stop;
}

function tellsMoves(observer: Observer): observer is MovingObserver {
  return observer.onMove !== undefined;
}
