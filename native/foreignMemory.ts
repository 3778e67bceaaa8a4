/**
 * Pages of other domains by their frame numbers, for looking only. The hypervisor lets domain 0 do this
 * and nobody else.
 */
import type { RevocableMemory } from '../server/host/bufferMemory';
import { XenscopeError } from '../server/host/errors';
import { isDomid } from './argument';
import { cError, deviceError, lastErrno } from './cError';
import type { Pointer } from './koffi';
import type { XenLibraries } from './libraries/xenLibraries';
import { memoryAt } from './mappedMemory';
import { quietLogger } from './quietLogger';

const PROT_READ = 1;
/** Beyond any machine's memory: 2^52 pages. */
const frameLimit = 2n ** 52n;

/** HVM_PARAM_* of xen/include/public/hvm/params.h. */
export const hvmParams = { storeFrame: 1, consoleFrame: 17 } as const;

export interface ForeignPage {
  readonly memory: RevocableMemory;
  /** The memory is revoked by the caller first. */
  unmap(): void;
}

export class ForeignMemory {
  readonly #libraries: XenLibraries;
  readonly #views: boolean | undefined;
  #mapper: Pointer | undefined;
  #control: Pointer | undefined;
  #isClosed = false;

  constructor(libraries: XenLibraries, views?: boolean) {
    this.#libraries = libraries;
    this.#views = views;
  }

  /** Opens the device. Throws a XenscopeError that says why it cannot be had. */
  mustMap(): void {
    this.#mustBeOpen();
    this.#mapper ??= this.#openMapper();
  }

  /** One page for reading. Throws a XenscopeError that says why it cannot be had. */
  map(domid: number, frame: bigint): ForeignPage {
    this.#mustBeOpen();
    if (typeof frame !== 'bigint') throw new RangeError(`${String(frame)} is no frame number`);
    const what = `Frame 0x${frame.toString(16)} of domain ${domid}`;
    if (!isDomid(domid) || frame < 0n || frame >= frameLimit) {
      throw new XenscopeError('notOurs', `${what} cannot exist.`);
    }
    const { xenforeignmemory_map, xenforeignmemory_unmap } = this.#libraries.functions('foreignMemory');
    this.mustMap();
    const handle = this.#mapper!;
    // Without an array for errors a page that cannot be mapped fails the call, instead of leaving a hole.
    const pointer = xenforeignmemory_map(handle, domid, PROT_READ, 1, BigUint64Array.of(frame), null);
    if (pointer === null) {
      // What the hypervisor refuses, for whatever reason, mostly comes back as EPERM or EINVAL.
      throw cError(what, lastErrno(), {
        ENOMEM: {
          code: 'limit',
          text: 'The kernel has no room for more pages.',
          wayOut: 'Close other hosts, or end other programs.',
        },
        other: {
          code: 'notOurs',
          text: 'It cannot be mapped: there is no such domain or page, or this is not the control domain.',
          wayOut: 'See with xl list whether the domain runs, and run the server in domain 0.',
        },
      });
    }
    const unmap = () => void xenforeignmemory_unmap(handle, pointer, 1);
    try {
      const memory = memoryAt([{ pointer, pages: 1 }], 'read', this.#libraries, this.#views);
      return { memory, unmap };
    } catch (error) {
      unmap();
      throw error;
    }
  }

  /** A parameter that the domain builder set for a domain with its own page tables; undefined for others. */
  hvmParam(domid: number, param: number): bigint | undefined {
    this.#mustBeOpen();
    if (!isDomid(domid) || !isParam(param)) return undefined;
    const { xc_hvm_param_get } = this.#libraries.functions('xenctrl');
    const value = new BigUint64Array(1);
    const status = xc_hvm_param_get((this.#control ??= this.#openControl()), domid, param, value);
    return status === 0 && value[0] !== 0n ? value[0] : undefined;
  }

  /** Every page must have been unmapped before. Safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#mapper !== undefined) {
      this.#libraries.functions('foreignMemory').xenforeignmemory_close(this.#mapper);
    }
    if (this.#control !== undefined) this.#libraries.functions('xenctrl').xc_interface_close(this.#control);
  }

  #openMapper(): Pointer {
    const { xenforeignmemory_open } = this.#libraries.functions('foreignMemory');
    const handle = xenforeignmemory_open(quietLogger(this.#libraries), 0);
    if (handle === null) throw deviceError('/dev/xen/privcmd', lastErrno(), 'xen-privcmd');
    return handle;
  }

  #openControl(): Pointer {
    const logger = quietLogger(this.#libraries);
    const handle = this.#libraries.functions('xenctrl').xc_interface_open(logger, logger, 0);
    if (handle === null) throw deviceError('/dev/xen/privcmd', lastErrno(), 'xen-privcmd');
    return handle;
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new XenscopeError('gone', 'The foreign memory of this host was closed.');
  }
}

function isParam(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 32;
}
