/**
 * The guest socket of a world: where programs of other processes join it as parts of its domains.
 * docs/xensim.md tells the protocol and what each device does.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import type { Timer } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import { listenOnSocket } from '../../store/connection/socketTransport';
import type { Listening } from '../../store/connection/socketTransport';
import { GuestKind, guestWordBytes } from '../../wire/guestSocket';
import type { GuestHello } from '../../wire/guestSocket';
import type { Domain } from '../domain';
import type { What, WorldTime } from '../due';
import type { Hypervisor } from '../hypervisor';
import type { Machine } from '../machine/machine';
import type { Device } from './device';
import { Evtchn } from './evtchn';
import { Gntalloc, Gntdev } from './grants';
import { GuestConnection } from './guestConnection';
import type { Opened } from './guestConnection';
import type { JoinedDomain } from './joinedDomain';
import { JoinedDomains } from './joinedDomains';
import type { JoinedDomainsOptions } from './joinedDomains';
import { Privcmd } from './privcmd';
import { refusal } from './replies';

/** Each open handle of each program is one, and each event channel handle two. */
const maxConnections = 1024;

export interface GuestSocketOptions extends Omit<JoinedDomainsOptions, 'folder'> {
  readonly machine: Machine;
  readonly hypervisor: Hypervisor;
  readonly time: WorldTime;
  /** Where the files of the machine's pages lie. */
  readonly pagesFolder: string;
  /** A joined program of this domain is about to ring: faults may strike. */
  onRing(domain: Domain): void;
}

export class GuestSocket {
  readonly path: string;
  readonly #options: GuestSocketOptions;
  readonly #domains: JoinedDomains;
  readonly #connections = new Set<GuestConnection>();
  /** Waiting for the connection that will take their events, by token. */
  readonly #evtchns = new Map<string, { readonly device: Evtchn; readonly joined: JoinedDomain }>();
  #listening: Listening | undefined;

  constructor(socketPath: string, options: GuestSocketOptions) {
    this.path = socketPath;
    this.#options = options;
    this.#domains = new JoinedDomains({ ...options, folder: path.dirname(socketPath) });
  }

  async listen(): Promise<void> {
    this.#listening = await listenOnSocket(this.path, () => {
      if (this.#connections.size >= maxConnections) return undefined;
      const connection = new GuestConnection({
        open: (hello, tell) => this.#open(hello, tell),
        closed: () => this.#connections.delete(connection),
      });
      this.#connections.add(connection);
      return connection;
    });
  }

  async close(): Promise<void> {
    for (const connection of [...this.#connections]) connection.stop('The world has ended.');
    await this.#domains.close();
    await this.#listening?.close();
  }

  async #open(hello: GuestHello, tell: (portBytes: Buffer) => void): Promise<Opened> {
    if (hello.kind === GuestKind.join) return this.#join(hello.rest.toString('latin1'));
    if (hello.kind === GuestKind.events) return this.#listenTo(hello.rest, tell);
    const joined = this.#domains.get(hello.domid);
    if (!joined) {
      throw new XenscopeError('gone', `Nobody has joined domain ${hello.domid} of this world.`, {
        wayOut: 'Start the program with `xenscope run`.',
      });
    }
    return { joined, device: this.#device(hello.kind, joined) };
  }

  async #join(who: string): Promise<Opened> {
    const joined = await this.#domains.join(who);
    const { domain, storeSocketPath } = joined;
    const greeting = Buffer.concat([guestWordBytes([domain.domid]), Buffer.from(storeSocketPath)]);
    const device: Device = { greeting, hearsWhy: true, call: () => refusal('ENOTTY'), end: () => undefined };
    return { joined, device };
  }

  #listenTo(token: Buffer, tell: (portBytes: Buffer) => void): Opened {
    const found = this.#evtchns.get(token.toString('hex'));
    if (!found?.device.listen(tell))
      throw new XenscopeError('notOurs', 'There is no such event channel handle.');
    const { joined } = found;
    return { joined, device: { call: () => refusal('ENOTTY'), end: () => undefined } };
  }

  #device(kind: number, joined: JoinedDomain): Device {
    const { machine, hypervisor, time, pagesFolder } = this.#options;
    const { domain } = joined;
    const { domid } = domain;
    const greeting = Buffer.from(pagesFolder);
    switch (kind) {
      case GuestKind.evtchn:
        return this.#evtchn(joined);
      case GuestKind.gntdev:
        return new Gntdev(machine.portsOf(domid), greeting);
      case GuestKind.gntalloc:
        return new Gntalloc(() => machine.portsOf(domid), greeting);
      case GuestKind.privcmd:
        return new Privcmd({ domid, ports: machine.portsOf(domid), hypervisor, time, greeting });
      default:
        throw new XenscopeError('unsupported', `There is no device of kind ${kind}.`);
    }
  }

  #evtchn(joined: JoinedDomain): Device {
    const { machine } = this.#options;
    const { domain } = joined;
    const token = randomBytes(8);
    const key = token.toString('hex');
    const device = new Evtchn({
      ports: machine.portsOf(domain.domid),
      token,
      atItsTurn: (port, ring) => this.#atItsTurn(domain, port, ring),
      onEnd: () => this.#evtchns.delete(key),
    });
    this.#evtchns.set(key, { device, joined });
    return device;
  }

  #atItsTurn(domain: Domain, port: number, ring: () => void): Timer {
    const { time, onRing } = this.#options;
    const { domid, name, gate } = domain;
    const what: What = {
      kind: 'doorbell',
      domid,
      text: `A joined program of ${name} (domain ${domid}) rings the doorbell ${port}.`,
      gate,
    };
    return time.soon(() => {
      onRing(domain);
      ring();
    }, what);
  }
}
