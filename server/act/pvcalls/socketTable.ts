/** The sockets of a composer, by what was answered so far: the backend's own view of them may differ. */
import { addressText, parsePvCallsAddress } from '../../wire/pvcalls/address';
import type { PvCallsRequest } from '../../wire/pvcalls/slots';
import { addressIn } from '../../wire/pvcalls/requestWords';
import type { ComposerCommand, ComposerSocket, ComposerSuggestions } from './plan';
import type { SocketConsole } from './socketConsole';

/** Further ones are refused. */
export const maxSockets = 256;

interface KnownSocket {
  readonly phase: ComposerSocket['phase'];
  readonly text: string;
  readonly console?: SocketConsole | undefined;
}

export const mayFollow: Record<ComposerSocket['phase'], readonly ComposerCommand[]> = {
  made: ['connect', 'bind', 'release'],
  bound: ['listen', 'release'],
  listening: ['accept', 'poll', 'release'],
  connected: ['release'],
};

const firstPort = 8080;

export class SocketTable {
  readonly #sockets = new Map<bigint, KnownSocket>();
  #lastId = 0n;
  /** Where the last CONNECT went. */
  #connectTo: string | undefined;
  #bindHost = '127.0.0.1';

  get size(): number {
    return this.#sockets.size;
  }

  get consoles(): readonly (readonly [id: bigint, console: SocketConsole])[] {
    return [...this.#sockets].flatMap(([id, { console }]) => (console ? [[id, console] as const] : []));
  }

  get state(): readonly ComposerSocket[] {
    return [...this.#sockets].map(([id, { phase, text, console }]) => ({
      id: String(id),
      phase,
      text,
      can: mayFollow[phase],
      ...(console && { stream: console.state }),
    }));
  }

  /** A number that no socket has had here; 0 again where all are used up. */
  get newId(): bigint {
    return BigInt.asUintN(64, this.#lastId + 1n);
  }

  /** `listeners`: where somebody is known to listen. */
  suggested(listeners: readonly string[]): ComposerSuggestions {
    const texts = new Set([...this.#sockets.values()].map(({ text }) => text));
    let port = firstPort;
    const isTaken = (at: number) => [...texts].some((text) => text.endsWith(`:${at}`));
    while (isTaken(port)) port++;
    return {
      newId: String(this.newId),
      connectTo: this.#connectTo ?? listeners[0] ?? '127.0.0.1:80',
      bindTo: `${this.#bindHost}:${port}`,
      ...(listeners.length > 0 && { listeners }),
    };
  }

  get(id: bigint): KnownSocket | undefined {
    return this.#sockets.get(id);
  }

  /** What was asked for shapes what is suggested next, whatever is answered. */
  asked(request: PvCallsRequest): void {
    if (request.cmd === 'unknown') return;
    for (const id of [request.id, request.cmd === 'accept' ? request.newId : 0n]) {
      if (id > this.#lastId) this.#lastId = id;
    }
    if (request.cmd !== 'connect' && request.cmd !== 'bind') return;
    const parsed = parsePvCallsAddress(request.address, request.addressLengthBytes);
    if (parsed.kind !== 'ipv4') return;
    if (request.cmd === 'connect') this.#connectTo = addressText(parsed.address);
    else this.#bindHost = parsed.address.host;
  }

  /** A request was answered with 0; `console` where it opened one. Answers the console that it ended. */
  succeeded(request: PvCallsRequest, console: SocketConsole | undefined): SocketConsole | undefined {
    switch (request.cmd) {
      case 'socket':
        return this.#set(request.id, { phase: 'made', text: 'made, neither connected nor bound' });
      case 'connect':
        return this.#set(request.id, {
          phase: 'connected',
          text: `connected to ${addressIn(request)}`,
          console,
        });
      case 'bind':
        return this.#set(request.id, { phase: 'bound', text: `bound to ${addressIn(request)}` });
      case 'listen': {
        const where = this.#sockets.get(request.id)?.text.replace(/^bound to /, 'listening at ');
        return this.#set(request.id, { phase: 'listening', text: where ?? 'listening' });
      }
      case 'accept':
        return this.#set(request.newId, {
          phase: 'connected',
          text: `accepted by socket ${request.id}`,
          console,
        });
      case 'release':
        return this.forget(request.id);
      default:
        return undefined;
    }
  }

  forget(id: bigint): SocketConsole | undefined {
    const console = this.#sockets.get(id)?.console;
    this.#sockets.delete(id);
    return console;
  }

  /** The socket stays, and its console goes. */
  dropConsole(id: bigint, text: string): SocketConsole | undefined {
    const socket = this.#sockets.get(id);
    if (!socket?.console) return undefined;
    this.#sockets.set(id, { phase: socket.phase, text });
    return socket.console;
  }

  clear(): void {
    this.#sockets.clear();
  }

  #set(id: bigint, socket: KnownSocket): SocketConsole | undefined {
    const before = this.forget(id);
    this.#sockets.set(id, socket);
    return before;
  }
}
