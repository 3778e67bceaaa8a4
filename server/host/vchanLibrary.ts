/** libxenvchan itself, as a host offers it: its ends of a vchan, with its calls that never wait. */
import type { EventPort } from './events';
import type { SharedMemory } from './memory';

export interface LibraryServer {
  readonly clientDomid: number;
  readonly path: string;
  /** The least that the rings hold; the library chooses the orders. */
  readonly leftBytes: number;
  readonly rightBytes: number;
  readonly persistent: boolean;
}

export interface LibraryClient {
  readonly serverDomid: number;
  readonly path: string;
}

export interface LibraryVchan {
  /** Its control page. */
  readonly control: SharedMemory;
  /** Rings for whatever the library is told; nothing has to be unmasked. */
  readonly port: Pick<EventPort, 'port' | 'onEvent' | 'unmask' | 'failure'>;
  readonly readRingBytes: number;
  readonly writeRingBytes: number;
  /** Bytes that can be read; asks to be told of more. */
  dataReady(): number;
  /** Bytes that can be written; asks to be told of more. */
  bufferSpace(): number;
  /** How many bytes of it were done; -1 where the library refuses. */
  read(into: Uint8Array): number;
  write(bytes: Uint8Array): number;
  /** Of a server: from now on `close` does not remove its folder, whatever is in it. */
  leaveNodes(): void;
  /** Leaves, gives everything back, and as a server removes its folder with all below it. Safe to call twice. */
  close(): Promise<void>;
}

/** Both reject with a XenscopeError `gone` where the library opens none; it does not say why. */
export interface VchanLibrary {
  serve(options: LibraryServer): Promise<LibraryVchan>;
  connect(options: LibraryClient): Promise<LibraryVchan>;
}
