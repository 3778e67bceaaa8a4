/** Composers of PV Calls in a simulated world: opened, driven until something is so, and what is left of them. */
import { OwnSession, type OwnSessionOptions } from '../../server/act/pvcalls/ownSession';
import type { ComposerSession } from '../../server/act/pvcalls/composerSession';
import type {
  ComposerCommand,
  ComposerEntry,
  ComposerPlan,
  ComposerSocket,
  ComposerStream,
} from '../../server/act/pvcalls/plan';
import type { StoreClient } from '../../server/host/storeClient';
import type { SocketNetwork } from '../../server/pvcalls/network';
import { SimNetwork } from '../../server/sim/network/simNetwork';
import type { DomainConfig } from '../../server/sim/toolstack/config';
import type { World } from '../../server/sim/world';
import { closeWorlds, dump, openWorld, plainGuest } from '../sim/worldKit';

export const nameDomain = (domid: number) => `domain ${domid}`;

export interface Holdings {
  readonly nodes: readonly string[];
  readonly pages: number;
  readonly usage: readonly unknown[];
}

const rigs = new Set<ComposerRig>();

/** Ends what a test has opened, also where it waits for something in vain. */
export async function closeRigs(): Promise<void> {
  for (const rig of rigs) rig.isOver = true;
  rigs.clear();
  await closeWorlds();
}

export class ComposerRig {
  readonly world: World;
  /** The toolstack's. */
  readonly store: StoreClient;
  readonly network: SocketNetwork;
  /** Of the guest that the composers act as, unless they say otherwise. */
  readonly domid: number;
  isOver = false;
  #heard = new WeakMap<
    ComposerSession,
    { entries: Map<number, ComposerEntry>; received: Map<bigint, Buffer[]> }
  >();

  static async open({
    network = new SimNetwork(),
    domains = [plainGuest({ guest: () => new Promise(() => undefined) })],
  }: { network?: SocketNetwork; domains?: readonly DomainConfig[] } = {}): Promise<ComposerRig> {
    const world = await openWorld({ transport: 'process', network, domains });
    await world.settled();
    return new ComposerRig(world, network);
  }

  constructor(world: World, network: SocketNetwork) {
    this.world = world;
    this.network = network;
    this.store = world.openStore();
    this.domid = world.hypervisor.list().at(-1)!.domid;
    rigs.add(this);
  }

  session(
    over: Partial<ComposerPlan & { kind: 'own' }> = {},
    options: Partial<OwnSessionOptions> = {},
  ): OwnSession {
    const { world, store, domid } = this;
    const plan = { kind: 'own', actAs: domid, backend: 0, ...over } as const;
    return new OwnSession({
      plan,
      program: world.openProgram(plan.actAs),
      store,
      clock: world.clock,
      ownDomid: plan.actAs,
      names: {
        own: nameDomain(plan.actAs),
        backend: nameDomain(plan.backend),
        isHeld: () => world.world.isHeld,
        isQuiet: () => false,
      },
      isReal: false,
      listeners: () => [],
      ...options,
    });
  }

  /** One that is connected. */
  async connected(over: Partial<ComposerPlan & { kind: 'own' }> = {}): Promise<OwnSession> {
    const session = this.session(over);
    await this.until(() => session.state.phase === 'open');
    return session;
  }

  /** Lets the world's time pass until it is so; the test's own time limit is the only one. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.isOver) throw new Error('The test is over.');
      await this.world.advance(50);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Lets the world go on until the promise is settled. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const settle = () => (isSettled = true);
    promise.then(settle, settle);
    await this.until(() => isSettled);
    return promise;
  }

  /** Sends a command and waits until it is answered. */
  async call(
    session: ComposerSession,
    command: ComposerCommand,
    fields: Readonly<Record<string, string>> = {},
  ): Promise<ComposerEntry> {
    return this.answered(session, session.call({ kind: 'fields', command, fields }));
  }

  async answered(session: ComposerSession, number: number): Promise<ComposerEntry> {
    const isSettled = () => {
      const phase = this.entry(session, number)?.phase;
      return phase === 'answered' || phase === 'gone';
    };
    await this.until(isSettled);
    return this.entry(session, number)!;
  }

  entries(session: ComposerSession): readonly ComposerEntry[] {
    return [...this.#listen(session).entries.values()];
  }

  entry(session: ComposerSession, number: number): ComposerEntry | undefined {
    return this.#listen(session).entries.get(number);
  }

  /** All that came at a socket. */
  received(session: ComposerSession, id: number): Buffer {
    return Buffer.concat(this.#listen(session).received.get(BigInt(id)) ?? []);
  }

  socket(session: ComposerSession, id: number): ComposerSocket | undefined {
    return session.state.sockets.find((socket) => socket.id === String(id));
  }

  stream(session: ComposerSession, id: number): ComposerStream {
    return this.socket(session, id)!.stream!;
  }

  send(session: ComposerSession, id: number, bytes: string | Uint8Array) {
    return this.during(session.send(BigInt(id), Buffer.from(bytes), new AbortController().signal));
  }

  async close(session: ComposerSession): Promise<void> {
    await this.during(session.end('close'));
  }

  /** Nodes, pages, grants, ports and mappings of all domains. */
  async holdings(): Promise<Holdings> {
    await this.world.advance(2000);
    const { machine, hypervisor } = this.world;
    return {
      nodes: [...(await dump(this.world)).keys()].filter((path) => !path.startsWith('/tool')),
      pages: machine.pagesInUse,
      usage: hypervisor.list().map(({ domid }) => ({ domid, ...machine.usageOf(domid) })),
    };
  }

  /** What it has told since this was asked last is kept. */
  #listen(session: ComposerSession) {
    let heard = this.#heard.get(session);
    if (!heard) this.#heard.set(session, (heard = { entries: new Map(), received: new Map() }));
    for (const entry of session.takeEntries()) heard.entries.set(entry.number, entry);
    for (const { id, bytes } of session.takeReceived()) {
      heard.received.set(id, [...(heard.received.get(id) ?? []), bytes]);
    }
    return heard;
  }
}
