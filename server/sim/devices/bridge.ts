/** The bridges of a backend domain: frames go to whom they are for, as far as that was learnt, or to all. */

export interface BridgePort {
  deliver(frame: Buffer): void;
}

/** Addresses that a bridge remembers; the oldest is forgotten. */
const maxLearnt = 256;

export class Bridge {
  readonly #ports = new Set<BridgePort>();
  readonly #learnt = new Map<string, BridgePort>();

  join(port: BridgePort): void {
    this.#ports.add(port);
  }

  leave(port: BridgePort): void {
    this.#ports.delete(port);
    for (const [mac, known] of this.#learnt) if (known === port) this.#learnt.delete(mac);
  }

  send(from: BridgePort, frame: Buffer): void {
    if (frame.length < 14) return;
    this.#learn(frame.toString('hex', 6, 12), from);
    const known = this.#learnt.get(frame.toString('hex', 0, 6));
    for (const port of known ? [known] : this.#ports) if (port !== from) port.deliver(frame);
  }

  #learn(mac: string, port: BridgePort): void {
    this.#learnt.delete(mac);
    this.#learnt.set(mac, port);
    if (this.#learnt.size > maxLearnt) this.#learnt.delete(this.#learnt.keys().next().value!);
  }
}

/** By name; made when somebody joins. */
export class Bridges {
  readonly #bridges = new Map<string, Bridge>();

  join(name: string, port: BridgePort): Bridge {
    const bridge = this.#bridges.get(name) ?? new Bridge();
    this.#bridges.set(name, bridge);
    bridge.join(port);
    return bridge;
  }
}
