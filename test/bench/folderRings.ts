/**
 * How our server reaches the rings of domains that live in a folder: `ring-N` is the page of domain
 * N, mapped as memory; `ports` tells which port of the server belongs to which domain.
 */
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { loadLibc } from '../../native/libc';
import { mapPagesFile } from '../../native/pages';
import { memoryOver } from '../../server/host/bufferMemory';
import { XenscopeError } from '../../server/host/errors';
import { PAGE_BYTES } from '../../server/host/pages';
import type { RevocableMemory } from '../../server/host/bufferMemory';
import type { RingAttachment } from '../../server/store/ring/serverRing';
import type { RingsOptions } from '../../server/store/xenstored';
import { makePipe, PipeBells } from './pipeBells';

/** Why pages cannot be mapped here; undefined when they can. */
export function missingForRings(): string | undefined {
  try {
    loadLibc();
    return undefined;
  } catch (error) {
    if (!(error instanceof XenscopeError)) throw error;
    return error.message;
  }
}

export interface MappedPage {
  readonly memory: RevocableMemory;
  unmap(): void;
}

/** Truly shared: what one process writes, every other that maps the file sees at once. */
export function mapRingPage(folder: string, domid: number): MappedPage {
  const { buffer, unmap } = mapPagesFile(ringFile(folder, domid), 1, 'write');
  return { memory: memoryOver([{ buffer, offset: 0, bytes: PAGE_BYTES }], 'write'), unmap };
}

export function ringFile(folder: string, domid: number): string {
  return path.join(folder, `ring-${domid}`);
}

export function portsFile(folder: string): string {
  return path.join(folder, 'ports');
}

export function folderRings(folder: string): RingsOptions['attach'] {
  let bells: PipeBells | undefined;
  let lastPort = 0;
  const bind = (domid: number, remotePort: number) => {
    const port = ++lastPort;
    if (!bells) {
      makePipe(folder, 'doorbell');
      bells = new PipeBells(folder, 'server');
    }
    const bound = bells.bind(port);
    appendFileSync(portsFile(folder), `${port} ${domid} ${remotePort}\n`);
    return bound;
  };
  return (domid, _gfn, remotePort): RingAttachment => {
    const { memory, unmap } = mapRingPage(folder, domid);
    let port = bind(domid, remotePort);
    return {
      memory,
      port,
      rebind: (again) => {
        port.close();
        return (port = bind(domid, again));
      },
      detach: () => {
        port.close();
        unmap();
      },
    };
  };
}
