/**
 * What a connection said, one line for each message, so that every message has a place in a
 * document. A line never changes and never moves: when a part is full the next one begins, and
 * only the last parts are kept.
 */
export interface ListingPart {
  /** Counts from 1. */
  readonly number: number;
  readonly lines: readonly string[];
}

export interface ListingPlace {
  readonly part: number;
  /** From 1. */
  readonly line: number;
}

export const maxLinesPerPart = 5000;
/** The part that grows and the one before it. */
const maxParts = 2;

export class Listing {
  readonly #parts: { number: number; lines: string[] }[] = [{ number: 1, lines: [] }];

  add(line: string): ListingPlace {
    let part = this.#parts.at(-1)!;
    if (part.lines.length >= maxLinesPerPart) {
      part = { number: part.number + 1, lines: [] };
      this.#parts.push(part);
      if (this.#parts.length > maxParts) this.#parts.shift();
    }
    part.lines.push(line);
    return { part: part.number, line: part.lines.length };
  }

  /** Undefined when it was dropped. */
  part(number: number): ListingPart | undefined {
    return this.#parts.find((part) => part.number === number);
  }
}
