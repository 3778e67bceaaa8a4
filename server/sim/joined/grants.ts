/** /dev/xen/gntdev and /dev/xen/gntalloc of a program that joined: what it maps of others, and what it shares. */
import { GUEST_PAGES_MAX, GuestOp, guestWordBytes } from '../../wire/guestSocket';
import type { GuestReply } from '../../wire/guestSocket';
import type { ProgramPorts } from '../machine/programPorts';
import { Handles, placeBytes, unmapNotify } from './device';
import type { Device } from './device';
import { done, refusal } from './replies';

type Mapped = ReturnType<ProgramPorts['grants']['map']>;

/** Maps grants. One request may name several domains; it is done whole or not at all. */
export class Gntdev implements Device {
  readonly #ports: ProgramPorts;
  readonly #mappings = new Handles<readonly Mapped[]>();

  constructor(
    ports: ProgramPorts,
    readonly greeting: Buffer,
  ) {
    this.#ports = ports;
  }

  call(op: number, words: readonly number[]): GuestReply {
    switch (op) {
      case GuestOp.map:
        return this.#map(words);
      case GuestOp.unmap: {
        const mapping = this.#mappings.take(words[0]);
        if (!mapping) return refusal('EINVAL');
        for (const part of mapping) part.unmap();
        return done();
      }
      default:
        return refusal('ENOTTY');
    }
  }

  end(isSudden: boolean): void {
    this.#ports.end(isSudden);
  }

  /** words: writable, offset of the byte to clear, port to ring, then domid and reference of each page. */
  #map([writable, offset, port, ...refs]: readonly number[]): GuestReply {
    const pages = refs.length / 2;
    if (!Number.isInteger(pages) || pages < 1) return refusal('EINVAL');
    if (pages > GUEST_PAGES_MAX) return refusal('E2BIG');
    const notify = unmapNotify(offset!, port!);
    const parts: Mapped[] = [];
    try {
      for (const { domid, grefs } of runsOfDomain(refs)) {
        // Only one page is ever mapped with a notification.
        const options = parts.length === 0 ? notify : {};
        parts.push(this.#ports.grants.map(domid, grefs, writable ? 'write' : 'read', options));
      }
    } catch (error) {
      for (const part of parts) part.unmap();
      throw error;
    }
    return done(this.#mappings.add(parts), placeBytes(parts.flatMap(({ places }) => places)));
  }
}

function runsOfDomain(refs: readonly number[]): { readonly domid: number; readonly grefs: number[] }[] {
  const runs: { readonly domid: number; readonly grefs: number[] }[] = [];
  for (let at = 0; at < refs.length; at += 2) {
    const last = runs.at(-1);
    if (last?.domid === refs[at]) last!.grefs.push(refs[at + 1]!);
    else runs.push({ domid: refs[at]!, grefs: [refs[at + 1]!] });
  }
  return runs;
}

/**
 * Shares pages. As in Linux, a share that is taken back while the other side maps it goes when that
 * unmaps; so each share ends as the end of a program would end it.
 */
export class Gntalloc implements Device {
  readonly #open: () => ProgramPorts;
  readonly #shares = new Handles<ProgramPorts>();

  constructor(
    open: () => ProgramPorts,
    readonly greeting: Buffer,
  ) {
    this.#open = open;
  }

  call(op: number, words: readonly number[]): GuestReply {
    switch (op) {
      case GuestOp.share:
        return this.#share(words);
      case GuestOp.unshare: {
        const share = this.#shares.take(words[0]);
        if (!share) return refusal('EINVAL');
        share.end(false);
        return done();
      }
      default:
        return refusal('ENOTTY');
    }
  }

  end(isSudden: boolean): void {
    for (const share of this.#shares.takeAll()) share.end(isSudden);
  }

  #share([domid, writable, pages, offset, port]: readonly number[]): GuestReply {
    if (port === undefined || pages! < 1) return refusal('EINVAL');
    if (pages! > GUEST_PAGES_MAX) return refusal('E2BIG');
    const ports = this.#open();
    try {
      const { grefs, places } = ports.grants.share(domid!, pages!, {
        writable: writable !== 0,
        ...unmapNotify(offset!, port),
      });
      const payload = Buffer.concat([placeBytes(places.slice(0, 1)), guestWordBytes(grefs)]);
      return done(this.#shares.add(ports), payload);
    } catch (error) {
      ports.end(true);
      throw error;
    }
  }
}
