/** A reconnect asked for by a person, as the guest: step by step with times, and how it ended. */
import type { Clock } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { RingStep } from '../../host/steps';
import type { ReconnectReport, ReconnectStep } from '../../host/worldControl';

/** The longest handshake has about twenty steps; a ring that never comes to rest is not listed for ever. */
const maxSteps = 200;

export interface ReconnectRun {
  /** A person's clock: the world's own may stand still. */
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly ask: () => Promise<void>;
  /** Hears of every step on that ring; returns how to stop. */
  readonly listen: (listener: (side: 'guest' | 'server', step: RingStep) => void) => () => void;
  /** Why nothing moves now, when that is known: one sentence. */
  readonly obstacle: () => { readonly text: string; readonly wayOut: string } | undefined;
  readonly onStep?: (step: ReconnectStep) => void;
}

export async function runReconnect(run: ReconnectRun): Promise<ReconnectReport> {
  const { clock, timeoutMs } = run;
  const beganMs = clock.nowMs();
  const steps: ReconnectStep[] = [];
  const stop = run.listen((side, { text }) => {
    if (steps.length >= maxSteps) return;
    const step = { atMs: clock.nowMs() - beganMs, side: side === 'guest' ? 'guest' : 'xenstored', text };
    steps.push(step);
    run.onStep?.(step);
  });
  let timer: { cancel(): void } | undefined;
  const tooLong = new Promise<'stuck'>((resolve) => {
    timer = clock.after(timeoutMs, () => resolve('stuck'));
  });
  try {
    const outcome = await Promise.race([run.ask().then(() => 'done' as const), tooLong]);
    if (outcome === 'stuck') return { outcome, ...stuck(run, steps), steps };
    const tookMs = clock.nowMs() - beganMs;
    return {
      outcome,
      text: `Connected anew after ${tookMs.toFixed(1)} ms and ${steps.length} steps; both rings are empty.`,
      steps,
    };
  } catch (error) {
    if (!(error instanceof XenscopeError)) throw error;
    return { outcome: 'stuck', text: error.message, wayOut: error.wayOut, steps };
  } finally {
    stop();
    timer?.cancel();
  }
}

function stuck({ obstacle, timeoutMs }: ReconnectRun, steps: readonly ReconnectStep[]) {
  const known = obstacle();
  const seconds = timeoutMs / 1000;
  if (known)
    return { text: `Not connected anew after ${seconds} seconds: ${known.text}`, wayOut: known.wayOut };
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
