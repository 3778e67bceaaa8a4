/** A real PV guest: made with xl, spoken to over its console, and gone afterwards. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { domains, eventually, output, run } from './dom0';

export interface GuestOptions {
  /** Lines for its xl configuration, e.g. `memory = 64`. */
  readonly settings?: readonly string[];
}

const sharedName = 'shared';

export class Guest {
  #commands = 0;

  private constructor(
    readonly name: string,
    readonly domid: number,
    /** What is written there is typed at its console. */
    readonly tty: string,
  ) {}

  /**
   * One that suites have together, because it takes long until one runs: whoever comes first creates it, and
   * who ends it is the last (`rings`). What it is left with must not be in the way of the next suite.
   */
  static async shared(): Promise<Guest> {
    const { status } = await run('xl', ['domid', sharedName]);
    if (status === 0) return Guest.named(sharedName);
    return Guest.create(sharedName, { settings: ['on_crash = "preserve"'] });
  }

  /** Creates it and waits until its shell listens. */
  static async create(name: string, { settings = [] }: GuestOptions = {}): Promise<Guest> {
    rmSync(consoleLogOf(name), { force: true });
    await output('xl', 'create', '/machine/guest.cfg', [`name = "${name}"`, ...settings].join(';'));
    return Guest.named(name);
  }

  /** The running guest of that name, e.g. after it was started again as another domain. */
  static async named(name: string): Promise<Guest> {
    const domid = Number(await output('xl', 'domid', name));
    // A look at a file costs nothing, whereas each program takes time from the guest that boots.
    await eventually(() => consoleTextOf(name).includes(`guest ${domid} is ready`));
    const tty = (await output('xenstore-read', `/local/domain/${domid}/console/tty`)).trim();
    return new Guest(name, domid, tty);
  }

  get path(): string {
    return `/local/domain/${this.domid}`;
  }

  /** All that it has printed so far. */
  get consoleText(): string {
    return consoleTextOf(this.name);
  }

  /** Types a command at its console, waits until it has run, and returns what it printed. */
  async type(command: string): Promise<string> {
    const mark = `--${this.domid}-${process.pid}-${++this.#commands}--`;
    this.typeOnly(`echo; echo ${mark}; ${command}; echo; echo ${mark}`);
    const text = await eventually(() => {
      const [, printed, end] = this.consoleText.split(`\n${mark}\n`);
      return end !== undefined && { printed: printed! };
    });
    return text.printed.trim();
  }

  /** Types a command and does not wait: for what the guest does not survive. */
  typeOnly(command: string): void {
    writeFileSync(this.tty, `${command}\n`);
  }

  async destroy(): Promise<void> {
    await run('xl', ['destroy', this.name]);
    await this.gone();
  }

  /** Resolves when Xen knows nothing of the domain any more: no zombie either. */
  async gone(): Promise<void> {
    await eventually(async () => (await domains()).every(({ domid }) => domid !== this.domid));
  }
}

function consoleTextOf(name: string): string {
  const log = consoleLogOf(name);
  return existsSync(log) ? readFileSync(log, 'latin1').replaceAll('\r', '') : '';
}

/** xenconsoled writes it down. */
export function consoleLogOf(name: string): string {
  return `/var/log/xen/guest-${name}.log`;
}
