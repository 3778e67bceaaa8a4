/**
 * A ring page that lies in a file and the doorbells of withoutXen.c: what a guest of one of Debian's
 * daemons has in hand.
 */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { EventPort } from '../../server/host/events';
import type { SharedMemory } from '../../server/host/memory';
import { PAGE_BYTES } from '../../server/host/pages';

/** Reads and writes of a file that another process maps: both see the same bytes at once. */
export class FileMemory implements SharedMemory {
  readonly bytes = PAGE_BYTES;
  readonly dead = undefined;
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'r+');
  }

  close(): void {
    closeSync(this.#file);
  }

  load32(offset: number): number {
    return this.#read(offset, 4).readUInt32LE(0);
  }

  store32(offset: number, value: number): void {
    const word = Buffer.alloc(4);
    word.writeUInt32LE(value >>> 0);
    writeSync(this.#file, word, 0, 4, offset);
  }

  load8(offset: number): number {
    return this.#read(offset, 1)[0]!;
  }

  store8(offset: number, value: number): void {
    writeSync(this.#file, Buffer.of(value), 0, 1, offset);
  }

  and8(offset: number, mask: number): number {
    const before = this.load8(offset);
    this.store8(offset, before & mask);
    return before;
  }

  or8(offset: number, mask: number): number {
    const before = this.load8(offset);
    this.store8(offset, before | mask);
    return before;
  }

  copyOut(offset: number, into: Uint8Array): void {
    readSync(this.#file, into, 0, into.length, offset);
  }

  copyIn(offset: number, from: Uint8Array): void {
    writeSync(this.#file, from, 0, from.length, offset);
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    this.copyOut(offset, bytes);
    return bytes;
  }
}

const lookAgainMs = 1;

/** The guest's end: rings through `ring`, and hears the daemon by its count of rings. */
export class FileDoorbell implements EventPort {
  readonly port = 1;
  onEvent: (() => void) | undefined;
  #heard: number;
  #isMasked = false;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly ring: () => void,
    private readonly rung: () => number,
  ) {
    this.#heard = rung();
    this.#timer = setInterval(() => this.#look(), lookAgainMs);
  }

  notify(): void {
    this.ring();
  }

  unmask(): void {
    this.#isMasked = false;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const rung = this.rung();
    if (rung === this.#heard || this.#isMasked || !this.onEvent) return;
    this.#heard = rung;
    this.#isMasked = true;
    this.onEvent();
  }
}
