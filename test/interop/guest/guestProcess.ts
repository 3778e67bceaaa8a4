/** Our server's end of a ring in a file, and the guest written in C that plays on the other end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { openFilePages } from '../../../native/pages';
import { systemClock } from '../../../server/cli/systemClock';
import { memoryOver } from '../../../server/host/bufferMemory';
import type { EventPort } from '../../../server/host/events';
import { PAGE_BYTES, type SharedPages } from '../../../server/host/pages';
import type { SharedMemory } from '../../../server/host/memory';
import type { StoreClient } from '../../../server/host/storeClient';
import { openStoreClient } from '../../../server/store/client/storeClient';
import { Xenstored } from '../../../server/store/xenstored';
import { compile } from '../compile';

const DOMID = 1;

/** A doorbell over two pipes: one byte is one ring, and several unread ones are one event. */
class PipeDoorbell implements EventPort {
  readonly port = 1;
  #onEvent: (() => void) | undefined;
  #isPending = false;
  #isMasked = false;
  #out: Writable | undefined;

  connect(from: Readable, to: Writable): void {
    this.#out = to;
    // The guest may end first.
    to.on('error', () => undefined);
    from.on('data', () => {
      this.#isPending = true;
      this.#look();
    });
  }

  get onEvent(): (() => void) | undefined {
    return this.#onEvent;
  }

  set onEvent(listener: (() => void) | undefined) {
    this.#onEvent = listener;
    this.#look();
  }

  notify(): void {
    if (this.#out?.writable) this.#out.write('!');
  }

  unmask(): void {
    this.#isMasked = false;
    if (this.#isPending) setImmediate(() => this.#look());
  }

  close(): void {
    this.#out?.end();
  }

  #look(): void {
    if (!this.#isPending || this.#isMasked || !this.#onEvent) return;
    this.#isPending = false;
    this.#isMasked = true;
    this.#onEvent();
  }
}

export class GuestRig {
  readonly memory: SharedMemory;
  readonly dom0: StoreClient;
  readonly log: string[] = [];
  readonly #pool = openFilePages();
  readonly #pages: SharedPages = this.#pool.allocate(1);
  readonly #doorbell = new PipeDoorbell();
  readonly #store: Xenstored;
  #guest: ChildProcess | undefined;

  /** The page of domain 1, which owns its home; not introduced yet. */
  static async open(features: number): Promise<GuestRig> {
    const rig = new GuestRig(features);
    const home = `/local/domain/${DOMID}`;
    await rig.dom0.write(home, '');
    await rig.dom0.setPerms(home, [{ domid: DOMID, read: false, write: false }]);
    return rig;
  }

  private constructor(features: number) {
    const { buffer } = this.#pages;
    this.memory = memoryOver([{ buffer, offset: 0, bytes: PAGE_BYTES }], 'write');
    this.#store = new Xenstored({
      clock: systemClock,
      log: (line) => this.log.push(line),
      rings: {
        features,
        attach: () => ({
          memory: this.memory,
          port: this.#doorbell,
          rebind: () => this.#doorbell,
          detach: () => undefined,
        }),
      },
    });
    this.#store.domainCreated(DOMID);
    this.dom0 = openStoreClient({ dial: this.#store.connect({ domid: 0 }), clock: systemClock });
  }

  introduce(): Promise<void> {
    return this.dom0.introduce(DOMID, 1, 1);
  }

  /** Starts the guest; `said` is what it prints, line by line, and `ended` what it says of a failure. */
  async start(scenario: string, seed: number): Promise<GuestRun> {
    const folder = path.join(__dirname);
    const program = await compile(
      ['ring.c', 'ringGuest.c'].map((name) => path.join(folder, name)),
      {
        name: 'ringGuest',
        also: [path.join(folder, 'ring.h')],
        flags: ['-std=gnu11', '-Wall', '-Wextra', '-O2'],
      },
    );
    const guest = spawn(program, [this.#pages.path!, String(seed), scenario], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    });
    this.#guest = guest;
    this.#doorbell.connect(guest.stdio[4] as Readable, guest.stdio[3] as Writable);
    return new GuestRun(guest);
  }

  async close(): Promise<void> {
    const guest = this.#guest;
    if (guest && guest.exitCode === null && guest.signalCode === null) {
      guest.kill('SIGKILL');
      await once(guest, 'exit');
    }
    this.#doorbell.close();
    await this.dom0.close();
    await this.#store.close();
    this.#pool.close();
  }
}

class GuestRun {
  said = '';
  #failure = '';
  readonly #ended: Promise<unknown>;

  constructor(private readonly guest: ChildProcess) {
    guest.stdout!.on('data', (text: Buffer) => (this.said += String(text)));
    guest.stderr!.on('data', (text: Buffer) => (this.#failure += String(text)));
    this.#ended = once(guest, 'close');
  }

  async untilSaid(text: string): Promise<void> {
    while (!this.said.includes(text)) {
      if (this.guest.exitCode !== null) throw new Error(`The guest ended: ${this.#failure}`);
      await Promise.race([once(this.guest.stdout!, 'data'), this.#ended]);
    }
  }

  /** Resolves to what it printed; rejects with its own words where it was not content. */
  async end(): Promise<string> {
    await this.#ended;
    const { exitCode, signalCode } = this.guest;
    if (exitCode === 0 && this.said.endsWith('done\n')) return this.said;
    throw new Error(`The guest ended with ${exitCode ?? signalCode}: ${this.#failure}${this.said}`);
  }
}
