/**
 * Grants and event channels as one program of a domain has them, through the devices of its kernel
 * (gntalloc, gntdev, evtchn): when the program ends, however that comes, the kernel ends what it
 * held and does the notifications that it asked for.
 */
import { memoryOver } from '../../host/bufferMemory';
import { XenscopeError } from '../../host/errors';
import type { EventChannels, EventPort } from '../../host/events';
import type { Grants, Mapped, Shared, UnmapNotify } from '../../host/grants';
import { mustBeClearable } from '../../host/unmapByte';
import type { Schedule } from './delivery';
import type { Port } from './eventTable';
import { FollowedPeers } from './followedPeers';
import type { Frames, PagePlace } from './frames';
import { RESERVED_GREFS } from './grantTable';
import type { Grant } from './grantTable';
import { clearByte, signal } from './guestDomain';
import type { GuestDomain, KeptNotify, Mapping, Program } from './guestDomain';

export interface ProgramWorld {
  readonly maxMappedPages: number;
  readonly schedule: Schedule;
  domain(domid: number): GuestDomain | undefined;
  allocate(owner: GuestDomain, pages: number): Frames;
  /** Calls `tell` when that domain ends; returns how to stop. */
  whenEnded(domid: number, tell: () => void): () => void;
  /** Pages that a program lends were mapped, or are no longer. */
  lendingChanged(): void;
}

const shareEnded = 'This memory was shared, and the share was ended.';

interface Share {
  readonly frames: Frames;
  readonly grants: readonly Grant[];
  readonly onUnmap: KeptNotify | undefined;
}

/** As a host has it, and where other processes find the pages. */
export interface MachineGrants extends Grants {
  share(...as: Parameters<Grants['share']>): Shared & { readonly places: readonly PagePlace[] };
  map(...as: Parameters<Grants['map']>): Mapped & { readonly places: readonly PagePlace[] };
}

export class ProgramPorts implements Program {
  readonly grants: MachineGrants;
  readonly events: EventChannels;
  readonly peers: FollowedPeers;
  readonly #domain: GuestDomain;
  readonly #world: ProgramWorld;
  readonly #shares = new Set<Share>();
  readonly #mappings = new Set<Mapping>();
  readonly #ports = new Set<Port>();
  #isEnded = false;

  constructor(domain: GuestDomain, world: ProgramWorld) {
    this.#domain = domain;
    this.#world = world;
    domain.programs.add(this);
    this.grants = {
      share: (domid, pages, { writable, onUnmap }) => this.#share(domid, pages, writable, onUnmap),
      map: (domid, grefs, access, options) => this.#map(domid, grefs, access, options?.onUnmap),
    };
    this.events = {
      bindUnbound: (remoteDomid) => this.#keepPort(() => this.#domain.events.bindUnbound(remoteDomid)),
      bindInterdomain: (remoteDomid, remotePort) =>
        this.#keepPort(() => this.#domain.events.bindInterdomain(remoteDomid, remotePort)),
    };
    this.peers = new FollowedPeers({
      domid: domain.domid,
      schedule: world.schedule,
      port: (port) => domain.events.get(port),
      hasDomain: (domid) => world.domain(domid) !== undefined,
      whenEnded: world.whenEnded,
    });
  }

  /** An open port of its domain, whichever program opened it. */
  portAt(port: number): Pick<Port, 'peer' | 'remoteDomid'> | undefined {
    return this.#domain.events.get(port);
  }

  /** The program ends, by itself or because it crashed. Safe to call twice. */
  close(): void {
    this.end(false);
  }

  end(isSudden: boolean): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.peers.close();
    const reason = `The program in domain ${this.#domain.domid} that used this memory has ended.`;
    for (const mapping of this.#mappings) this.#domain.unmap(mapping, reason, isSudden);
    for (const share of [...this.#shares]) {
      this.#domain.grants.endWhenFree(share.grants);
      this.#endShare(share, reason, isSudden);
    }
    // Last: the notifications above may ring through them.
    for (const port of [...this.#ports]) port.close();
    this.#domain.programs.delete(this);
    if (this.#mappings.size > 0) this.#world.lendingChanged();
  }

  #share(domid: number, pages: number, writable: boolean, onUnmap: UnmapNotify | undefined) {
    this.#mustLive();
    if (!Number.isInteger(pages) || pages < 1) throw new RangeError(`${pages} is no number of pages`);
    const kept = this.#checkNotify(onUnmap, pages, 'write');
    this.#domain.grants.mustHaveRoom(pages);
    const frames = this.#world.allocate(this.#domain, pages);
    const grants = this.#domain.grants.grant(frames, domid, writable);
    const share: Share = { frames, grants, onUnmap: kept };
    kept?.port?.keep();
    this.#shares.add(share);
    return {
      grefs: share.grants.map(({ gref }) => gref),
      memory: frames.memory,
      places: share.grants.map(({ page }) => frames.placeOf(page)),
      end: () => {
        if (!this.#shares.has(share)) return;
        this.#domain.grants.end(share.grants);
        this.#endShare(share, shareEnded, false);
      },
      endWhenUnused: () => {
        if (!this.#shares.has(share)) return;
        this.#domain.grants.endWhenFree(share.grants);
        this.#endShare(share, shareEnded, false);
      },
    };
  }

  #endShare(share: Share, reason: string, isSudden: boolean): void {
    this.#shares.delete(share);
    if (!isSudden) clearByte(share.frames.memory, share.onUnmap);
    this.#domain.release(share.frames, reason);
    signal(share.onUnmap, isSudden);
    this.#world.lendingChanged();
  }

  #map(domid: number, grefs: readonly number[], access: 'read' | 'write', onUnmap: UnmapNotify | undefined) {
    this.#mustLive();
    if (grefs.length === 0) throw new RangeError('no grant reference to map');
    const kept = this.#checkNotify(onUnmap, grefs.length, access);
    this.#mustHaveRoom(grefs.length);
    const owner = this.#world.domain(domid);
    if (!owner) {
      throw new XenscopeError('notOurs', `There is no domain ${domid} that could grant anything.`, {
        wayOut: 'It may have ended meanwhile.',
      });
    }
    const grants = grefs.map((gref) => owner.grants.forMapping(gref, this.#domain.domid, access));
    const parts = grants.map(({ frames, page }) => frames.partOf(page));
    const mapping: Mapping = { owner, grants, memory: memoryOver(parts, access), onUnmap: kept };
    kept?.port?.keep();
    this.#domain.map(mapping);
    this.#mappings.add(mapping);
    if (isOfProgram(mapping)) this.#world.lendingChanged();
    return {
      memory: mapping.memory,
      places: grants.map(({ frames, page }) => frames.placeOf(page)),
      unmap: () => {
        this.#mappings.delete(mapping);
        this.#domain.unmap(mapping, `This memory of domain ${domid} was unmapped.`);
        if (isOfProgram(mapping)) this.#world.lendingChanged();
      },
    };
  }

  #keepPort(open: () => Port): EventPort {
    this.#mustLive();
    const port = open();
    this.#ports.add(port);
    port.onClosed = () => this.#ports.delete(port);
    return port;
  }

  #checkNotify(
    notify: UnmapNotify | undefined,
    pages: number,
    access: 'read' | 'write',
  ): KeptNotify | undefined {
    if (!notify) return undefined;
    const { clearByteOffset: offset, signalPort } = notify;
    if (offset !== undefined) mustBeClearable(offset, pages, access);
    const port = signalPort === undefined ? undefined : this.#domain.events.get(signalPort);
    if (signalPort !== undefined && !port) {
      throw new XenscopeError('notOurs', `Domain ${this.#domain.domid} has no event channel ${signalPort}.`, {
        wayOut: 'Bind the event channel before the memory that is to signal it.',
      });
    }
    return { clearByteOffset: offset, port };
  }

  #mustHaveRoom(pages: number): void {
    if (this.#domain.mappedPages + pages <= this.#world.maxMappedPages) return;
    throw new XenscopeError(
      'limit',
      `Domain ${this.#domain.domid} cannot map more than ${this.#world.maxMappedPages} pages of others.`,
      { wayOut: 'Unmap what is no longer used.' },
    );
  }

  #mustLive(): void {
    if (!this.#isEnded) return;
    throw new XenscopeError('gone', `Domain ${this.#domain.domid}, or its program that asks, has ended.`);
  }
}

/** Not one of those that the domain builder made. */
function isOfProgram({ grants }: Mapping): boolean {
  return grants.some(({ gref }) => gref >= RESERVED_GREFS);
}
