/**
 * The grant table of one domain, with the rules of xen/common/grant_table.c: an entry lends one page
 * to one domain, for reading or for writing, and cannot be ended while that domain maps it.
 */
import { XenscopeError } from '../../host/errors';
import type { Frames } from './frames';

/** GNTTAB_NR_RESERVED_ENTRIES: 0 and 1 belong to console and xenstore, the rest is set aside. */
export const RESERVED_GREFS = 8;
export const CONSOLE_GREF = 0;
export const XENSTORE_GREF = 1;

export interface Grant {
  readonly gref: number;
  readonly frames: Frames;
  /** Which page of the frames. */
  readonly page: number;
  readonly toDomid: number;
  readonly isWritable: boolean;
  /** How often it is mapped now. */
  maps: number;
  /** It goes when the last mapping goes; until then nobody may map it anew. */
  isEnding: boolean;
}

export class GrantTable {
  readonly #grants = new Map<number, Grant>();
  readonly #maxGrants: number;
  /** Used before and free again; the last one freed is the first one taken, as Linux does it. */
  readonly #freeGrefs: number[] = [];
  #nextGref = RESERVED_GREFS;

  constructor(
    readonly domid: number,
    maxGrants: number,
  ) {
    this.#maxGrants = maxGrants;
  }

  get size(): number {
    return this.#grants.size;
  }

  find(gref: number): Grant | undefined {
    return this.#grants.get(gref);
  }

  list(): Grant[] {
    return [...this.#grants.values()];
  }

  /** One entry for each page of `frames`. */
  grant(frames: Frames, toDomid: number, isWritable: boolean): Grant[] {
    this.mustHaveRoom(frames.pages);
    return Array.from({ length: frames.pages }, (_, page) =>
      this.#add({ gref: this.#takeGref(), frames, page, toDomid, isWritable, maps: 0, isEnding: false }),
    );
  }

  mustHaveRoom(pages: number): void {
    if (this.#grants.size + pages <= this.#maxGrants) return;
    throw new XenscopeError(
      'limit',
      `Domain ${this.domid} has ${this.#grants.size} of its ${this.#maxGrants} grants in use; ${pages} more do not fit.`,
      { wayOut: 'End shares that are no longer used.' },
    );
  }

  /** Throws unless `gref` is one of the entries 0 to 7 and nobody maps it now. */
  mustBeReserved(gref: number): void {
    if (!Number.isInteger(gref) || gref < 0 || gref >= RESERVED_GREFS) {
      throw new RangeError(`grant ${gref} is none of the ${RESERVED_GREFS} reserved ones`);
    }
    const before = this.#grants.get(gref);
    if (before) this.#mustBeFree([before]);
  }

  /** Fills one of the entries that the toolstack and the domain builder own, with the first page of `frames`. */
  setReserved(gref: number, frames: Frames, toDomid: number, isWritable: boolean): void {
    this.mustBeReserved(gref);
    this.#add({ gref, frames, page: 0, toDomid, isWritable, maps: 0, isEnding: false });
  }

  /** The entry, if `mapperDomid` may map it that way. */
  forMapping(gref: number, mapperDomid: number, access: 'read' | 'write'): Grant {
    const grant = this.#grants.get(gref);
    if (!grant || grant.isEnding) {
      throw notOurs(`Domain ${this.domid} grants nothing under reference ${gref}.`);
    }
    if (grant.toDomid !== mapperDomid) {
      throw notOurs(
        `Grant ${gref} of domain ${this.domid} is for domain ${grant.toDomid}, not ${mapperDomid}.`,
      );
    }
    if (access === 'write' && !grant.isWritable) {
      throw notOurs(`Grant ${gref} of domain ${this.domid} is for reading only.`);
    }
    return grant;
  }

  /** Takes the entries back, all or none. */
  end(grants: readonly Grant[]): void {
    this.#mustBeFree(grants);
    for (const grant of grants) this.#remove(grant);
  }

  /** Takes back what can be; the rest goes when its last mapping goes. */
  endWhenFree(grants: readonly Grant[]): void {
    for (const grant of grants) {
      if (grant.maps > 0) grant.isEnding = true;
      else this.#remove(grant);
    }
  }

  mapped(grant: Grant): void {
    grant.maps++;
    grant.frames.mapped();
  }

  unmapped(grant: Grant): void {
    grant.maps--;
    if (grant.isEnding && grant.maps === 0) this.#remove(grant);
    grant.frames.unmapped();
  }

  #mustBeFree(grants: readonly Grant[]): void {
    const busy = grants.find(({ maps }) => maps > 0);
    if (busy) {
      throw new XenscopeError(
        'busy',
        `Domain ${busy.toDomid} still maps grant ${busy.gref} of domain ${this.domid}.`,
        {
          wayOut: 'Have the other side unmap it first.',
        },
      );
    }
  }

  #add(grant: Grant): Grant {
    this.#grants.set(grant.gref, grant);
    return grant;
  }

  #remove(grant: Grant): void {
    if (this.#grants.get(grant.gref) !== grant) return;
    this.#grants.delete(grant.gref);
    if (grant.gref >= RESERVED_GREFS) this.#freeGrefs.push(grant.gref);
  }

  #takeGref(): number {
    return this.#freeGrefs.pop() ?? this.#nextGref++;
  }
}

function notOurs(message: string): XenscopeError {
  return new XenscopeError('notOurs', message, {
    wayOut: 'The other side may have ended it, or written another reference meanwhile: read it again.',
  });
}
