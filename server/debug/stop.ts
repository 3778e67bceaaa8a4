/** Why a world stands still, in words that promise no more than is true. */
import type { Happening, Trouble } from './happening';
import type { Message } from './message';

export type StopReason = 'entry' | 'breakpoint' | 'exception' | 'step' | 'pause';

export interface Stop {
  readonly reason: StopReason;
  /** The connection that it is about; undefined when it is about none. */
  readonly connectionId: number | undefined;
  /** A few words, beginning with “held”. */
  readonly description: string;
  readonly breakpointIds: readonly number[];
  readonly trouble: Trouble | undefined;
}

export function entryStop(): Stop {
  return plain('entry', 'held before anything happens');
}

export function pauseStop(): Stop {
  return plain('pause', 'held by hand: nothing happens in the world');
}

/** `passedMs` of the world's time. */
export function stepStop(connectionId: number, what: string, passedMs: number): Stop {
  const passed = passedMs < 1 ? '' : `, ${durationText(passedMs)} of the world's time later`;
  return { ...plain('step', `held after ${what}${passed}`), connectionId };
}

/** The person asked for a step, and nothing came that could end it. */
export function fruitlessStop(connectionId: number, why: string): Stop {
  return { ...plain('step', `held: ${why}`), connectionId };
}

export function breakpointStop(happening: Happening, breakpointIds: readonly number[]): Stop {
  return {
    ...plain('breakpoint', `held after ${whatHappened(happening)}`),
    connectionId: happening.connection?.id,
    breakpointIds,
  };
}

/** `breakpointIds`: those that would have stopped here as well. */
export function exceptionStop(trouble: Trouble, breakpointIds: readonly number[]): Stop {
  // A message is told while it passes; a page is only looked at now and then.
  const when = trouble.message ? 'held after' : 'held, seen after the fact';
  return {
    ...plain('exception', `${when}: ${trouble.text}`),
    connectionId: trouble.connection?.id,
    breakpointIds,
    trouble,
  };
}

function plain(reason: StopReason, description: string): Stop {
  return { reason, connectionId: undefined, description, breakpointIds: [], trouble: undefined };
}

/** What is true when the world stands: whoever holds it, holds it between two things, never within one. */
function whatHappened(happening: Happening): string {
  switch (happening.kind) {
    case 'message':
      return messageHappened(happening.message);
    case 'reconnect':
      return 'the store began a new connection on the ring';
    default:
      return happening.text;
  }
}

export function messageHappened({ kind, said, number }: Message): string {
  switch (kind) {
    case 'request':
      return `${said.operation} (#${number}) reached the store, which has done it`;
    case 'reply':
      return `the store answered ${said.operation} (#${number})`;
    case 'event':
      return `the store sent a watch event (#${number})`;
  }
}

function durationText(ms: number): string {
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
