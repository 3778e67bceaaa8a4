/**
 * The moves of an end whose engine is libxenvchan. What differs from ours: an index that cannot be is no error
 * but an end that is idle for ever; whoever looks how much there is asks for a doorbell with it; and nobody can
 * come between its steps.
 */
import { XenscopeError } from '../host/errors';
import type { LibraryVchan } from '../host/vchanLibrary';
import { VchanLive } from '../wire/vchanRings';
import { liveOf, liveOffsets } from './liveBytes';
import type { RingMoves, VchanRole } from './ringMoves';

export class LibraryMoves implements RingMoves {
  readonly other: VchanRole;
  readonly #library: LibraryVchan;

  constructor(
    readonly role: VchanRole,
    library: LibraryVchan,
  ) {
    this.other = role === 'server' ? 'client' : 'server';
    this.#library = library;
  }

  get readRingBytes(): number {
    return this.#library.readRingBytes;
  }

  get writeRingBytes(): number {
    return this.#library.writeRingBytes;
  }

  ready(): number {
    return this.#library.dataReady();
  }

  space(): number {
    return this.#library.bufferSpace();
  }

  readyOf(bytes: number): number {
    return Math.min(this.ready(), bytes);
  }

  spaceFor(bytes: number): number {
    return Math.min(this.space(), bytes);
  }

  peerLive(): number {
    return liveOf(this.#library.control, this.other);
  }

  endPeer(): void {
    this.#library.control.store8(liveOffsets[this.other], VchanLive.GONE);
  }

  take(into: Uint8Array): void {
    mustBeAll('read', this.#library.read(into), into.length);
  }

  put(bytes: Uint8Array): void {
    mustBeAll('wrote', this.#library.write(bytes), bytes.length);
  }

  /** Looking at the ring has asked for it. */
  ask(): void {
    return;
  }
}

/** The other side broke the indices between a look and the move, or has left just now. */
function mustBeAll(did: string, count: number, wanted: number): void {
  if (count === wanted) return;
  throw new XenscopeError(
    'protocol',
    `libxenvchan ${did} ${count} bytes, and had said that there are ${wanted}.`,
    {
      wayOut: 'Close this vchan and open it anew; whoever is at the other end has left, or has a fault.',
    },
  );
}
