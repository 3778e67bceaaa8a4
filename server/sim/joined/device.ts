/** What a program of another process has open: one of the devices below /dev/xen, at the server's end. */
import { GUEST_NONE, GUEST_PLACE_BYTES, GUEST_PLACE_NAME_BYTES } from '../../wire/guestSocket';
import type { GuestReply } from '../../wire/guestSocket';
import path from 'node:path';
import type { UnmapNotify } from '../../host/grants';
import { PAGE_BYTES } from '../../host/pages';
import type { PagePlace } from '../machine/frames';

export interface Device {
  /** Answers one request; `words` are its payload, which may be anything. May throw what `replyTo` knows. */
  call(op: number, words: readonly number[]): GuestReply | Promise<GuestReply>;
  /** What the program gets when it has opened it. */
  readonly greeting?: Buffer;
  /** It is told in a last answer why its domain stopped. */
  readonly hearsWhy?: boolean;
  /**
   * The program closed it, or died: what it held ends, with the notifications it asked for. `isSudden`:
   * the kernel stopped with it, and nobody is left to do them.
   */
  end(isSudden: boolean): void;
}

/** The numbers that devices give to what a program maps or shares; a closed one is given again late. */
export class Handles<T> {
  readonly #held = new Map<number, T>();
  #last = 0;

  add(value: T): number {
    do this.#last = (this.#last % 0x7fff_ffff) + 1;
    while (this.#held.has(this.#last));
    this.#held.set(this.#last, value);
    return this.#last;
  }

  take(handle: number | undefined): T | undefined {
    const value = this.#held.get(handle!);
    if (value !== undefined) this.#held.delete(handle!);
    return value;
  }

  takeAll(): T[] {
    const all = [...this.#held.values()];
    this.#held.clear();
    return all;
  }
}

/** As gntdev and gntalloc take it: an offset outside the page, or no port, means none. */
export function unmapNotify(offset: number, port: number): { onUnmap?: UnmapNotify } {
  const notify = {
    ...(offset < PAGE_BYTES ? { clearByteOffset: offset } : {}),
    ...(port === GUEST_NONE ? {} : { signalPort: port }),
  };
  return Object.keys(notify).length > 0 ? { onUnmap: notify } : {};
}

/** Where the program finds these pages: a name within the folder it knows, and never a path. */
export function placeBytes(places: readonly PagePlace[]): Buffer {
  const bytes = Buffer.alloc(places.length * GUEST_PLACE_BYTES);
  places.forEach(({ file, page }, at) => {
    const name = path.basename(file!);
    bytes.write(name, at * GUEST_PLACE_BYTES, GUEST_PLACE_NAME_BYTES - 1, 'latin1');
    bytes.writeUInt32LE(page, at * GUEST_PLACE_BYTES + GUEST_PLACE_NAME_BYTES);
  });
  return bytes;
}
