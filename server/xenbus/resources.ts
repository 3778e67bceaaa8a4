/**
 * What a driver holds for one device: grants, mappings and event channels. The driver gives all of
 * it back when the device disconnects, whatever its class forgets.
 */
import type { EventPort } from '../host/events';
import type { Mapped, Shared } from '../host/grants';
import type { Spin } from '../host/spin';
import type { XenbusPorts } from './ports';

export class DeviceResources {
  readonly #ports: Pick<XenbusPorts, 'grants' | 'events' | 'spin'>;
  readonly #onEvent: (port: EventPort) => void;
  readonly #shares = new Set<Shared>();
  readonly #mappings = new Set<Mapped>();
  readonly #channels = new Set<EventPort>();

  /** `onEvent` hears of each ring at a channel that is bound here; the channel is unmasked already. */
  constructor(ports: Pick<XenbusPorts, 'grants' | 'events' | 'spin'>, onEvent: (port: EventPort) => void) {
    this.#ports = ports;
    this.#onEvent = onEvent;
  }

  /** Shares, mappings and channels that are held now. */
  get held(): number {
    return this.#shares.size + this.#mappings.size + this.#channels.size;
  }

  /** As of XenbusPorts. */
  get spin(): (() => Spin) | undefined {
    return this.#ports.spin;
  }

  share(domid: number, pages: number, { writable = true } = {}): Shared {
    const shared = this.#ports.grants.share(domid, pages, { writable });
    this.#shares.add(shared);
    return shared;
  }

  map(domid: number, grefs: readonly number[], access: 'read' | 'write' = 'write'): Mapped {
    const mapped = this.#ports.grants.map(domid, grefs, access);
    const entry: Mapped = {
      memory: mapped.memory,
      unmap: () => {
        this.#mappings.delete(entry);
        mapped.unmap();
      },
    };
    this.#mappings.add(entry);
    return entry;
  }

  bindUnbound(domid: number): EventPort {
    return this.#listen(this.#ports.events.bindUnbound(domid));
  }

  bindInterdomain(domid: number, port: number): EventPort {
    return this.#listen(this.#ports.events.bindInterdomain(domid, port));
  }

  /** Gives one share back before the device disconnects. */
  end(shared: Shared): void {
    if (this.#shares.delete(shared)) shared.endWhenUnused();
  }

  /** Closes one channel before the device disconnects. */
  close(channel: EventPort): void {
    if (!this.#channels.delete(channel)) return;
    channel.onEvent = undefined;
    channel.close();
  }

  /** Gives everything back; pages that the other side still maps go when it lets them go. */
  release(): void {
    for (const mapped of [...this.#mappings]) mapped.unmap();
    for (const channel of this.#channels) {
      channel.onEvent = undefined;
      channel.close();
    }
    this.#channels.clear();
    for (const shared of this.#shares) shared.endWhenUnused();
    this.#shares.clear();
  }

  #listen(channel: EventPort): EventPort {
    this.#channels.add(channel);
    channel.onEvent = () => {
      channel.unmask();
      this.#onEvent(channel);
    };
    channel.unmask();
    return channel;
  }
}
