/**
 * What a machine keeps for one domain: its grant table, its event channels, its pages, what it maps
 * of others, and the programs that use all this.
 */
import type { RevocableMemory } from '../../host/bufferMemory';
import type { EventTable, Port } from './eventTable';
import type { Frames } from './frames';
import type { Grant, GrantTable } from './grantTable';

/** What is done when memory is unmapped; the port is kept for it until then. */
export interface KeptNotify {
  readonly clearByteOffset: number | undefined;
  readonly port: Port | undefined;
}

/** Pages of another domain that this one maps. */
export interface Mapping {
  readonly owner: GuestDomain;
  readonly grants: readonly Grant[];
  readonly memory: RevocableMemory;
  readonly onUnmap: KeptNotify | undefined;
}

/** A program, or the kernel, of the domain: what it holds ends with it. */
export interface Program {
  /** `isSudden`: its kernel stopped with it, so nothing is cleared and nobody is signalled. */
  end(isSudden: boolean): void;
}

export class GuestDomain {
  readonly frames = new Set<Frames>();
  readonly mappings = new Set<Mapping>();
  readonly programs = new Set<Program>();
  isDead = false;
  /** How many pages of others it maps, each as often as it is mapped. */
  mappedPages = 0;

  constructor(
    readonly domid: number,
    readonly grants: GrantTable,
    readonly events: EventTable,
  ) {}

  map(mapping: Mapping): void {
    this.mappings.add(mapping);
    this.mappedPages += mapping.grants.length;
    for (const grant of mapping.grants) mapping.owner.grants.mapped(grant);
  }

  /** Ends a mapping, with its notification unless nobody is left to do it. Does nothing the second time. */
  unmap(mapping: Mapping, reason: string, isSudden = false): void {
    if (!this.mappings.delete(mapping)) return;
    this.mappedPages -= mapping.grants.length;
    if (!isSudden) clearByte(mapping.memory, mapping.onUnmap);
    mapping.memory.revoke(reason);
    for (const grant of mapping.grants) mapping.owner.grants.unmapped(grant);
    signal(mapping.onUnmap, isSudden);
  }

  /** Gives pages up; they go when nobody maps them. */
  release(frames: Frames, reason: string): void {
    this.frames.delete(frames);
    frames.release(reason);
  }

  /** All that the domain and its programs have ends; what others map of it stays with them. */
  die(isSudden: boolean, reason: string): void {
    for (const program of [...this.programs]) program.end(isSudden);
    this.events.closeAll();
    this.grants.endWhenFree(this.grants.list());
    for (const frames of [...this.frames]) this.release(frames, reason);
  }
}

/** Rings where that was asked for, unless nobody is left to do it, and lets go of the port. */
export function signal(notify: KeptNotify | undefined, isSudden: boolean): void {
  if (!isSudden) notify?.port?.notify();
  notify?.port?.letGo();
}

export function clearByte(memory: RevocableMemory, notify: KeptNotify | undefined): void {
  if (notify?.clearByteOffset !== undefined) memory.store8(notify.clearByteOffset, 0);
}
