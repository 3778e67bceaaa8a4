/**
 * What the store keeps for one connection: who it is, its watches and its transactions. The bytes
 * are the business of connection/.
 */
import type { Account } from './accounts';
import type { Domain } from './domains';
import type { Failure } from './failure';
import { fail } from './failure';
import { limits } from './quotas';
import type { StoreCore } from './storeCore';
import { Transaction } from './view/transaction';
import type { Watch, Watcher } from './watches/watchTable';
import type { Writer } from './writeRate';

const MAX_TRANSACTION_ID = 0xffffffff;

export interface SessionOptions {
  /** The domain it belongs to; undefined for a socket, whose relative paths begin at domain 0. */
  readonly domain: Domain | undefined;
  readonly domid: number;
  readonly privileged: boolean;
  /** Takes an event for the client. */
  readonly sendEvent: (path: string, token: string) => void;
  /** Ends the connection: its domain is gone. */
  readonly disconnect: (reason: string) => void;
}

export class Session implements Watcher, Writer {
  readonly domid: number;
  readonly privileged: boolean;
  readonly domain: Domain | undefined;
  /** Of a domain that quotas bind; undefined for who is privileged. */
  readonly account: Account | undefined;
  readonly sendEvent: (path: string, token: string) => void;
  readonly disconnect: (reason: string) => void;
  /** A watch that was just set: it gives its first event right after the reply. */
  newWatch: Watch | undefined;

  readonly #watches = new Map<string, Watch>();
  readonly #transactions = new Map<number, Transaction>();
  #lastTransactionId = 0;

  constructor(
    readonly core: StoreCore,
    { domain, domid, privileged, sendEvent, disconnect }: SessionOptions,
  ) {
    this.domain = domain;
    this.domid = domid;
    this.privileged = privileged;
    this.account = privileged ? undefined : domain?.account;
    this.sendEvent = sendEvent;
    this.disconnect = disconnect;
  }

  get targetDomid(): number | undefined {
    return this.domain?.targetDomid;
  }

  /** Open transactions of everybody else, whom writes of this one may disturb. */
  get foreignTransactions(): number {
    return this.core.openTransactions - this.#transactions.size;
  }

  addWatch(watch: Watch): Failure | undefined {
    const key = watchKey(watch.text, watch.token);
    if (this.#watches.has(key)) return fail.EEXIST;
    const { quotas, watches } = this.core;
    const bounded = this.domain && !this.privileged && quotas.maxWatches > 0;
    if (bounded && this.domain.watchCount >= quotas.maxWatches) return fail.E2BIG;
    if (!watches.hasRoomFor(watch.text, watch.token)) return fail.E2BIG;
    const bytes = chargedBytes(watch);
    if (this.account?.hasRoomFor(bytes) === false) return fail.ENOMEM;
    this.account?.hold(bytes);
    this.#watches.set(key, watch);
    watches.add(watch);
    if (this.domain) this.domain.watchCount += 1;
    this.newWatch = watch;
    return undefined;
  }

  removeWatch(text: string, token: string): Failure | undefined {
    const key = watchKey(text, token);
    const watch = this.#watches.get(key);
    if (!watch) return fail.ENOENT;
    this.#watches.delete(key);
    this.#forget(watch);
    return undefined;
  }

  #forget(watch: Watch): void {
    this.core.watches.remove(watch);
    this.account?.hold(-chargedBytes(watch));
    if (this.domain) this.domain.watchCount -= 1;
  }

  transaction(id: number): Transaction | undefined {
    return this.#transactions.get(id);
  }

  /** The id of a new transaction. */
  startTransaction(): number | Failure {
    const { core } = this;
    const { maxTransactions, maxNodesPerTransaction } = core.quotas;
    const bounded = !this.privileged && maxTransactions > 0;
    if (bounded && this.#transactions.size >= maxTransactions) return fail.ENOSPC;
    if (core.openTransactions >= limits.maxOpenTransactions) return fail.ENOSPC;
    const maxNodes = this.privileged || maxNodesPerTransaction === 0 ? Infinity : maxNodesPerTransaction;
    const id = this.#freeTransactionId();
    this.#transactions.set(id, new Transaction(core, maxNodes, this.account));
    core.openTransactions += 1;
    return id;
  }

  #freeTransactionId(): number {
    do {
      this.#lastTransactionId =
        this.#lastTransactionId >= MAX_TRANSACTION_ID ? 1 : this.#lastTransactionId + 1;
    } while (this.#transactions.has(this.#lastTransactionId));
    return this.#lastTransactionId;
  }

  endTransaction(id: number): void {
    this.#transactions.get(id)?.end();
    if (this.#transactions.delete(id)) this.core.transactionEnded();
  }

  /** Drops watches and transactions. */
  reset(): void {
    for (const watch of this.#watches.values()) this.#forget(watch);
    this.#watches.clear();
    this.newWatch = undefined;
    for (const id of this.#transactions.keys()) this.endTransaction(id);
  }
}

/** As C xenstored counts a watch. */
function chargedBytes({ text, token }: Watch): number {
  return text.length + token.length;
}

function watchKey(text: string, token: string): string {
  return `${text}\0${token}`;
}
