/** The rings of all introduced domains. */
import { XenscopeError } from '../../host/errors';
import { XsRingError } from '../../wire/xsRing';
import type { Domain } from '../domains';
import { ServerRing, type RingAcceptor, type RingAttachment } from './serverRing';

export interface DomainRingsOptions {
  /** Maps the page of a domain and binds its doorbell. Throws a XenscopeError when that cannot be. */
  readonly attach: (domid: number, gfn: number, port: number) => RingAttachment;
  /** What the server offers on every ring: values of XsRingFeature, or-ed. */
  readonly features: number;
  readonly accept: (domain: Domain) => ReturnType<RingAcceptor>;
  readonly log: (line: string) => void;
}

export class DomainRings {
  readonly #options: DomainRingsOptions;
  readonly #byDomid = new Map<number, ServerRing>();

  constructor(options: DomainRingsOptions) {
    this.#options = options;
  }

  /**
   * Connects a domain's ring. A second time it stays on its page, whatever `gfn` says, and goes on
   * with the doorbell `port` and a new connection; a ring that the server gave up stays given up.
   * Answers whether page and doorbell could be had; a ring that is there goes on when they could not.
   */
  introduce(domain: Domain, gfn: number, port: number): boolean {
    const { features, accept, log } = this.#options;
    const { domid } = domain;
    const error = this.errorOf(domid);
    let attachment: RingAttachment | undefined;
    try {
      attachment = this.#attachment(domid, gfn, port);
      const ring = new ServerRing({
        attachment,
        features,
        accept: () => accept(domain),
        log: (clause) => log(`The ring of domain ${domid} is ${clause}`),
        error,
      });
      this.#byDomid.set(domid, ring);
      return true;
    } catch (failure) {
      if (attachment) {
        this.#byDomid.delete(domid);
        attachment.detach();
      }
      if (!(failure instanceof XenscopeError)) throw failure;
      log(`The ring of domain ${domid} cannot be connected: ${failure.message}`);
      return false;
    }
  }

  #attachment(domid: number, gfn: number, port: number): RingAttachment {
    if (this.#byDomid.get(domid)?.isLost) this.release(domid);
    const former = this.#byDomid.get(domid);
    return former ? former.replaced(port) : this.#options.attach(domid, gfn, port);
  }

  /** Why the server stopped using a domain's ring: a value of XsRingError. */
  errorOf(domid: number): number {
    return this.#byDomid.get(domid)?.error ?? XsRingError.NONE;
  }

  release(domid: number): void {
    this.#byDomid.get(domid)?.detach();
    this.#byDomid.delete(domid);
  }

  close(): void {
    for (const domid of [...this.#byDomid.keys()]) this.release(domid);
  }
}
