/** Whether a domain runs, as the hypervisor knows it. Domain 0 alone may ask. */
import { XenscopeError } from '../server/host/errors';
import type { Host } from '../server/host/host';
import { isDomid } from './argument';
import type { Pointer } from './koffi';
import type { XenLibraries } from './libraries/xenLibraries';
import { quietLogger } from './quietLogger';

export type DomainLife = ReturnType<NonNullable<Host['lifeOf']>>;

/**
 * The begin of xc_domaininfo_t is the same in every release: the domid, and behind it the flags. Its
 * length is not; this is room for any of them.
 */
const infoBytes = 4096;
const flagsOffset = 4;
/** XEN_DOMINF_* of xen/include/public/domctl.h. */
const flag = { dying: 1, shutDown: 4, paused: 8 } as const;

export class DomainLives {
  readonly #libraries: XenLibraries;
  #control: Pointer | null | undefined;

  constructor(libraries: XenLibraries) {
    this.#libraries = libraries;
  }

  /** Undefined where it cannot be known: no such domain, no library, no right to ask. Never throws. */
  of(domid: number): DomainLife {
    if (!isDomid(domid)) return undefined;
    const info = this.#ask(domid);
    // Xen answers with the next one when there is no such domain.
    if (!info || info.readUInt16LE(0) !== domid) return undefined;
    const flags = info.readUInt32LE(flagsOffset);
    if ((flags & (flag.dying | flag.shutDown)) !== 0) return 'shut down';
    return (flags & flag.paused) !== 0 ? 'paused' : 'running';
  }

  /** Safe to call twice. */
  close(): void {
    const control = this.#control;
    this.#control = null;
    if (control) this.#libraries.functions('xenctrl').xc_interface_close(control);
  }

  #ask(domid: number): Buffer | undefined {
    // Not loaded again and again where it is missing.
    if (this.#control === null) return undefined;
    try {
      const { xc_interface_open, xc_domain_getinfolist } = this.#libraries.functions('xenctrl');
      const logger = quietLogger(this.#libraries);
      this.#control ??= xc_interface_open(logger, logger, 0);
      if (this.#control === null) return undefined;
      const info = Buffer.alloc(infoBytes);
      const count = xc_domain_getinfolist(this.#control, domid, 1, info as unknown as Pointer);
      return count === 1 ? info : undefined;
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      // `doctor host` says what is missing; here it only means that nobody knows.
      this.#control = null;
      return undefined;
    }
  }
}
