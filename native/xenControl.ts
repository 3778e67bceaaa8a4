/** libxenctrl's handle on the hypervisor: opened when it is first needed, for all who ask something there. */
import { XenscopeError } from '../server/host/errors';
import type { Pointer } from './koffi';
import type { Bound } from './libraries/cTypes';
import type { libraryTables, XenLibraries } from './libraries/xenLibraries';
import { quietLogger } from './quietLogger';

export interface OpenControl {
  readonly calls: Bound<typeof libraryTables.xenctrl>;
  readonly handle: Pointer;
}

export class XenControl {
  readonly libraries: XenLibraries;
  #open: OpenControl | null | undefined;

  constructor(libraries: XenLibraries) {
    this.libraries = libraries;
  }

  /** Undefined where it cannot be had: `doctor host` says what is missing, here nobody needs to. Never throws. */
  get(): OpenControl | undefined {
    // Not loaded again and again where it is missing.
    if (this.#open === undefined) this.#open = this.#openIt();
    return this.#open ?? undefined;
  }

  /** Safe to call twice. */
  close(): void {
    const open = this.#open;
    this.#open = null;
    open?.calls.xc_interface_close(open.handle);
  }

  #openIt(): OpenControl | null {
    try {
      const calls = this.libraries.functions('xenctrl');
      const logger = quietLogger(this.libraries);
      const handle = calls.xc_interface_open(logger, logger, 0);
      return handle === null ? null : { calls, handle };
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      return null;
    }
  }
}
