/** What is wrong with the other side, in sentences: the last of them, how many there were, and one line of the log for each kind. */
import type { EndFinding } from '../host/endReports';

/**
 * `badRequest`, `unknownCommand`: a request that cannot be served. `badRing`: a data ring whose indices cannot
 * be. `notMappable`: pages or event channels that cannot be had. `refusedAddress`: not on the allow-list.
 * `limit`: more than is served at once, or bytes of released sockets that nobody read in time. `backlogFull`: a
 * connection that nobody accepted in time. `unaskedResponse`, `wrongResponse`: the backend answers what was not
 * asked, or something else. `standstill`: it sends nothing more, though it was told of room in a ring that it had
 * filled.
 */
export type PvCallsFindingKind =
  | 'badRequest'
  | 'unknownCommand'
  | 'badRing'
  | 'notMappable'
  | 'refusedAddress'
  | 'limit'
  | 'backlogFull'
  | 'unaskedResponse'
  | 'wrongResponse'
  | 'standstill';

export interface PvCallsFinding {
  readonly kind: PvCallsFindingKind;
  /** One sentence. */
  readonly text: string;
}

/** Older ones are forgotten; how many there were of each kind is not. */
const maxKept = 64;

export class PvCallsFindings {
  readonly #log: (line: string) => void;
  readonly #last: PvCallsFinding[] = [];
  readonly #kinds = new Map<PvCallsFindingKind, EndFinding>();

  /** `log` hears of the first of each kind only: a hostile peer makes as many as it likes. */
  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  get last(): readonly PvCallsFinding[] {
    return this.#last;
  }

  /** The last of each kind, and how many there were. */
  get kinds(): readonly EndFinding[] {
    return [...this.#kinds.values()];
  }

  count(kind: PvCallsFindingKind): number {
    return this.#kinds.get(kind)?.count ?? 0;
  }

  add(kind: PvCallsFindingKind, text: string): void {
    const count = this.count(kind) + 1;
    this.#kinds.set(kind, { kind, text, count });
    this.#last.push({ kind, text });
    if (this.#last.length > maxKept) this.#last.shift();
    if (count === 1) this.#log(text);
  }
}
