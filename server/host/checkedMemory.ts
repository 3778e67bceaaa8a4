/**
 * What is checked before shared memory is touched, whatever it is made of: that its owner has not taken it
 * away, that the bytes lie within it, and that it may be written.
 */
import { XenscopeError } from './errors';

export type Access = 'read' | 'write';

export abstract class CheckedMemory {
  readonly #access: Access;
  #dead: string | undefined;

  constructor(
    readonly bytes: number,
    access: Access,
  ) {
    this.#access = access;
  }

  get dead(): string | undefined {
    return this.#dead;
  }

  /** From now on every use throws a XenscopeError `gone` with this reason. The first reason stays. */
  revoke(reason: string): void {
    this.#dead ??= reason;
  }

  /** Offsets outside are a RangeError: a bug. */
  protected mustHold(offset: number, length: number): void {
    if (this.#dead !== undefined) throw new XenscopeError('gone', this.#dead);
    if (!Number.isInteger(offset) || offset < 0 || offset + length > this.bytes) {
      throw new RangeError(`${length} bytes at offset ${offset} lie outside a memory of ${this.bytes}`);
    }
  }

  protected mustHoldWord(offset: number): void {
    this.mustHold(offset, 4);
    if (offset % 4 !== 0) throw new RangeError(`offset ${offset} is not a multiple of 4`);
  }

  protected mustBeWritable(): void {
    if (this.#access === 'write') return;
    throw new XenscopeError('refused', 'This memory is mapped for reading only.', {
      wayOut: 'Map it for writing, if the grant allows that.',
    });
  }
}
