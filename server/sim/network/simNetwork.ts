/** A network inside a world: whoever listens at an address of it can be reached there, and nothing else. */
import type { Duplex } from 'node:stream';
import { socketError } from '../../pvcalls/socketError';
import type { NetBinding, NetConnection, SocketNetwork } from '../../pvcalls/network';
import { addressText } from '../../wire/pvcalls/address';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import { streamPair } from './streamPair';
import type { PairedStream } from './streamPair';

/** Further ones are refused. */
const maxConnections = 8192;
const maxListeners = 1024;
const anyHost = '0.0.0.0';
/** What nobody asked for by its number. */
const freePorts = { first: 49_152, last: 65_535 };

interface Place {
  readonly address: Ipv4Address;
  onConnection: ((connection: NetConnection) => void) | undefined;
}

export class SimNetwork implements SocketNetwork {
  readonly #places = new Map<string, Place>();
  readonly #streams = new Set<Duplex>();
  #lastPort = freePorts.first - 1;

  /** Ends of connections that are not closed. */
  get openStreams(): number {
    return this.#streams.size;
  }

  get listeners(): number {
    return this.#places.size;
  }

  connect(to: Ipv4Address): Promise<NetConnection> {
    const what = `Connecting to ${addressText(to)}`;
    const place =
      this.#places.get(addressText(to)) ?? this.#places.get(addressText({ ...to, host: anyHost }));
    if (!place?.onConnection) return Promise.reject(socketError('ECONNREFUSED', what));
    if (this.#streams.size >= 2 * maxConnections) return Promise.reject(socketError('ENOBUFS', what));
    const [near, far] = streamPair();
    const local = { host: '10.0.0.1', port: this.#nextPort() };
    for (const stream of [near, far]) {
      this.#streams.add(stream);
      stream.once('close', () => this.#streams.delete(stream));
      // A listener may reset it before anybody else has it: whoever gets it then finds it broken.
      stream.on('error', () => undefined);
    }
    place.onConnection(connectionOf(far, to, local));
    return Promise.resolve(connectionOf(near, local, to));
  }

  bind({ host, port }: Ipv4Address): Promise<NetBinding> {
    const address = { host, port: port === 0 ? this.#nextPort() : port };
    const name = addressText(address);
    if (this.#places.has(name)) return Promise.reject(socketError('EADDRINUSE', `Binding ${name}`));
    if (this.#places.size >= maxListeners) return Promise.reject(socketError('ENOBUFS', `Binding ${name}`));
    const place: Place = { address, onConnection: undefined };
    this.#places.set(name, place);
    return Promise.resolve({
      address,
      listen: (onConnection) => {
        place.onConnection = onConnection;
      },
      close: () => {
        if (this.#places.get(name) === place) this.#places.delete(name);
      },
    });
  }

  #nextPort(): number {
    this.#lastPort = this.#lastPort >= freePorts.last ? freePorts.first : this.#lastPort + 1;
    return this.#lastPort;
  }
}

function connectionOf(stream: PairedStream, local: Ipv4Address, remote: Ipv4Address): NetConnection {
  return { stream, local, remote, reset: () => stream.reset() };
}
