/** What the debugger can stop at. */
import type { ErrorFilterId } from './breakpoints/errorFilters';
import { RING_RECONNECT } from './breakpoints/names';
import type { DebugConnection } from './connection';
import type { Message } from './message';

export type Happening =
  | {
      readonly kind: 'message';
      readonly connection: DebugConnection;
      readonly message: Message;
      /** What is wrong with it. */
      readonly trouble: Trouble | undefined;
    }
  /** The store began this connection anew on a ring that had one before. */
  | { readonly kind: 'reconnect'; readonly connection: DebugConnection }
  | Trouble;

/** Something is wrong, and a filter may want to stop at it. */
export interface Trouble {
  readonly kind: 'trouble';
  readonly filter: ErrorFilterId;
  /** Undefined when it belongs to no connection that is open. */
  readonly connection: DebugConnection | undefined;
  readonly message: Message | undefined;
  /** Which rule found it, e.g. `protocol.length`. */
  readonly rule: string;
  /** One sentence: what is wrong. */
  readonly text: string;
  /** The numbers or bytes that show it. */
  readonly evidence: string;
}

/** The name under which breakpoints know it; undefined for troubles, which have filters. */
export function nameOf(happening: Happening): string | undefined {
  switch (happening.kind) {
    case 'message':
      return happening.message.said.operation;
    case 'reconnect':
      return RING_RECONNECT;
    default:
      return undefined;
  }
}

export function messageOf(happening: Happening): Message | undefined {
  return happening.kind === 'reconnect' ? undefined : happening.message;
}

export function troubleOf(happening: Happening): Trouble | undefined {
  if (happening.kind === 'trouble') return happening;
  return happening.kind === 'message' ? happening.trouble : undefined;
}
