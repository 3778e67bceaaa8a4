/**
 * Looks at the pages of a machine from outside: through a mapping that cannot be written where the
 * pool can make one, and never longer than the domain lives.
 */
import { BufferMemory, copyPart } from '../../host/bufferMemory';
import type { ObservedInside, ObservedPage, Observer } from '../../host/observer';
import { PAGE_BYTES } from '../../host/pages';
import type { ReadOnlyPages } from '../../host/pages';
import type { DeviceRing } from '../../wire/deviceRings/deviceRing';
import { DeviceLooks, type DeviceSource, type DeviceWorld } from './deviceLooks';
import type { Lent, StartInfoInside } from './machine';
import { insideOf } from './portInside';
import { VchanLooks } from './vchanLooks';

type PageKind = keyof StartInfoInside;
type Inside = NonNullable<StartInfoInside[PageKind]>;

interface Look {
  readonly page: ObservedPage;
  readonly kind: PageKind;
  readonly of: Inside['frames'];
  close(): void;
}

export class MachineObserver implements Observer {
  readonly #starts: () => ReadonlyMap<number, StartInfoInside>;
  readonly #looks = new Map<string, Look>();
  readonly #listeners = new Set<() => void>();
  readonly #moveListeners = new Set<(domid: number | undefined) => void>();

  readonly #vchans: VchanLooks;
  readonly #devices: DeviceLooks;

  constructor(
    starts: () => ReadonlyMap<number, StartInfoInside>,
    lent: () => readonly Lent[],
    devices: DeviceWorld,
  ) {
    this.#starts = starts;
    this.#vchans = new VchanLooks(lent);
    this.#devices = new DeviceLooks(devices);
  }

  /** From now on the rings of devices are seen as well. */
  followDevices(source: DeviceSource): void {
    this.#devices.source = source;
    this.tellChange();
  }

  nameRings(namer: object, rings: readonly DeviceRing[]): void {
    this.#devices.name(namer, rings);
    this.tellChange();
  }

  whyUnseen(ring: DeviceRing): string | undefined {
    return this.#devices.whyUnseen(ring);
  }

  pages(): readonly ObservedPage[] {
    const pages: ObservedPage[] = [];
    for (const [domid, start] of this.#starts()) {
      pages.push(this.#look(domid, 'xenstore', start.xenstore));
      if (start.console) pages.push(this.#look(domid, 'console', start.console));
    }
    return [...pages, ...this.#vchans.pages(), ...this.#devices.pages(this.#starts().keys())];
  }

  onChange(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  onMove(listener: (domid: number | undefined) => void): () => void {
    const entry = (domid: number | undefined) => listener(domid);
    this.#moveListeners.add(entry);
    return () => this.#moveListeners.delete(entry);
  }

  tellMove(domid: number | undefined): void {
    for (const listener of this.#moveListeners) listener(domid);
  }

  /** Ends the looks at pages that are no longer a domain's; called before they are freed. */
  forgetGone(): void {
    for (const [id, look] of this.#looks) {
      if (this.#starts().get(look.page.domid)?.[look.kind]?.frames === look.of) continue;
      look.close();
      this.#looks.delete(id);
    }
    this.#vchans.forgetGone();
    this.#devices.forgetGone();
  }

  tellChange(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  #look(domid: number, kind: PageKind, { frames, gfn, gref }: Inside): ObservedPage {
    const id = `${kind}:${domid}`;
    const known = this.#looks.get(id);
    if (known) return known.page;
    let view: { readonly pages: ReadOnlyPages; readonly memory: BufferMemory } | undefined;
    const current = () => {
      const inside = this.#starts().get(domid)?.[kind];
      return inside?.frames === frames ? inside : undefined;
    };
    let inside: ObservedInside | undefined;
    const page: ObservedPage = {
      id,
      kind,
      domid,
      found: `made by the domain builder: guest frame 0x${gfn.toString(16)}, grant ${gref}`,
      copy(into, offset = 0) {
        if (!current()) return false;
        view ??= open(frames);
        copyPart(view.memory, into, offset);
        return true;
      },
      get inside() {
        return (inside = insideOf(current()?.port, inside));
      },
    };
    this.#looks.set(id, { page, kind, of: frames, close: () => close(view) });
    return page;
  }
}

function open(frames: Inside['frames']) {
  const pages = frames.readOnly();
  return {
    pages,
    memory: new BufferMemory({ buffer: pages.buffer, offset: 0, bytes: PAGE_BYTES }, 'read'),
  };
}

function close(view: ReturnType<typeof open> | undefined): void {
  view?.memory.revoke('The domain whose page this was has ended.');
  view?.pages.close();
}
