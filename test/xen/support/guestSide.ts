/**
 * A program of ours in a real guest, for the suite of every host: Node from dom0's disk, which the guest
 * reads, and the bundled suite itself; test and program talk over the guest's console.
 */
import { openSync, statSync, writeSync } from 'node:fs';
import { PolledLines } from '../../support/sides/polledLines';
import { awaitReady } from '../../support/sides/remoteSide';
import type { SideLink } from '../../support/sides/remoteSide';
import { output } from './dom0';
import { consoleLogOf, Guest } from './guest';
import { bringToGuests, diskSettings } from './guestDisk';

export class GuestSide implements SideLink {
  readonly #guest: Guest;
  readonly #input: number;
  readonly #lines: PolledLines;
  isGone = false;

  private constructor(guest: Guest) {
    this.#guest = guest;
    this.#input = openSync(guest.tty, 'w');
    const log = consoleLogOf(guest.name);
    this.#lines = new PolledLines(log, statSync(log).size);
  }

  /** Puts `program` where guests find it, before the first of them is made. */
  static prepare(program: string): void {
    bringToGuests(program, 'side.cjs');
  }

  static async create(name: string): Promise<GuestSide> {
    const guest = await Guest.create(name, { settings: diskSettings });
    const side = new GuestSide(guest);
    // Lines of any length, with nothing added: the console as a plain pipe.
    const start = 'env NODE_PATH=/side/node_modules chroot /disk /usr/bin/node /side/side.cjs side';
    side.send(`stty raw -echo; ${start}\n`);
    awaitReady(side);
    return side;
  }

  get domid(): number {
    return this.#guest.domid;
  }

  send(line: string): void {
    writeSync(this.#input, line);
  }

  nextLine(): string {
    return this.#lines.next(() => undefined);
  }

  /** Without waiting until nobody maps its pages any more. */
  async destroy(): Promise<void> {
    if (this.isGone) return;
    this.isGone = true;
    await output('xl', 'destroy', this.#guest.name);
  }

  gone(): Promise<void> {
    return this.#guest.gone();
  }
}
