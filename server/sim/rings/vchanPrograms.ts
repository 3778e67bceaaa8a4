/** Programs of simulated domains that open vchans: what such a program holds is its own, and ends with it. */
import { connectVchan } from '../../vchan/connect';
import type { ConnectOptions } from '../../vchan/connect';
import type { VchanPorts } from '../../vchan/ports';
import { serveVchan } from '../../vchan/serve';
import type { ServeOptions } from '../../vchan/serve';
import type { Vchan } from '../../vchan/vchan';
import type { Domain } from '../domain';
import type { WorldTime } from '../due';
import type { Faults } from '../faults';
import type { Machine } from '../machine/machine';
import type { ProgramPorts } from '../machine/programPorts';
import { vchanSteps } from './vchanSteps';

export interface VchanWorld {
  readonly machine: Machine;
  readonly time: WorldTime;
  readonly faults: Faults;
}

export class VchanProgram {
  readonly #ports: ProgramPorts;
  readonly #vchanPorts: VchanPorts;
  readonly #domain: Domain;
  readonly #vchans = new Set<Vchan>();
  readonly #onHalt = () => this.#abandon();
  #isWild = false;

  constructor({ machine, time, faults }: VchanWorld, domain: Domain) {
    this.#domain = domain;
    const ports = (this.#ports = machine.portsOf(domain.domid));
    this.#vchanPorts = {
      store: domain.store,
      grants: ports.grants,
      events: ports.events,
      peers: ports.peers,
      steps: (control) => vchanSteps({ time, faults, domain, control, isWild: () => this.#takeWild() }),
    };
    domain.signal.addEventListener('abort', this.#onHalt, { once: true });
  }

  /** Waits of the vchans end with the domain. */
  get signal(): AbortSignal {
    return this.#domain.signal;
  }

  /** With what it writes next it puts the index of a ring where it cannot be. */
  runWild(): void {
    this.#isWild = true;
  }

  async serve(options: ServeOptions): Promise<Vchan> {
    return this.#keep(await serveVchan(this.#vchanPorts, { signal: this.signal, ...options }));
  }

  async connect(options: ConnectOptions): Promise<Vchan> {
    return this.#keep(await connectVchan(this.#vchanPorts, { signal: this.signal, ...options }));
  }

  /** It ends as programs do: its vchans are closed. */
  async close(): Promise<void> {
    for (const vchan of [...this.#vchans]) await vchan.close();
    this.#end();
  }

  /** It is killed where it stands. Its kernel gives back what it held, and tells those who asked to be told. */
  kill(): void {
    this.#abandon();
    this.#end();
  }

  #takeWild(): boolean {
    const isWild = this.#isWild;
    this.#isWild = false;
    return isWild;
  }

  #keep(vchan: Vchan): Vchan {
    // The domain may have halted in the meantime.
    if (this.signal.aborted) this.#abandonOne(vchan);
    this.#vchans.add(vchan);
    return vchan;
  }

  #end(): void {
    this.#vchans.clear();
    this.signal.removeEventListener('abort', this.#onHalt);
    this.#ports.close();
  }

  #abandon(): void {
    for (const vchan of this.#vchans) this.#abandonOne(vchan);
  }

  #abandonOne(vchan: Vchan): void {
    vchan.abandon(`The program in ${this.#domain.name} (domain ${this.#domain.domid}) has ended.`);
  }
}
