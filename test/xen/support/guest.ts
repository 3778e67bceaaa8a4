/** A real PV guest: made with xl, spoken to over its console, and gone afterwards. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    const guest = new Guest(name, domid);
    await eventually(() => guest.has('data/ready'));
    return guest;
  }

  get path(): string {
    return `/local/domain/${this.domid}`;
  }

  async has(name: string): Promise<boolean> {
    return (await run('xenstore-exists', [`${this.path}/${name}`])).status === 0;
  }

  /** All that it has printed so far. */
  get consoleText(): string {
    return readFileSync(consoleLogOf(this.name), 'latin1').replaceAll('\r', '');
  }

  /** Types a command at its console, waits until it has run, and returns what it printed. */
  async type(command: string): Promise<string> {
    const mark = `--${this.domid}-${process.pid}-${++this.#commands}--`;
    await this.typeOnly(`echo; echo ${mark}; ${command}; echo; echo ${mark}`);
    const text = await eventually(() => {
      const [, printed, end] = this.consoleText.split(`\n${mark}\n`);
      return end !== undefined && { printed: printed! };
    });
    return text.printed.trim();
  }

  /** Types a command and does not wait: for what the guest does not survive. */
  async typeOnly(command: string): Promise<void> {
    writeFileSync((await output('xenstore-read', `${this.path}/console/tty`)).trim(), `${command}\n`);
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

/** xenconsoled writes it down. */
export function consoleLogOf(name: string): string {
  return `/var/log/xen/guest-${name}.log`;
}
