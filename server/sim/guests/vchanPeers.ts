/** What programs at the end of a vchan do, well behaved and not: each runs until the other side leaves, or it ends itself. */
import { XenscopeError } from '../../host/errors';
import type { ServeOptions } from '../../vchan/serve';
import type { Vchan } from '../../vchan/vchan';
import { vchanPaths } from '../../wire/vchanPath';
import type { Domain } from '../domain';
import type { VchanProgram } from '../rings/vchanPrograms';
import type { GuestScript } from '../toolstack/config';

export interface VchanScene {
  readonly domain: Domain;
  readonly program: VchanProgram;
  readonly vchan: Vchan;
}

export type VchanHabit = (scene: VchanScene) => Promise<void>;

const pieceBytes = 4096;

/** Gives back what comes. */
export const echo: VchanHabit = async ({ vchan, domain: { signal } }) => {
  const bytes = Buffer.alloc(pieceBytes);
  for (;;) {
    const count = await vchan.read(bytes, { signal });
    if (count === 0) return;
    await vchan.write(bytes.subarray(0, count), { signal });
  }
};

/** Writes so many bytes, which count up, as fast as they are taken. */
export function source(total: number): VchanHabit {
  return async ({ vchan, domain: { signal } }) => {
    for (let at = 0; at < total;) {
      const bytes = Buffer.from(
        Array.from({ length: Math.min(pieceBytes, total - at) }, (_, next) => (at + next) & 0xff),
      );
      await vchan.write(bytes, { signal });
      at += bytes.length;
    }
  };
}

/** Reads all that comes, and does nothing with it. */
export const sink: VchanHabit = async ({ vchan, domain: { signal } }) => {
  const bytes = Buffer.alloc(pieceBytes);
  while ((await vchan.read(bytes, { signal })) > 0);
};

/** Reads a little now and then: its ring is full most of the time. */
export function slowSink(bytesAtOnce: number, pauseMs: number): VchanHabit {
  return async ({ vchan, domain }) => {
    const bytes = Buffer.alloc(bytesAtOnce);
    while ((await vchan.read(bytes, { signal: domain.signal })) > 0) {
      await domain.sleep(pauseMs / 2, pauseMs * 1.5);
    }
  };
}

/** Says the same again and again, and waits for as much to come back. */
export function caller(say: () => string, leastPauseMs: number, mostPauseMs: number): VchanHabit {
  return async ({ vchan, domain }) => {
    const { signal } = domain;
    for (;;) {
      const said = Buffer.from(say(), 'latin1');
      await vchan.write(said, { signal });
      const heard = Buffer.alloc(said.length);
      for (let got = 0; got < heard.length;) {
        const count = await vchan.read(heard.subarray(got), { signal });
        if (count === 0) return;
        got += count;
      }
      await domain.sleep(leastPauseMs, mostPauseMs);
    }
  };
}

/** Is killed when it has said half of what it was about to say. */
export const dyingPeer: VchanHabit = async ({ vchan, program, domain: { signal } }) => {
  await vchan.write(Buffer.from('and now for', 'latin1'), { signal });
  program.kill();
};

/** Writes where its own index cannot be, and rings as if nothing had happened. */
export const wildPeer: VchanHabit = async ({ vchan, program, domain }) => {
  program.runWild();
  await vchan.write(Buffer.from('wild', 'latin1'), { signal: domain.signal });
  await vchan.peerLeft({ signal: domain.signal });
};

export interface VchanPeerOptions {
  readonly role: 'server' | 'client';
  /** The name of the other domain. */
  readonly peer: string;
  /** As in `data/vchan/<client>/<port>`. */
  readonly port: string;
  readonly persistent?: boolean;
  readonly nodesStay?: ServeOptions['nodesStay'];
  readonly ringBytes?: number;
  /** How long it rests before it begins anew. */
  readonly leastPauseMs?: number;
  readonly mostPauseMs?: number;
}

/** After that it looks anew: the other domain may have been built again under another number. */
const patienceMs = 60_000;

/** One program of a guest: opens its end, does what its habit is, and begins anew when that is over. */
export function vchanPeer(options: VchanPeerOptions, habit: VchanHabit): GuestScript {
  const { peer, leastPauseMs = 2000, mostPauseMs = 5000 } = options;
  return async (domain, { hypervisor }) => {
    for (;;) {
      await domain.sleep(leastPauseMs, mostPauseMs);
      const other = hypervisor.byName(peer);
      if (other?.running) await oneVchan(domain, other, options, habit);
    }
  };
}

async function oneVchan(
  domain: Domain,
  peer: Domain,
  { role, port, persistent = false, nodesStay = 'untilClosed', ringBytes = 4096 }: VchanPeerOptions,
  habit: VchanHabit,
): Promise<void> {
  const { domid: peerDomid } = peer;
  const program = domain.openVchans();
  const impatience = new AbortController();
  // Domain 0 is always the same, and comes when a person has it come.
  const timer = peerDomid === 0 ? undefined : domain.after(patienceMs, () => impatience.abort());
  try {
    const isServer = role === 'server';
    const [server, client] = isServer ? [domain.domid, peerDomid] : [peerDomid, domain.domid];
    const paths = vchanPaths(server, client, port)!;
    const { signal } = impatience;
    const vchan = isServer
      ? await program.serve({
          clientDomid: peerDomid,
          path: paths.server,
          leftBytes: ringBytes,
          rightBytes: ringBytes,
          persistent,
          nodesStay,
        })
      : await program.connect({ serverDomid: peerDomid, path: paths.client, waits: true, signal });
    if (isServer) await vchan.connected({ signal });
    timer?.cancel();
    await habit({ domain, program, vchan });
  } catch (error) {
    if (!(error instanceof XenscopeError) || domain.signal.aborted) throw error;
    domain.log(`vchan ${port}: ${error.message}`);
  } finally {
    timer?.cancel();
    if (!domain.signal.aborted) await program.close();
  }
}
