/**
 * Grants of this domain on real Xen: pages of ours for others through /dev/xen/gntalloc, pages of
 * others here through /dev/xen/gntdev. The kernel ends all of them when the process does, however that
 * comes, with the notifications that were asked for.
 */
import type { Access, RevocableMemory } from '../server/host/bufferMemory';
import { XenscopeError } from '../server/host/errors';
import type { Grants, Mapped, Shared, UnmapNotify } from '../server/host/grants';
import { mustBeClearable } from '../server/host/unmapByte';
import { isDomid, isGref, mustBeAccess, mustBeCount } from './argument';
import { cError, deviceError, lastErrno } from './cError';
import type { Meaning } from './cError';
import type { NativeEventChannels } from './eventChannels';
import type { Pointer } from './koffi';
import type { XenLibraries } from './libraries/xenLibraries';
import { memoryAt } from './mappedMemory';
import type { MappedPages } from './mappedMemory';
import { noNotify, piecesOf } from './notifyPieces';
import type { Piece } from './notifyPieces';
import { quietLogger } from './quietLogger';

/** PROT_READ and PROT_WRITE of sys/mman.h. */
const protection = { read: 1, write: 3 } as const;
/** 4 MiB in one call: far beyond any ring, and nothing that a wrong number could ask of the kernel. */
const maxPagesAtOnce = 1024;

const noMoreRoom: Meaning = {
  code: 'limit',
  text: 'The kernel has no room for more pages.',
  wayOut: 'Unmap or end what is no longer used.',
};
const cannot: Meaning = {
  code: 'unsupported',
  text: 'The kernel did not do it.',
  wayOut: 'See the log of the kernel (dmesg).',
};

export interface NativeGrantsOptions {
  readonly libraries: XenLibraries;
  /** Whose ports may be signalled when memory is unmapped. */
  readonly events?: Pick<NativeEventChannels, 'has'> | undefined;
  /** As of memoryAt. */
  readonly views?: boolean | undefined;
}

export class NativeGrants implements Grants {
  readonly #options: NativeGrantsOptions;
  readonly #gnttab;
  #mapper: Pointer | undefined;
  #sharer: Pointer | undefined;
  /** What is mapped or shared now, by what ends it. */
  readonly #held = new Set<(reason: string) => void>();
  #isClosed = false;

  /** Opens the devices when they are first needed. Throws a XenscopeError where the library cannot be had. */
  constructor(options: NativeGrantsOptions) {
    this.#options = options;
    this.#gnttab = options.libraries.functions('gnttab');
  }

  share(
    domid: number,
    pages: number,
    { writable, onUnmap }: { readonly writable: boolean; readonly onUnmap?: UnmapNotify },
  ): Shared {
    this.#mustBeOpen();
    mustBeCount(pages, maxPagesAtOnce, 'pages');
    if (!isDomid(domid)) throw new XenscopeError('notOurs', `There is no domain ${domid} to share with.`);
    this.#checkNotify(onUnmap, pages, 'write');
    this.mustShare();
    const handle = this.#sharer!;
    const grefs = new Uint32Array(pages);
    const mapped = this.#each(piecesOf(pages, onUnmap), {
      map: ({ first, count, notify }) => {
        const into = grefs.subarray(first, first + count);
        return notify === noNotify
          ? this.#gnttab.xengntshr_share_pages(handle, domid, count, into, writable ? 1 : 0)
          : this.#gnttab.xengntshr_share_page_notify(
              handle,
              domid,
              into,
              writable ? 1 : 0,
              notify.offset,
              notify.port,
            );
      },
      unmap: ({ pointer, pages: count }) => this.#gnttab.xengntshr_unshare(handle, pointer, count),
      failed: (errno) =>
        cError(`Sharing ${pages} pages with domain ${domid}`, errno, {
          ENOSPC: noMoreRoom,
          ENOMEM: noMoreRoom,
          EDQUOT: noMoreRoom,
          EBUSY: noMoreRoom,
          EMFILE: noMoreRoom,
          other: cannot,
        }),
    });
    const memory = this.#memory(mapped.parts, 'write', mapped.unmap);
    const hold = this.#hold(memory, mapped.unmap);
    const end = () => hold('This memory was shared, and the share was ended.');
    // The kernel itself waits for the last mapping.
    return { grefs: [...grefs], memory, end, endWhenUnused: end };
  }

  map(
    domid: number,
    grefs: readonly number[],
    access: Access,
    { onUnmap }: { readonly onUnmap?: UnmapNotify } = {},
  ): Mapped {
    this.#mustBeOpen();
    mustBeCount(grefs.length, maxPagesAtOnce, 'grant references');
    mustBeAccess(access);
    this.#checkNotify(onUnmap, grefs.length, access);
    const what = `Mapping grant ${grefs.join(', ')} of domain ${domid}`;
    const notOurs: Meaning = {
      code: 'notOurs',
      text:
        access === 'write'
          ? 'There is no such grant for this domain, it was ended, or it is for reading only.'
          : 'There is no such grant for this domain, or it was ended.',
      wayOut: 'The domain may have ended meanwhile, or granted the page to another one.',
    };
    if (!isDomid(domid) || !grefs.every(isGref)) throw cErrorOfArgument(what, notOurs);
    this.mustMap();
    const handle = this.#mapper!;
    const prot = protection[access];
    const refs = Uint32Array.from(grefs);
    const mapped = this.#each(piecesOf(grefs.length, onUnmap), {
      map: ({ first, count, notify }) =>
        notify === noNotify
          ? this.#gnttab.xengnttab_map_domain_grant_refs(
              handle,
              count,
              domid,
              refs.subarray(first, first + count),
              prot,
            )
          : this.#gnttab.xengnttab_map_grant_ref_notify(
              handle,
              domid,
              refs[first]!,
              prot,
              notify.offset,
              notify.port,
            ),
      unmap: ({ pointer, pages }) => this.#gnttab.xengnttab_unmap(handle, pointer, pages),
      // What the hypervisor refuses for a page comes back as one of these.
      failed: (errno) =>
        cError(what, errno, {
          EINVAL: notOurs,
          EACCES: notOurs,
          EPERM: notOurs,
          ENOENT: notOurs,
          EAGAIN: { ...notOurs, code: 'busy', text: 'The page is not there now.' },
          ENOSPC: noMoreRoom,
          ENOMEM: noMoreRoom,
          other: cannot,
        }),
    });
    const memory = this.#memory(mapped.parts, access, mapped.unmap);
    const unmap = this.#hold(memory, mapped.unmap);
    return { memory, unmap: () => unmap(`This memory of domain ${domid} was unmapped.`) };
  }

  /** Opens the device that maps pages of others. Throws a XenscopeError that says why it cannot be had. */
  mustMap(): void {
    this.#mustBeOpen();
    this.#mapper ??= this.#openMapper();
  }

  /** Opens the device that shares pages with others, as mustMap does. */
  mustShare(): void {
    this.#mustBeOpen();
    this.#sharer ??= this.#openSharer();
  }

  /** Unmaps and ends everything. Safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const end of [...this.#held]) end('The host that this memory was for is closed.');
    if (this.#mapper !== undefined) this.#gnttab.xengnttab_close(this.#mapper);
    if (this.#sharer !== undefined) this.#gnttab.xengntshr_close(this.#sharer);
  }

  #openMapper(): Pointer {
    const handle = this.#gnttab.xengnttab_open(quietLogger(this.#options.libraries), 0);
    if (handle === null) throw deviceError('/dev/xen/gntdev', lastErrno(), 'xen-gntdev');
    return handle;
  }

  #openSharer(): Pointer {
    const handle = this.#gnttab.xengntshr_open(quietLogger(this.#options.libraries), 0);
    if (handle === null) throw deviceError('/dev/xen/gntalloc', lastErrno(), 'xen-gntalloc');
    return handle;
  }

  /** Maps all pieces or none. */
  #each(
    pieces: readonly Piece[],
    how: {
      map(piece: Piece): Pointer | null;
      unmap(pages: MappedPages): number;
      failed(errno: number): XenscopeError;
    },
  ): { readonly parts: readonly MappedPages[]; readonly unmap: () => void } {
    const parts: MappedPages[] = [];
    const unmap = () => {
      for (const part of parts.splice(0)) how.unmap(part);
    };
    for (const piece of pieces) {
      const pointer = how.map(piece);
      if (pointer === null) {
        const error = how.failed(lastErrno());
        unmap();
        throw error;
      }
      parts.push({ pointer, pages: piece.count });
    }
    return { parts, unmap };
  }

  #memory(parts: readonly MappedPages[], access: Access, unmap: () => void): RevocableMemory {
    try {
      return memoryAt(parts, access, this.#options.libraries, this.#options.views);
    } catch (error) {
      unmap();
      throw error;
    }
  }

  /** How to end it, once: the memory is dead before it is unmapped. */
  #hold(memory: RevocableMemory, unmap: () => void): (reason: string) => void {
    const end = (reason: string) => {
      if (!this.#held.delete(end)) return;
      memory.revoke(reason);
      unmap();
    };
    this.#held.add(end);
    return end;
  }

  #checkNotify(notify: UnmapNotify | undefined, pages: number, access: Access): void {
    const { clearByteOffset: offset, signalPort } = notify ?? {};
    if (offset !== undefined) mustBeClearable(offset, pages, access);
    if (signalPort !== undefined && !this.#options.events?.has(signalPort)) {
      throw new XenscopeError('notOurs', `There is no event channel ${signalPort} here.`, {
        wayOut: 'Bind the event channel before the memory that is to signal it.',
      });
    }
  }

  #mustBeOpen(): void {
    if (!this.#isClosed) return;
    throw new XenscopeError('gone', 'The grants of this host were closed.', {
      wayOut: 'Connect to the host again.',
    });
  }
}

function cErrorOfArgument(what: string, { code, text, wayOut }: Meaning): XenscopeError {
  return new XenscopeError(code, `${what}: ${text}`, { wayOut });
}
