/** Guests whose programs have their sockets through PV Calls: servers, clients, many sockets at once, a slow reader. */
import { XenscopeError } from '../../host/errors';
import type { PvCallsFrontend } from '../../pvcalls/frontend/frontend';
import type { PvCallsSocket } from '../../pvcalls/frontend/socket';
import { SocketError } from '../../pvcalls/socketError';
import { addressText } from '../../wire/pvcalls/address';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import { pvcallsFront } from '../devices/pvcalls';
import { runDomainFrontends } from '../devices/simPorts';
import type { Domain } from '../domain';
import type { GuestScript } from '../toolstack/config';
import { alpine, linuxGuest } from './linux';
import { answerHttp, askHttp, drained, nextBytes } from './smallHttp';

export interface PvCallsScene {
  readonly domain: Domain;
  readonly frontend: PvCallsFrontend;
}

/** What the guest does for as long as its device is connected. */
export type PvCallsHabit = (scene: PvCallsScene) => Promise<void>;

/** How long a program stays away after it failed. */
const restMs = { least: 2000, most: 5000 };

/** A Linux guest with these programs. */
export function pvcallsGuest(...habits: readonly PvCallsHabit[]): GuestScript {
  return async (domain, surroundings) => {
    await linuxGuest(alpine)(domain, surroundings);
    const onConnected = (frontend: PvCallsFrontend) => {
      for (const habit of habits) void keepUp({ domain, frontend }, habit);
    };
    domain.start('pvcalls', () => runDomainFrontends(domain, { pvcalls: pvcallsFront(domain, onConnected) }));
  };
}

/** A server of HTTP that has a page of a few lines, and a large one. `renewAfter`: as of `serves`. */
export function httpServer(
  address: Ipv4Address,
  onRequest: (path: string) => void = () => undefined,
  renewAfter?: number,
): PvCallsHabit {
  const serve = async ({ domain }: PvCallsScene, socket: PvCallsSocket) => {
    const path = await answerHttp(socket, (asked) => pageOf(domain, asked));
    if (path !== undefined) onRequest(path);
  };
  return serves(address, serve, renewAfter);
}

/** Gives back what comes. */
export function echoServer(address: Ipv4Address, renewAfter?: number): PvCallsHabit {
  const serve = async (_: PvCallsScene, socket: PvCallsSocket) => {
    for (let bytes = await nextBytes(socket); bytes; bytes = await nextBytes(socket)) {
      // Who sends and does not read is made to wait.
      if (!socket.write(bytes)) await drained(socket);
    }
  };
  return serves(address, serve, renewAfter);
}

/** Asks for the small page now and then, and for the large one more seldom. */
export function httpClient(
  server: Ipv4Address,
  everyMs: { readonly least: number; readonly most: number },
  onAnswer: (bodyBytes: number) => void = () => undefined,
): PvCallsHabit {
  return async ({ domain, frontend }) => {
    for (;;) {
      await domain.sleep(everyMs.least, everyMs.most);
      const path = domain.random.chance(0.2) ? '/large' : '/';
      const answer = await withSocket(await frontend.connect(server), (socket) =>
        askHttp(socket, path, server.host),
      );
      if (answer) onAnswer(answer.bodyBytes);
      else domain.log(`${addressText(server)} sent no whole response`);
    }
  };
}

/** Asks now and then for somebody who is not there any more, and lives with the answer. */
export function refusedClient(
  nobody: Ipv4Address,
  everyMs: { readonly least: number; readonly most: number },
): PvCallsHabit {
  return async ({ domain, frontend }) => {
    for (;;) {
      await domain.sleep(everyMs.least, everyMs.most);
      await frontend.connect(nobody, { order: 1 }).then(
        (socket) => socket.destroy(),
        (error: unknown) => {
          if (!(error instanceof SocketError)) throw error;
        },
      );
    }
  };
}

/** Reads the large page a little at a time: the ring `in` is full most of the time. */
export function slowClient(
  server: Ipv4Address,
  pauseMs: number,
  onAnswer: () => void = () => undefined,
): PvCallsHabit {
  return async ({ domain, frontend }) => {
    for (;;) {
      await domain.sleep(restMs.least, restMs.most);
      await withSocket(await frontend.connect(server, { order: 1 }), (socket) =>
        askHttp(socket, '/large', server.host, () => domain.sleep(pauseMs / 2, pauseMs * 1.5)),
      );
      onAnswer();
    }
  };
}

/** Opens many connections and says something on one after the other; after so many `words` all begins anew. */
export function chattyClient(
  echo: Ipv4Address,
  sockets: number,
  pauseMs: number,
  onEcho: () => void = () => undefined,
  words = Infinity,
): PvCallsHabit {
  return async ({ domain, frontend }) => {
    const open: PvCallsSocket[] = [];
    try {
      while (open.length < sockets) {
        const socket = await frontend.connect(echo, { order: 1 });
        // Reading tells it as well.
        open.push(socket.on('error', () => undefined));
      }
      for (let said = 0; said < words; said++) {
        const at = said % open.length;
        const socket = open[at]!;
        socket.write(`this is socket ${at}\n`);
        // Who listens there has gone: begin anew.
        if (!(await nextBytes(socket))) return;
        onEcho();
        await domain.sleep(pauseMs / 2, pauseMs * 1.5);
      }
      await Promise.all(open.map(endInOrder));
    } finally {
      for (const socket of open) socket.destroy();
    }
  };
}

/**
 * Listens for as long as the device is there; each connection is served by itself. After `renewAfter` connections it
 * listens anew, so that whoever begins to look sees the address sooner or later: no slot keeps it.
 */
function serves(
  address: Ipv4Address,
  serve: (scene: PvCallsScene, socket: PvCallsSocket) => Promise<void>,
  renewAfter = Infinity,
): PvCallsHabit {
  const listen = async (scene: PvCallsScene) => {
    const server = await scene.frontend.listen(address, { order: 1, backlog: 128 });
    let served = 0;
    try {
      for await (const socket of server) {
        // One that breaks off is no failure of the server.
        void withSocket(socket, () => serve(scene, socket)).catch(() => undefined);
        if (++served >= renewAfter) return true;
      }
      return false;
    } finally {
      await server.close();
    }
  };
  return async (scene) => {
    while (await listen(scene));
  };
}

async function withSocket<T>(socket: PvCallsSocket, use: (socket: PvCallsSocket) => Promise<T>): Promise<T> {
  socket.on('error', () => undefined);
  try {
    const result = await use(socket);
    await endInOrder(socket);
    return result;
  } finally {
    socket.destroy();
  }
}

/** What was written is taken first. Nothing tells the other side that there will be no more, but the release. */
function endInOrder(socket: PvCallsSocket): Promise<void> {
  return new Promise((resolve) => socket.once('close', resolve).end(resolve));
}

/** Runs a program until its device, or its domain, is gone. */
async function keepUp(scene: PvCallsScene, habit: PvCallsHabit): Promise<void> {
  const { domain } = scene;
  const { signal } = domain;
  while (!signal.aborted) {
    try {
      await habit(scene);
    } catch (error) {
      if (signal.aborted || (error instanceof XenscopeError && error.code === 'gone')) return;
      domain.log(`a program over PV Calls: ${error instanceof Error ? error.message : String(error)}`);
    }
    await domain.sleep(restMs.least, restMs.most).catch(() => undefined);
  }
}

const largeLines = 4000;

function pageOf({ name }: Domain, path: string): string | undefined {
  if (path === '/') return `This is ${name}.\nIts sockets are opened in domain 0.\n`;
  return path === '/large' ? `${name} says the same again.\n`.repeat(largeLines) : undefined;
}
