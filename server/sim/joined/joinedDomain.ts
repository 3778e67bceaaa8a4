/** One domain that programs from outside have joined, and who is in it. */
import path from 'node:path';
import type { Dial } from '../../store/byteStream';
import type { Listening } from '../../store/connection/socketTransport';
import type { Domain } from '../domain';
import { openStoreDoor } from './storeDoor';

/** One who is in a domain from outside: what it has open, or the `xenscope run` that started it. */
export interface Member {
  /** Its kernel stopped: nothing of it can clean up or ring any more. */
  stop(reason: string): void;
}

export interface JoinedDomainListener {
  /** The last program has left. */
  onEmpty(): void;
  /** Nobody can come in any more. */
  onOver(): void;
  /** Its programs have as many connections to the store as they may; more are refused. */
  onStoreFull(): void;
}

export class JoinedDomain {
  readonly storeSocketPath: string;
  readonly #members = new Set<Member>();
  readonly #tell: JoinedDomainListener;
  readonly #onStopped = () => void this.end(`${this.domain.name} (domain ${this.domain.domid}) has stopped.`);
  #door: Listening | undefined;
  #isOver = false;

  constructor(
    readonly domain: Domain,
    folder: string,
    tell: JoinedDomainListener,
  ) {
    this.storeSocketPath = path.join(folder, `store-${domain.domid}`);
    this.#tell = tell;
    domain.signal.addEventListener('abort', this.#onStopped, { once: true });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  async openDoor(dial: Dial): Promise<void> {
    this.#door = await openStoreDoor(this.storeSocketPath, dial, {
      entered: (drop) => {
        const member: Member = { stop: drop };
        this.add(member);
        return () => this.remove(member);
      },
      full: () => this.#tell.onStoreFull(),
    });
    if (this.#isOver) await this.#door.close();
  }

  add(member: Member): void {
    this.#members.add(member);
  }

  remove(member: Member): void {
    if (this.#members.delete(member) && this.#members.size === 0 && !this.#isOver) this.#tell.onEmpty();
  }

  /** Nobody may come in any more, and who is in it stops. */
  async end(reason: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.domain.signal.removeEventListener('abort', this.#onStopped);
    this.#tell.onOver();
    for (const member of [...this.#members]) member.stop(reason);
    await this.#door?.close();
  }
}
