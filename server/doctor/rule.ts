/** What a rule of the ring doctor is: what was seen of a ring goes in, what is to be said comes out. Nothing else. */
import type { DirectionHistory, RingHistory } from '../model/rings/ringHistory';
import type { RingDiagnosis, RingSeverity } from '../model/rings/ringTypes';

export interface Rule {
  /** Stable; it names the rule in lists and documents. */
  readonly id: string;
  /** One for each direction that it fits, or one for the ring; none when it does not fit. */
  judge(history: RingHistory, nowMs: number): readonly RingDiagnosis[];
}

type Saying = {
  readonly severity: RingSeverity;
  readonly text: string;
  readonly evidence: readonly string[];
};

/** What most rules say most of the time. */
const nothing: readonly RingDiagnosis[] = [];

/** A rule that looks at each direction by itself. */
export function directionRule(
  id: string,
  judge: (direction: DirectionHistory, history: RingHistory, nowMs: number) => Saying | undefined,
): Rule {
  return {
    id,
    judge(history, nowMs) {
      if (!isReadable(history)) return nothing;
      let said: RingDiagnosis[] | undefined;
      for (const direction of history.directions) {
        const saying = judge(direction, history, nowMs);
        if (saying) (said ??= []).push({ rule: id, direction: direction.layout.name, ...saying });
      }
      return said ?? nothing;
    },
  };
}

/** A rule that looks at the ring as a whole. */
export function ringRule(
  id: string,
  judge: (history: RingHistory, nowMs: number) => Saying | undefined,
): Rule {
  return {
    id,
    judge(history, nowMs) {
      const saying = judge(history, nowMs);
      return saying ? [{ rule: id, ...saying }] : nothing;
    },
  };
}

/** The indices mean something: the page is there, was read, and is not being reset. */
export function isReadable({ samples, goneSinceMs, reconnectSinceMs }: RingHistory): boolean {
  return samples > 0 && goneSinceMs === undefined && reconnectSinceMs === undefined;
}

/** A kernel or a daemon looks at once; who uses a vchan or a socket is a program that may have other things to do. */
export function ofStall({ page }: RingHistory, severity: RingSeverity): RingSeverity {
  return page.layout.kind === 'vchan' || page.layout.isSocket ? 'note' : severity;
}

/**
 * Whether something worse than a reader who does not look explains that bytes wait: nobody is there
 * to look, nobody told it, it gave the connection up, or the ring is even full. The rules for those speak then.
 */
export function isExplained(direction: DirectionHistory, { page, states, inside }: RingHistory): boolean {
  if (direction.untoldSinceMs !== undefined || direction.fullSinceMs !== undefined) return true;
  const isServer = direction.layout.consumer === 'server';
  if (inside && (isServer ? inside.toldServer : inside.toldGuest) === undefined) return true;
  if (!isServer) return false;
  if (isEnded(direction, states)) return true;
  return page.layout.kind === 'console' ? (states.connection ?? 0) !== 0 : (states.error ?? 0) !== 0;
}

/** The backend has set the error word of this direction: nothing will pass there any more. */
export function isEnded({ layout }: DirectionHistory, states: RingHistory['states']): boolean {
  return (states[`${layout.name}_error`] ?? 0) !== 0;
}
