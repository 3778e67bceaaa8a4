/**
 * The micro-steps that all ring code has in common. A work is a generator that names a step and then
 * does it, so that whoever drives it can let somebody come between two of them.
 */
import type { EventPort } from './events';
import type { SharedMemory } from './memory';
import type { RingStep, RingStepKind, StepVerdict } from './steps';

export type RingWork<T> = Generator<RingStep, T, StepVerdict>;

/** Says its text only when asked: most steps are never shown. */
export class SaidStep implements RingStep {
  readonly #say: () => string;

  constructor(
    readonly kind: RingStepKind,
    readonly side: string,
    say: () => string,
  ) {
    this.#say = say;
  }

  get text(): string {
    return this.#say();
  }
}

export interface IndexMove {
  /** The C name of the word. */
  readonly name: string;
  readonly offset: number;
  readonly from: number;
  readonly to: number;
}

/** Writes an index word: in one piece, in two halves, or not at all. */
export function* moveIndex(
  memory: SharedMemory,
  side: string,
  { name, offset, from, to }: IndexMove,
): RingWork<void> {
  const verdict = yield new SaidStep('index', side, () => `${name} ${hexIndex(from)} → ${hexIndex(to)}`);
  if (verdict === 'skip') return;
  if (verdict === 'torn') {
    const half = ((from & 0xffff0000) | (to & 0xffff)) >>> 0;
    memory.store32(offset, half);
    const say = () => `${name} ${hexIndex(half)} → ${hexIndex(to)}, the upper half`;
    yield new SaidStep('index', side, say);
  }
  memory.store32(offset, to);
}

/** Rings at the side that is called `other`. */
export function* ringDoorbell(port: EventPort, side: string, other: string): RingWork<void> {
  const verdict = yield new SaidStep('notify', side, () => `rings at the ${other}`);
  if (verdict === 'skip') return;
  port.notify();
  if (verdict === 'twice') port.notify();
}

export function hexIndex(index: number): string {
  return `0x${index.toString(16)}`;
}
