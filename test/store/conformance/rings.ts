/**
 * The conformance cases of ring pages and the servers that they run on. As with the other cases, one
 * text judges our server and the daemons of the Xen project. The guest here is bare words and bytes
 * in a page: nothing of the product but its names.
 */
import assert from 'node:assert/strict';
import type { SharedMemory } from '../../../server/host/memory';
import { RawConnection } from '../../support/rawConnection';
import { ringDial } from '../../support/ringDial';
import { setWord, wordOf, type RingWord } from '../../support/ringPage';

/** The ring of a domain that was introduced, as the domain has it. */
export interface GuestPage {
  readonly memory: SharedMemory;
  /** Rings at the server. */
  ring(): void;
  /** How often the server rang here. */
  rung(): number;
}

export interface RingTarget {
  dom0(): Promise<RawConnection>;
  /** The page of domain 1. */
  readonly page: GuestPage;
  close(): Promise<void>;
}

export type RingServer = 'C xenstored 4.17' | 'oxenstored 4.17';

export interface RingCase {
  readonly id: number;
  readonly behaviour: string;
  /** What our server offers in this case: values of XsRingFeature. */
  readonly features: number;
  /** Which of Debian's daemons it runs on as well: those that behave so. */
  readonly alsoOn: readonly RingServer[];
  run(target: RingTarget, guest: RingGuest): Promise<void>;
}

/** Far above what any server needs: it only turns a hang into a sentence. */
const patienceMs = 8_000;

/** A guest that does with its page whatever a case says. */
export class RingGuest {
  readonly #open: RawConnection[] = [];

  constructor(readonly page: GuestPage) {}

  word(name: RingWord): number {
    return wordOf(this.page.memory, name);
  }

  set(name: RingWord, value: number): void {
    setWord(this.page.memory, name, value);
  }

  async until(name: RingWord, value: number): Promise<void> {
    await this.untilTrue(`${name} to be ${value}`, () => this.word(name) === value);
  }

  async untilTrue(what: string, isTrue: () => boolean): Promise<void> {
    const deadline = performance.now() + patienceMs;
    while (!isTrue()) {
      assert.ok(performance.now() < deadline, `waited ${patienceMs} ms for ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Everything that was asked was taken by the server. */
  untilTaken(): Promise<void> {
    return this.untilTrue(
      'the server to take all requests',
      () => this.word('req_cons') === this.word('req_prod'),
    );
  }

  /** A connection over the page, from whatever indices it has. */
  async connect(): Promise<RawConnection> {
    const connection = await RawConnection.open(ringDial(this.page.memory, () => this.page.ring()));
    this.#open.push(connection);
    return connection;
  }

  /** Puts bytes into the request ring behind what is there, without looking whether there is room. */
  put(bytes: Buffer): void {
    const prod = this.word('req_prod');
    for (const [n, byte] of bytes.entries()) this.page.memory.store8(((prod + n) >>> 0) % 1024, byte);
    this.set('req_prod', (prod + bytes.length) >>> 0);
  }

  close(): void {
    for (const connection of this.#open) connection.close();
  }
}

/** Registers one test per case, each on a server of its own. */
export function runRingCases(
  cases: readonly RingCase[],
  open: (each: RingCase) => Promise<RingTarget>,
): void {
  for (const each of cases) {
    it(`case ${each.id}: ${each.behaviour}`, async () => {
      const target = await open(each);
      const guest = new RingGuest(target.page);
      try {
        await each.run(target, guest);
      } finally {
        guest.close();
        await target.close();
      }
    });
  }
}
