/** A machine with two domains and a store, and a vchan between them. */
import assert from 'node:assert/strict';
import { systemClock } from '../../server/cli/systemClock';
import { XenscopeError, type XenscopeErrorCode } from '../../server/host/errors';
import type { EventPort } from '../../server/host/events';
import type { SharedMemory } from '../../server/host/memory';
import type { RingSteps } from '../../server/host/steps';
import type { StoreClient } from '../../server/host/storeClient';
import type { Port } from '../../server/sim/machine/eventTable';
import type { Machine, MachineOptions } from '../../server/sim/machine/machine';
import type { ProgramPorts } from '../../server/sim/machine/programPorts';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';
import { connectVchan, type ConnectOptions } from '../../server/vchan/connect';
import type { VchanPorts } from '../../server/vchan/ports';
import { serveVchan, type ServeOptions } from '../../server/vchan/serve';
import type { Vchan } from '../../server/vchan/vchan';
import { VCHAN_PAGE } from '../../server/wire/vchanPage';
import { vchanPaths } from '../../server/wire/vchanPath';
import { newMachine } from '../support/machineHost';

export const SERVER = 1;
export const CLIENT = 2;
export const paths = vchanPaths(SERVER, CLIENT, '513')!;

export type WordName = keyof typeof VCHAN_PAGE.fields;

/** A program of a domain, with all that it needs for vchans. */
export interface Side extends VchanPorts {
  readonly domid: number;
  readonly program: ProgramPorts;
  /** All ports that it has bound, in their order. */
  readonly ports: readonly Port[];
}

export interface RigOptions {
  readonly machine?: Partial<MachineOptions>;
  readonly steps?: (side: 'server' | 'client', control: SharedMemory) => RingSteps;
  /** Where all four indices of a page begin, instead of at 0. */
  readonly firstIndex?: number;
}

export class Rig {
  readonly machine: Machine;
  readonly dom0: StoreClient;
  readonly server: Side;
  readonly client: Side;
  readonly #store: Xenstored;
  readonly #clients: StoreClient[] = [];

  private constructor({ machine, steps, firstIndex = 0 }: RigOptions) {
    this.machine = newMachine(machine);
    this.#store = new Xenstored({ clock: systemClock });
    const openStore = (domid: number) => {
      const client = openStoreClient({ dial: this.#store.connect({ domid }), clock: systemClock });
      this.#clients.push(client);
      return client;
    };
    this.dom0 = openStore(0);
    const side = (domid: number, name: 'server' | 'client'): Side => {
      this.machine.createDomain(domid);
      this.#store.domainCreated(domid);
      const program = this.machine.portsOf(domid);
      const bound: Port[] = [];
      const keep = (port: EventPort) => (bound.push(port as Port), port);
      const { grants, events } = program;
      const ports: Side = {
        domid,
        program,
        ports: bound,
        peers: program.peers,
        store: openStore(domid),
        grants: {
          share: (...as) => {
            const shared = grants.share(...as);
            // Of a control page; a ring is asked for nothing at its end.
            if (as[2].onUnmap) for (const word of [0, 4, 8, 12]) shared.memory.store32(word, firstIndex);
            return shared;
          },
          map: (...as) => grants.map(...as),
        },
        events: {
          bindUnbound: (remote) => keep(events.bindUnbound(remote)),
          bindInterdomain: (remote, port) => keep(events.bindInterdomain(remote, port)),
        },
      };
      return steps ? { ...ports, steps: (control) => steps(name, control) } : ports;
    };
    this.server = side(SERVER, 'server');
    this.client = side(CLIENT, 'client');
  }

  static async open(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options);
    for (const domid of [SERVER, CLIENT]) {
      const home = `/local/domain/${domid}`;
      await rig.dom0.write(`${home}/domid`, String(domid));
      await rig.dom0.setPerms(`${home}/domid`, [
        { domid: 0, read: false, write: false },
        { domid, read: true, write: false },
      ]);
      await rig.dom0.mkdir(`${home}/data`);
      await rig.dom0.setPerms(`${home}/data`, [{ domid, read: false, write: false }]);
    }
    return rig;
  }

  /** How often the end that was opened last on that side was told that somebody rang. */
  told(side: 'server' | 'client'): number {
    return this[side].ports.at(-1)!.told;
  }

  serve(options: Partial<ServeOptions> = {}): Promise<Vchan> {
    return serveVchan(this.server, { clientDomid: CLIENT, path: paths.server, ...options });
  }

  connect(options: Partial<ConnectOptions> = {}): Promise<Vchan> {
    return connectVchan(this.client, { serverDomid: SERVER, path: paths.client, ...options });
  }

  async pair(options: Partial<ServeOptions> = {}): Promise<{ server: Vchan; client: Vchan; page: Page }> {
    const server = await this.serve(options);
    const client = await this.connect();
    await server.connected();
    return { server, client, page: this.page() };
  }

  /** The control page of the vchan that is there now, as its server has it. */
  page(): Page {
    return new Page(this.machine.lent()[0]!.frames.memory);
  }

  /** What both domains hold of grants, ports and mappings, and the paths of their nodes. */
  async holdings(): Promise<unknown> {
    const usage = [SERVER, CLIENT].map((domid) => this.machine.usageOf(domid));
    return { usage, pages: this.machine.pagesInUse, nodes: await this.#nodes('/local') };
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#store.close();
    this.machine.close();
  }

  async #nodes(path: string): Promise<string[]> {
    const below = await Promise.all(
      (await this.dom0.directory(path)).map((name) => this.#nodes(`${path}/${name}`)),
    );
    return [path, ...below.flat()];
  }
}

/** The words of a control page by their names. */
export class Page {
  constructor(readonly memory: SharedMemory) {}

  get(name: WordName): number {
    const { offsetBytes, widthBytes } = VCHAN_PAGE.fields[name];
    if (widthBytes === 4) return this.memory.load32(offsetBytes);
    if (widthBytes === 1) return this.memory.load8(offsetBytes);
    return this.memory.load8(offsetBytes) | (this.memory.load8(offsetBytes + 1) << 8);
  }

  set(name: WordName, value: number): void {
    const { offsetBytes, widthBytes } = VCHAN_PAGE.fields[name];
    if (widthBytes === 4) return this.memory.store32(offsetBytes, value);
    for (let at = 0; at < widthBytes; at++) this.memory.store8(offsetBytes + at, (value >>> (8 * at)) & 0xff);
  }
}

export function isCode(code: XenscopeErrorCode, pattern?: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof XenscopeError, String(error));
    assert.equal(error.code, code, error.message);
    if (pattern) assert.match(error.message, pattern);
    return true;
  };
}

/** What `read` gives, as text. */
export async function readText(vchan: Vchan, bytes: number): Promise<string> {
  const into = Buffer.alloc(bytes);
  return into.subarray(0, await vchan.read(into)).toString('latin1');
}

/** Lets everything that has set out arrive: doorbells of a machine are prompt. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
