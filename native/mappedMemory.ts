/**
 * Memory that C mapped, as shared memory of a host. Its owner revokes it before it is unmapped: then
 * nothing of ours can reach the address any more, which may belong to something else by then.
 */
import { BufferMemory, ScatteredMemory } from '../server/host/bufferMemory';
import type { Access, BufferPart, RevocableMemory } from '../server/host/bufferMemory';
import { XenscopeError } from '../server/host/errors';
import { PAGE_BYTES } from '../server/host/pages';
import { CopiedMemory } from './copiedMemory';
import { hasExternalBuffers, loadKoffi } from './koffi';
import type { Pointer } from './koffi';
import type { XenLibraries } from './libraries/xenLibraries';

export interface MappedPages {
  readonly pointer: Pointer;
  readonly pages: number;
}

/**
 * One memory over all `parts`, in their order. `views`: whether a buffer may lie over the memory;
 * false, or a runtime that forbids it, copies each access through koffi.
 */
export function memoryAt(
  parts: readonly MappedPages[],
  access: Access,
  libraries: XenLibraries,
  views = hasExternalBuffers(),
): RevocableMemory {
  const over = (pointer: Pointer, bytes: number) => memoryOf(pointer, bytes, access, libraries, views);
  const [first] = parts;
  if (parts.length === 1) return over(first!.pointer, first!.pages * PAGE_BYTES);
  return new ScatteredMemory(
    parts.flatMap(({ pointer, pages }) =>
      Array.from({ length: pages }, (_, page) => over(pointer + BigInt(page * PAGE_BYTES), PAGE_BYTES)),
    ),
  );
}

/** The same over any piece of C's memory. */
export function memoryOf(
  pointer: Pointer,
  bytes: number,
  access: Access,
  libraries: XenLibraries,
  views = hasExternalBuffers(),
): RevocableMemory {
  return views
    ? new BufferMemory(viewed(pointer, bytes), access)
    : new CopiedMemory(pointer, bytes, access, libraries);
}

/** The buffer goes nowhere but into a memory that drops it when it is revoked. */
function viewed(pointer: Pointer, bytes: number): BufferPart {
  try {
    return { buffer: loadKoffi().view(pointer, bytes), offset: 0, bytes };
  } catch (error) {
    throw new XenscopeError('unsupported', 'This runtime does not let a buffer lie over mapped memory.', {
      cause: error,
      wayOut: 'Run the server with a plain Node.',
    });
  }
}
