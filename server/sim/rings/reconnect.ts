/** A reconnect asked for by a person, as the guest: step by step with times, and how it ended. */
import type { Clock } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { RingStep } from '../../host/steps';
import type { ReconnectReport, ReconnectStep } from '../../host/worldControl';

/** How often we look whether anything can move: time in which nothing can does not count. */
const lookMs = 100;
/** The longest handshake has about twenty steps; a ring that never comes to rest is not listed for ever. */
const maxSteps = 200;

export interface ReconnectRun {
  /** A person's clock: the world's own may stand still. */
  readonly clock: Clock;
  /** How long it may take while both ends can move. */
  readonly timeoutMs: number;
  readonly ask: () => Promise<void>;
  /** Hears of every step on that ring; returns how to stop. */
  readonly listen: (listener: (side: 'guest' | 'server', step: RingStep) => void) => () => void;
  /** Why nothing can move now, and the way out, in one clause: then we wait for as long as it takes. */
  readonly obstacle: () => string | undefined;
  readonly onStep?: (step: ReconnectStep) => void;
}

export async function runReconnect(run: ReconnectRun): Promise<ReconnectReport> {
  const { clock } = run;
  const beganMs = clock.nowMs();
  const steps: ReconnectStep[] = [];
  const tell = (side: string, text: string) => {
    if (steps.length >= maxSteps) return;
    const step = { atMs: clock.nowMs() - beganMs, side, text };
    steps.push(step);
    run.onStep?.(step);
  };
  const stop = run.listen((side, { text }) => tell(side === 'guest' ? 'guest' : 'xenstored', text));
  const patience = startPatience(run, (obstacle) => tell('world', obstacle));
  try {
    const outcome = await Promise.race([run.ask().then(() => 'done' as const), patience.ended]);
    if (outcome === 'stuck') return { outcome, ...stuck(run, steps), steps };
    return { outcome, text: doneText(steps, clock.nowMs() - beganMs), steps };
  } catch (error) {
    if (!(error instanceof XenscopeError)) throw error;
    return { outcome: 'stuck', text: error.message, wayOut: error.wayOut, steps };
  } finally {
    stop();
    patience.stop();
  }
}

/** Ends after `timeoutMs` in which both ends could move; tells each obstacle once, when it is there. */
function startPatience(
  { clock, timeoutMs, obstacle }: ReconnectRun,
  onObstacle: (obstacle: string) => void,
): { readonly ended: Promise<'stuck'>; stop(): void } {
  let timer: { cancel(): void } | undefined;
  let known: string | undefined;
  const look = (): boolean => {
    const found = obstacle();
    if (found !== undefined && found !== known) onObstacle(found);
    known = found;
    return found === undefined;
  };
  const ended = new Promise<'stuck'>((resolve) => {
    const wait = (leftMs: number) => {
      if (leftMs <= 0) return resolve('stuck');
      const sliceMs = Math.min(lookMs, leftMs);
      const couldMove = look();
      timer = clock.after(sliceMs, () => wait(look() && couldMove ? leftMs - sliceMs : leftMs));
    };
    wait(timeoutMs);
  });
  return { ended, stop: () => timer?.cancel() };
}

function doneText(steps: readonly ReconnectStep[], tookMs: number): string {
  const told = steps.filter(({ side }) => side !== 'world').length;
  const wasHindered = told < steps.length;
  const after = wasHindered ? `${told} steps` : `${tookMs.toFixed(1)} ms and ${told} steps`;
  return `Connected anew after ${after}; both rings are empty.`;
}

function stuck({ timeoutMs }: ReconnectRun, steps: readonly ReconnectStep[]) {
  const seconds = timeoutMs / 1000;
  const asked = steps.some(({ text }) => text.startsWith('connection '));
  return asked
    ? {
        text: `The guest has asked, and the xenstored has not answered for ${seconds} seconds.`,
        wayOut: 'Its doorbell may have been lost, or it is slow: look at the pending bits, or ask again.',
      }
    : {
        text: `The guest has not asked for ${seconds} seconds.`,
        wayOut: 'It may be busy with a step that does not end: look at its ring.',
      };
}
