/** The numbers under which an editor asks for frames, values and listings again. */
import { Source } from '@vscode/debugadapter';
import type { DebugConnection } from '../connection';
import type { FieldSource } from '../field';
import type { Layer } from '../layers';
import type { ListingPlace } from '../listing';
import { errors } from './errors';

export interface Frame {
  readonly connection: DebugConnection;
  readonly layer: Layer;
}

/** Frames and values: good until the world goes on. No number is used again, so that an old one cannot mislead. */
export class HeldReferences {
  readonly #frames = new Map<number, Frame>();
  readonly #values = new Map<number, FieldSource>();
  #last = 0;

  addFrame(frame: Frame): number {
    this.#frames.set(++this.#last, frame);
    return this.#last;
  }

  frame(id: number): Frame {
    return this.#frames.get(id) ?? outdated();
  }

  addValues(source: FieldSource): number {
    this.#values.set(++this.#last, source);
    return this.#last;
  }

  values(reference: number): FieldSource {
    return this.#values.get(reference) ?? outdated();
  }

  clear(): void {
    this.#frames.clear();
    this.#values.clear();
  }
}

function outdated(): never {
  throw errors.oldReference();
}

interface Served {
  readonly reference: number;
  readonly connection: DebugConnection;
  readonly part: number;
  /** How many lines an editor has got under this reference; undefined before it asked. */
  lines: number | undefined;
}

/** Listings that an editor may ask for; the oldest is forgotten first. */
const maxListings = 500;

/**
 * Listings of connections as sources. Editors keep the text of a reference and never ask again, so
 * a line that was not there yet needs a new reference to a longer text; old lines stay where they are.
 */
export class ListingReferences {
  readonly #served = new Map<number, Served>();
  readonly #current = new Map<string, Served>();
  #lastReference = 0;

  /** A source in which the editor will find this line. */
  sourceFor(connection: DebugConnection, name: string, { part, line }: ListingPlace): Source {
    const key = `${connection.id} ${part}`;
    let served = this.#current.get(key);
    if (!served || (served.lines !== undefined && served.lines < line)) {
      served = { reference: ++this.#lastReference, connection, part, lines: undefined };
      this.#current.set(key, served);
      this.#served.set(served.reference, served);
      this.#forgetOldest();
    }
    const title = `${name.replace(/[^\w.-]+/g, '-')}${part === 1 ? '' : `-${part}`}.conv`;
    return new Source(title, undefined, served.reference);
  }

  text(reference: number): string {
    const served = this.#served.get(reference);
    const lines = served?.connection.listing.part(served.part)?.lines;
    if (!served || !lines) throw errors.droppedListing();
    served.lines = lines.length;
    return `${lines.join('\n')}\n`;
  }

  #forgetOldest(): void {
    if (this.#served.size <= maxListings) return;
    const [reference, { connection, part }] = this.#served.entries().next().value!;
    this.#served.delete(reference);
    const key = `${connection.id} ${part}`;
    if (this.#current.get(key)?.reference === reference) this.#current.delete(key);
  }
}
