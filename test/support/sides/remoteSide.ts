/** One program in another domain, as the suite of every host sees it: each call is a question to that program. */
import { XenscopeError } from '../../../server/host/errors';
import type { EventChannels, EventPort } from '../../../server/host/events';
import type { Grants } from '../../../server/host/grants';
import type { SharedMemory } from '../../../server/host/memory';
import type { HostSide } from '../hostSuite';
import { lineOf, saidIn, thrown } from './talk';
import type { Answer } from './talk';

/** A way to such a program that waits, so that the ports of a host can be what they are: synchronous. */
export interface SideLink {
  readonly domid: number;
  /** Its domain was ended, and it with it. */
  readonly isGone: boolean;
  send(line: string): void;
  /** The next line, without its end. Waits for it. */
  nextLine(): string;
}

interface Place {
  readonly id: number;
  readonly bytes: number;
}

export class RemoteSide implements HostSide {
  readonly domid: number;
  readonly grants: Grants;
  readonly events: EventChannels;
  readonly #link: SideLink;
  readonly #ports = new Map<number, RemotePort>();
  #heard: number[] = [];

  constructor(link: SideLink) {
    this.#link = link;
    this.domid = link.domid;
    this.ask('open', link.domid);
    this.grants = {
      share: (...args) => {
        const place = this.ask('share', ...args) as Place & { grefs: number[] };
        const give = (how: string) => () => this.ask('give', place.id, how);
        const { grefs } = place;
        return { grefs, memory: this.#memory(place), end: give('end'), endWhenUnused: give('endWhenUnused') };
      },
      map: (...args) => {
        const place = this.ask('map', ...args) as Place;
        return { memory: this.#memory(place), unmap: () => this.ask('give', place.id, 'unmap') };
      },
    };
    const port = (number: unknown) => this.#port(number as number);
    this.events = {
      bindUnbound: (domid) => port(this.ask('bindUnbound', domid)),
      bindInterdomain: (domid, remotePort) => port(this.ask('bindInterdomain', domid, remotePort)),
    };
  }

  ask(what: string, ...args: readonly unknown[]): unknown {
    if (this.#link.isGone) throw new XenscopeError('gone', `Domain ${this.domid} has ended.`);
    this.#link.send(lineOf({ what, args }));
    const { value, error, heard } = answerOf(this.#link);
    this.#heard.push(...heard);
    if (error) throw thrown(error);
    return value;
  }

  /** Lets that program hear what has reached it, and tells the test of it. */
  settle(): void {
    if (this.#link.isGone) return;
    this.ask('settle');
    for (const port of this.#heard.splice(0)) this.#ports.get(port)?.onEvent?.();
  }

  end(): void {
    if (!this.#link.isGone) this.ask('end');
  }

  #port(number: number): EventPort {
    const port = new RemotePort(this, number);
    this.#ports.set(number, port);
    return port;
  }

  #memory({ id, bytes }: Place): SharedMemory {
    const dead = () => this.ask('dead', id) as string | undefined;
    const number = (call: string) => (offset: number, value?: number) =>
      this.ask('memory', id, call, offset, value) as number;
    return {
      bytes,
      get dead() {
        return dead();
      },
      load32: number('load32'),
      store32: number('store32'),
      load8: number('load8'),
      store8: number('store8'),
      and8: number('and8'),
      or8: number('or8'),
      copyOut: (offset, into) => into.set(this.ask('copyOut', id, offset, into.length) as Uint8Array),
      copyIn: (offset, from) => void this.ask('memory', id, 'copyIn', offset, from),
    };
  }
}

class RemotePort implements EventPort {
  #listener: (() => void) | undefined;

  constructor(
    private readonly side: RemoteSide,
    readonly port: number,
  ) {}

  get onEvent(): (() => void) | undefined {
    return this.#listener;
  }

  set onEvent(listener: (() => void) | undefined) {
    if (Boolean(listener) !== Boolean(this.#listener)) this.side.ask('listen', this.port, Boolean(listener));
    this.#listener = listener;
  }

  notify(): void {
    this.side.ask('port', this.port, 'notify');
  }

  unmask(): void {
    this.side.ask('port', this.port, 'unmask');
  }

  close(): void {
    this.side.ask('port', this.port, 'close');
  }
}

/** The program has started when this returns. */
export function awaitReady(link: SideLink): void {
  answerOf(link);
}

function answerOf(link: SideLink): Answer {
  for (;;) {
    const answer = saidIn(link.nextLine()) as Answer | undefined;
    if (answer) return answer;
  }
}
