/** Which domains there are and how they are, as the hypervisor knows it. Domain 0 alone may ask. */
import type { DomainLife } from '../server/host/domainLife';
import { isDomid } from './argument';
import type { Pointer } from './koffi';
import { domainInfo, shutdownReasons } from './libraries/domainInfo';
import type { XenControl } from './xenControl';

/** Each costs a hypercall; no Xen that anybody runs has more. */
const maxDomains = 4_096;

const { flags, flagsOffset, roomBytes, reasonShift, emulationFlags } = domainInfo;

export class DomainLives {
  readonly #control: XenControl;

  constructor(control: XenControl) {
    this.#control = control;
  }

  /** Undefined where it cannot be known: no such domain, no library, no right to ask. Never throws. */
  of(domid: number): DomainLife | undefined {
    const life = isDomid(domid) ? this.#from(domid) : undefined;
    // Xen answers with the next one when there is no such domain.
    return life && life !== 'none' && life.domid === domid ? life : undefined;
  }

  /** Whether it is dying, or there is none any more. Undefined where it is not known, also for a moment. */
  hasEnded(domid: number): boolean | undefined {
    const life = this.#from(domid);
    if (life === undefined) return undefined;
    if (life !== 'none' && life.domid === domid) return life.state === 'dying';
    // There is always a domain 0, for whoever may ask.
    return this.of(0) ? true : undefined;
  }

  /** By domid; undefined as above. */
  all(): readonly DomainLife[] | undefined {
    const lives: DomainLife[] = [];
    for (let next = 0; lives.length < maxDomains;) {
      const life = this.#from(next);
      // From here on only numbers with another meaning; a library that counts backwards is not followed.
      if (!life || life === 'none' || life.domid < next) break;
      lives.push(life);
      next = life.domid + 1;
    }
    // There is always a domain 0, for whoever may ask.
    return lives.length > 0 ? lives : undefined;
  }

  /** Closes the handle as well by which it asks. Safe to call twice. */
  close(): void {
    this.#control.close();
  }

  /** The first domain from this number on; undefined where nobody tells. */
  #from(domid: number): DomainLife | 'none' | undefined {
    const info = this.#ask(domid);
    if (!info || info === 'none') return info;
    const word = info.readUInt32LE(flagsOffset);
    const state = stateOf(word);
    return {
      domid: info.readUInt16LE(0),
      state,
      ...(state === 'shutdown' ? { reason: shutdownReasons[(word >>> reasonShift) & 0xff] } : {}),
      type: this.#typeOf(info, word),
    };
  }

  /** One at a time, with room for any release's length of it: only its begin is the same in all. */
  #ask(domid: number): Buffer | 'none' | undefined {
    const open = this.#control.get();
    if (!open) return undefined;
    const info = Buffer.alloc(roomBytes);
    const count = open.calls.xc_domain_getinfolist(open.handle, domid, 1, info as unknown as Pointer);
    if (count === 0) return 'none';
    return count === 1 ? info : undefined;
  }

  #typeOf(info: Buffer, word: number): DomainLife['type'] {
    if ((word & flags.hvmGuest) === 0) return 'PV';
    if (!this.#knowsEmulation()) return 'HVM or PVH';
    return (info.readUInt32LE(emulationFlags.offset) & ~emulationFlags.lapic) === 0 ? 'PVH' : 'HVM';
  }

  #knowsEmulation(): boolean {
    const state = this.#control.libraries.state('xenctrl');
    return process.arch === 'x64' && 'path' in state && emulationFlags.library.test(state.path);
  }
}

function stateOf(word: number): DomainLife['state'] {
  if ((word & flags.dying) !== 0) return 'dying';
  if ((word & flags.shutdown) !== 0) return 'shutdown';
  return (word & flags.paused) !== 0 ? 'paused' : 'running';
}
