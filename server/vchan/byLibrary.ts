/** Opens an end of a vchan whose engine is libxenvchan. */
import { XenscopeError } from '../host/errors';
import type { LibraryVchan, VchanLibrary } from '../host/vchanLibrary';
import { LibraryMoves } from './libraryMoves';
import type { VchanPorts } from './ports';
import type { VchanRole } from './ringMoves';
import { Vchan } from './vchan';
import { VchanEngine } from './vchanEngine';

/** Throws a XenscopeError `unsupported` where there is none. */
export function libraryOf({ vchanLibrary }: VchanPorts): VchanLibrary {
  if (vchanLibrary) return vchanLibrary();
  throw new XenscopeError('unsupported', 'libxenvchan opens vchans on a real host only.', {
    wayOut: 'Choose the engine of Xenscope here.',
  });
}

export interface LibraryEnd {
  readonly role: VchanRole;
  readonly peerDomid: number;
  /** As the nodes told it. */
  readonly gref: number;
  readonly path: string;
  readonly isPersistent: boolean;
  readonly library: LibraryVchan;
  readonly removeNodes?: () => Promise<void>;
}

/** Closes the library's end where that fails. */
export async function endOfLibrary(ports: VchanPorts, end: LibraryEnd): Promise<Vchan> {
  const { role, peerDomid, gref, path, isPersistent, library } = end;
  try {
    const moves = new LibraryMoves(role, library);
    const { peers } = ports;
    return new Vchan({
      moves,
      engine: new VchanEngine({ moves, port: library.port, isPersistent, peerDomid, peers }),
      peerDomid,
      gref,
      path,
      release: () => library.close(),
      removeNodes: end.removeNodes ?? (() => Promise.resolve()),
    });
  } catch (error) {
    await end.removeNodes?.().catch(() => undefined);
    await library.close();
    throw error;
  }
}
