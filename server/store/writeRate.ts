/**
 * The write rate limit of C xenstored: so that nobody can keep the transactions of others from ever
 * committing, an unprivileged domain pays for each node that it writes while others have
 * transactions open. All domains earn together `writesPerSecond`, each the same share; what one does
 * not need goes into a reserve that is there for whoever runs out. Who owes is not read.
 */
import type { Clock, Timer } from '../host/clock';
import type { Domain } from './domains';
import type { Quotas } from './quotas';

/** What the reserve may hold, and how far it lends to new domains: five of them begin with a full purse. */
const MAX_RESERVE = 1000;
const FULL_PURSES_LENT = 5;
/** Sums of fractions are not exact. */
const NOTHING = -1e-6;
/** A domain that was slowed down is mentioned again after so long without. */
const QUIET_MS = 120_000;

/** What a domain may still write, below 0 what it owes, as of `atMs`. */
export class WriteCredit {
  writes = 0;
  atMs = 0;
  slowedAtMs = -Infinity;
}

/** Whoever writes: a session, in whose own transactions nobody else can be disturbed. */
export interface Writer {
  readonly domain: Domain | undefined;
  /** Open transactions of others. */
  readonly foreignTransactions: number;
}

export class WriteRate {
  readonly #domains = new Set<Domain>();
  readonly #waiting = new Map<() => void, Writer>();
  #reserve = 0;
  #timer: Timer | undefined;

  constructor(
    private readonly quotas: Pick<Quotas, 'writesPerSecond' | 'maxWriteBurst'>,
    private readonly clock: Clock,
    private readonly log: (line: string) => void,
  ) {}

  /** From now on the domain earns its share. */
  join(domain: Domain): void {
    if (this.#domains.has(domain)) return;
    this.#domains.add(domain);
    const { maxWriteBurst } = this.quotas;
    const credit = domain.writeCredit;
    credit.atMs = this.clock.nowMs();
    credit.writes = Math.max(Math.min(this.#reserve + FULL_PURSES_LENT * maxWriteBurst, maxWriteBurst), 0);
    this.#reserve -= credit.writes;
  }

  leave(domain: Domain): void {
    if (!this.#domains.delete(domain)) return;
    const left = Math.min(domain.writeCredit.writes, this.quotas.maxWriteBurst - this.#reserve);
    if (left > 0) this.#reserve += left;
    // The shares of the others have grown.
    this.lookAgain();
  }

  /** Nodes that were written outside of transactions, or 1 for a commit. */
  pay(writer: Writer, writes: number): void {
    const { domain } = writer;
    if (!domain || this.quotas.writesPerSecond === 0 || writer.foreignTransactions === 0) return;
    this.#earn(domain, this.clock.nowMs());
    domain.writeCredit.writes -= writes;
  }

  /** Whether nothing may be read of the writer now: it owes, and there is somebody to protect. */
  owes(writer: Writer): boolean {
    const { domain } = writer;
    if (!domain || domain.writeCredit.writes >= NOTHING || writer.foreignTransactions === 0) return false;
    this.#settle(domain);
    return domain.writeCredit.writes < NOTHING;
  }

  /** Calls `goOn` once when the writer does not owe any more, or nobody has a transaction open. */
  whenPaid(writer: Writer, goOn: () => void): void {
    this.#tell(writer.domain!);
    this.#waiting.set(goOn, writer);
    this.#arm();
  }

  waitsNoMore(goOn: () => void): void {
    this.#waiting.delete(goOn);
    if (this.#waiting.size === 0) this.#disarm();
  }

  /** A transaction ended, or time passed. */
  lookAgain(): void {
    if (this.#waiting.size === 0) return;
    for (const [goOn, writer] of [...this.#waiting]) {
      if (this.owes(writer)) continue;
      this.#waiting.delete(goOn);
      goOn();
    }
    this.#arm();
  }

  #earn({ writeCredit: credit }: Domain, nowMs: number): void {
    const { writesPerSecond, maxWriteBurst } = this.quotas;
    // A clock that was set back takes nothing away.
    const passedMs = Math.max(nowMs - credit.atMs, 0);
    credit.atMs = nowMs;
    credit.writes += (passedMs * writesPerSecond) / 1000 / this.#domains.size;
    const surplus = credit.writes - maxWriteBurst;
    if (surplus <= 0) return;
    credit.writes = maxWriteBurst;
    this.#reserve = Math.max(Math.min(this.#reserve + surplus, MAX_RESERVE), this.#reserve);
  }

  /** Everybody's surplus goes into the reserve first, then the reserve pays what the domain owes. */
  #settle(domain: Domain): void {
    const nowMs = this.clock.nowMs();
    for (const each of this.#domains) this.#earn(each, nowMs);
    const { writeCredit: credit } = domain;
    const paid = Math.min(this.#reserve, -credit.writes);
    if (paid <= 0) return;
    this.#reserve -= paid;
    credit.writes += paid;
  }

  #arm(): void {
    this.#disarm();
    let owed = Infinity;
    for (const { domain } of this.#waiting.values()) owed = Math.min(owed, -domain!.writeCredit.writes);
    if (owed === Infinity) return;
    const share = this.quotas.writesPerSecond / 1000 / this.#domains.size;
    this.#timer = this.clock.after(Math.max(Math.ceil(owed / share), 1), () => {
      this.#timer = undefined;
      this.lookAgain();
    });
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #tell({ domid, writeCredit: credit }: Domain): void {
    const nowMs = this.clock.nowMs();
    const isNews = nowMs - credit.slowedAtMs > QUIET_MS;
    credit.slowedAtMs = nowMs;
    if (!isNews) return;
    const { writesPerSecond } = this.quotas;
    this.log(
      `Domain ${domid} writes more than its share of ${writesPerSecond} writes a second while others have transactions open: its requests are slowed down to that.`,
    );
  }
}
