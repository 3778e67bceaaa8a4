/** All console rings of a world: the kernels that print, and what xenconsoled needs to read them. */
import type { ConsoledPorts, Terminals } from '../dom0/consoled';
import type { Domain } from '../domain';
import type { WorldTime } from '../due';
import type { Machine } from '../machine/machine';
import { ConsoleReader, GuestConsole } from './consoleEnds';

export class Consoles {
  /** What stands on the terminals in domain 0. */
  readonly terminals: Terminals = new Map();
  readonly #machine: Machine;
  readonly #time: WorldTime;
  /** By the life of a kernel: another kernel begins with a console of its own on the same page. */
  readonly #ofKernels = new WeakMap<AbortSignal, GuestConsole>();

  constructor(machine: Machine, time: WorldTime) {
    this.#machine = machine;
    this.#time = time;
  }

  /** A line of the guest's kernel. */
  print(domain: Domain, line: string): void {
    if (domain.signal.aborted) return;
    let console = this.#ofKernels.get(domain.signal);
    if (!console) {
      const start = this.#machine.startInfo(domain.domid).console;
      if (!start) return;
      const { memory, port } = start;
      const fresh = (console = new GuestConsole({ memory, port, time: this.#time, domain }));
      domain.signal.addEventListener('abort', () => fresh.close(), { once: true });
      this.#ofKernels.set(domain.signal, fresh);
    }
    console.print(line);
  }

  /** For the daemon in domain 0. */
  ports(domainOf: (domid: number) => Domain | undefined): ConsoledPorts {
    const { grants, events } = this.#machine.portsOf(0);
    return {
      grants,
      events,
      read: (domid, { memory, port }, onText) => {
        const domain = domainOf(domid);
        return domain && new ConsoleReader({ memory, port, time: this.#time, domain }, onText);
      },
    };
  }
}
