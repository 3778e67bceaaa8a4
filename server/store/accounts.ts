/**
 * What each domain makes the server hold: nodes, and bytes as C xenstored counts them (the nodes that
 * it owns, its watches, what its transactions touched, and messages that it does not take). Domain 0
 * is bound by no quota; its nodes are counted, its bytes are not.
 */
import { PRIVILEGED_DOMID } from './domains';
import type { Quotas } from './quotas';

type MemoryQuotas = Pick<Quotas, 'hardMemoryBytes' | 'softMemoryBytes'>;

export class Account {
  nodes = 0;
  /** Of the nodes that it owns. */
  nodeBytes = 0;
  #otherBytes = 0;
  /** Whether bytes count here at all. */
  readonly isBound: boolean;
  readonly #hardBytes: number;
  readonly #softBytes: number;
  #told: 'nothing' | 'soft' | 'hard' = 'nothing';
  readonly #waiting = new Set<() => void>();

  constructor(
    readonly domid: number,
    { hardMemoryBytes, softMemoryBytes }: MemoryQuotas,
    private readonly log: (line: string) => void,
  ) {
    this.isBound = domid !== PRIVILEGED_DOMID;
    this.#hardBytes = hardMemoryBytes > 0 ? hardMemoryBytes : Infinity;
    this.#softBytes = softMemoryBytes > 0 ? softMemoryBytes : Infinity;
  }

  get bytes(): number {
    return this.nodeBytes + this.#otherBytes;
  }

  /** Whether it holds as much as it may, so that nothing is read from it. */
  get isFull(): boolean {
    return this.bytes >= this.#hardBytes;
  }

  /** Whether it may hold that much more, which is said to an operator when not. What needs no more always may. */
  hasRoomFor(bytes: number): boolean {
    if (bytes <= 0 || this.bytes + bytes < this.#hardBytes) return true;
    this.#tell('hard');
    return false;
  }

  /** `bytes` count only where the account is bound. */
  holdNodes(nodes: number, bytes: number): void {
    this.nodes += nodes;
    if (!this.isBound || bytes === 0) return;
    this.nodeBytes += bytes;
    this.#changed(bytes);
  }

  hold(bytes: number): void {
    if (!this.isBound || bytes === 0) return;
    this.#otherBytes += bytes;
    this.#changed(bytes);
  }

  /** Calls `goOn` once when it is not full any more. Safe to ask twice. */
  whenFree(goOn: () => void): void {
    this.#tell('hard');
    this.#waiting.add(goOn);
  }

  waitsNoMore(goOn: () => void): void {
    this.#waiting.delete(goOn);
  }

  #changed(by: number): void {
    if (by > 0) {
      if (this.bytes >= this.#softBytes) this.#tell('soft');
      return;
    }
    if (this.#told !== 'nothing' && this.bytes < this.#calmBytes) this.#tellCalm();
    if (this.#waiting.size === 0 || this.isFull) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const goOn of waiting) goOn();
  }

  /** Well below what was told of, so that who moves about the edge does not fill the log. */
  get #calmBytes(): number {
    const edge = Math.min(this.#softBytes, this.#hardBytes);
    return edge - edge / 4;
  }

  #tell(what: 'soft' | 'hard'): void {
    if (this.#told === what || this.#told === 'hard') return;
    this.#told = what;
    const hard = readable(this.#hardBytes);
    this.log(
      what === 'hard'
        ? `Domain ${this.domid} holds ${hard} in the store, all that it may: more is refused with ENOMEM, and while it holds that much its requests wait.`
        : `Domain ${this.domid} holds ${readable(this.#softBytes)} in the store${this.#hardBytes === Infinity ? '' : `; at ${hard} its requests will wait`}.`,
    );
  }

  #tellCalm(): void {
    this.#told = 'nothing';
    this.log(`Domain ${this.domid} holds less than ${readable(this.#calmBytes)} in the store again.`);
  }
}

function readable(bytes: number): string {
  const [unitBytes, unit] = bytes < 2 ** 20 ? [2 ** 10, 'KiB'] : [2 ** 20, 'MiB'];
  return `${Number((bytes / unitBytes).toFixed(1))} ${unit}`;
}

export class Accounts {
  readonly #byDomid = new Map<number, Account>();

  constructor(
    private readonly quotas: MemoryQuotas,
    private readonly log: (line: string) => void,
  ) {}

  of(domid: number): Account {
    let account = this.#byDomid.get(domid);
    if (!account) this.#byDomid.set(domid, (account = new Account(domid, this.quotas, this.log)));
    return account;
  }

  all(): Iterable<Account> {
    return this.#byDomid.values();
  }

  /** The domain is gone; a later one of the same number begins with nothing. */
  forget(domid: number): void {
    this.#byDomid.delete(domid);
  }
}
