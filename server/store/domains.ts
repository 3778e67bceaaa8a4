/** The domains that the store knows: which exist, which are introduced, and what they hold. */
import type { Account, Accounts } from './accounts';
import { WriteCredit } from './writeRate';

export const PRIVILEGED_DOMID = 0;
/** DOMID_FIRST_RESERVED, also DOMID_SELF, of xen/include/public/xen.h. */
export const FIRST_RESERVED_DOMID = 0x7ff0;

export class Domain {
  /** Whether its ring is connected: INTRODUCE was done. */
  introduced = false;
  /** Its shutdown was reported; no further report until RESUME. */
  shutdownReported = false;
  targetDomid: number | undefined = undefined;
  /** Watches of all its connections. */
  watchCount = 0;
  readonly writeCredit = new WriteCredit();

  constructor(
    readonly domid: number,
    readonly account: Account,
  ) {}
}

export class Domains {
  readonly #byDomid = new Map<number, Domain>();

  constructor(private readonly accounts: Accounts) {
    this.add(PRIVILEGED_DOMID).introduced = true;
  }

  get(domid: number): Domain | undefined {
    return this.#byDomid.get(domid);
  }

  exists(domid: number): boolean {
    return this.#byDomid.has(domid);
  }

  introduced(domid: number): Domain | undefined {
    const domain = this.#byDomid.get(domid);
    return domain?.introduced ? domain : undefined;
  }

  /** The domain, which exists from now on. */
  add(domid: number): Domain {
    let domain = this.#byDomid.get(domid);
    if (!domain) this.#byDomid.set(domid, (domain = new Domain(domid, this.accounts.of(domid))));
    return domain;
  }

  all(): Iterable<Domain> {
    return this.#byDomid.values();
  }

  forget(domid: number): void {
    this.#byDomid.delete(domid);
  }
}
