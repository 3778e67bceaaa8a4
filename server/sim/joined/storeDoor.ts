/**
 * Where the programs of one domain reach the store: a socket of its own, behind which everybody is
 * that domain. Each message on it is a thing that happens in the world, as with guests that live there.
 */
import { listenOnSocket } from '../../store/connection/socketTransport';
import type { Listening } from '../../store/connection/socketTransport';
import type { ByteStream, ByteStreamHandlers, Dial } from '../../store/byteStream';

/** Connections through the door of one domain. Each costs descriptors of the server, which all domains share. */
export const maxStoreVisitors = 256;

export interface DoorVisits {
  /** A program connected; `drop` ends its connection. Answers what to call when it has left. */
  entered(drop: () => void): () => void;
  /** There are too many: who comes now is closed at once. Told again only when half of them have left. */
  full(): void;
}

export function openStoreDoor(socketPath: string, dial: Dial, visits: DoorVisits): Promise<Listening> {
  let inside = 0;
  let isToldFull = false;
  const counted: Pick<DoorVisits, 'entered'> = {
    entered(drop) {
      inside++;
      const left = visits.entered(drop);
      return () => {
        inside--;
        if (inside <= maxStoreVisitors / 2) isToldFull = false;
        left();
      };
    },
  };
  return listenOnSocket(socketPath, () => {
    if (inside < maxStoreVisitors) return new Visitor(dial, counted);
    if (!isToldFull) visits.full();
    isToldFull = true;
    return undefined;
  });
}

/** A program's connection, passed on byte by byte; each side waits for the other. */
class Visitor implements ByteStreamHandlers {
  #outside: ByteStream | undefined;
  #inside: ByteStream | undefined;
  #left: () => void = () => undefined;
  #isOver = false;

  constructor(
    private readonly dial: Dial,
    private readonly visits: Pick<DoorVisits, 'entered'>,
  ) {}

  open(outside: ByteStream): void {
    this.#outside = outside;
    this.#left = this.visits.entered(() => this.#end());
    // The store may be asked once it has answered the door.
    outside.pause();
    this.dial({
      onData: (bytes) => {
        // The bytes are only ours during the call.
        if (!outside.write(Buffer.from(bytes))) this.#inside?.pause();
      },
      onDrain: () => outside.resume(),
      onClose: () => this.#end(),
    }).then(
      (inside) => {
        if (this.#isOver) return inside.close();
        this.#inside = inside;
        outside.resume();
      },
      () => this.#end(),
    );
  }

  onData(bytes: Buffer): void {
    if (this.#inside?.write(Buffer.from(bytes)) === false) this.#outside?.pause();
  }

  onDrain(): void {
    this.#inside?.resume();
  }

  onClose(): void {
    this.#end();
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#inside?.close();
    this.#outside?.close();
    this.#left();
  }
}
