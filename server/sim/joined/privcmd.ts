/**
 * /dev/xen/privcmd of a program that joined domain 0: the few things that programs there ask a
 * hypervisor for. Other domains may open it, and are refused whatever they ask but for what is theirs,
 * and whether time passes.
 */
import { GUEST_PAGES_MAX, GuestOp, GuestWorldTime, guestWordBytes } from '../../wire/guestSocket';
import type { GuestReply } from '../../wire/guestSocket';
import type { Domain } from '../domain';
import type { WorldTime } from '../due';
import type { Hypervisor } from '../hypervisor';
import type { StartInfo } from '../machine/machine';
import type { ProgramPorts } from '../machine/programPorts';
import { Handles, placeBytes } from './device';
import type { Device } from './device';
import { done, refusal } from './replies';

/** XEN_DOMINF_* of xen/include/public/domctl.h; the reason of a shutdown lies above bit 16. */
const flags = { shutdown: 4, paused: 8, running: 32 };
const shutdownReasonShift = 16;
/** SHUTDOWN_* of xen/include/public/sched.h. */
const shutdownReasons = { poweroff: 0, reboot: 1, suspend: 2, crash: 3, watchdog: 4, softReset: 5 };
/** HVM_PARAM_* of xen/include/public/hvm/params.h. */
const params = { storeFrame: 1, storePort: 2, consoleFrame: 17, consolePort: 18 };
const maxDomainsPerReply = 1024;
/** EVTCHNSTAT_* of xen/include/public/event_channel.h. */
const portStatus = { closed: 0, unbound: 1, interdomain: 2 };

type Mapped = ReturnType<ProgramPorts['grants']['map']>;

export interface PrivcmdOptions {
  /** Who asks. */
  readonly domid: number;
  readonly ports: ProgramPorts;
  readonly hypervisor: Hypervisor;
  readonly time: Pick<WorldTime, 'pace' | 'isHeld'>;
  readonly greeting: Buffer;
}

export class Privcmd implements Device {
  readonly #mappings = new Handles<readonly Mapped[]>();

  constructor(private readonly options: PrivcmdOptions) {}

  get greeting(): Buffer {
    return this.options.greeting;
  }

  call(op: number, words: readonly number[]): GuestReply {
    if (op === GuestOp.portStatus) return this.#portStatus(words);
    if (op === GuestOp.worldTime) return done(this.#worldTime());
    if (this.options.domid !== 0) return refusal('EPERM');
    switch (op) {
      case GuestOp.mapForeign:
        return this.#map(words);
      case GuestOp.unmapForeign: {
        const mapping = this.#mappings.take(words[0]);
        if (!mapping) return refusal('EINVAL');
        for (const page of mapping) page.unmap();
        return done();
      }
      case GuestOp.domains:
        return this.#domains(words);
      case GuestOp.hvmParam:
        return this.#hvmParam(words);
      default:
        return refusal('ENOTTY');
    }
  }

  end(isSudden: boolean): void {
    this.options.ports.end(isSudden);
  }

  /** words: domid, writable, then the frame numbers, two words each. Frames that are none come back without a name. */
  #map([domid, writable, ...frames]: readonly number[]): GuestReply {
    if (writable === undefined || frames.length < 2 || frames.length % 2 !== 0) return refusal('EINVAL');
    if (frames.length / 2 > GUEST_PAGES_MAX) return refusal('E2BIG');
    const start = this.#startOf(domid!);
    if (!start) return refusal('ESRCH');
    const known = new Map(
      [start.xenstore, start.console].flatMap((page) => (page ? [[page.gfn, page]] : [])),
    );
    const pages = Array.from({ length: frames.length / 2 }, (_, at) =>
      frames[2 * at + 1] === 0 ? known.get(frames[2 * at]!) : undefined,
    );
    const mapping: Mapped[] = [];
    try {
      const places = pages.map((page) => {
        if (!page) return { file: '', page: 0 };
        const mapped = this.options.ports.grants.map(domid!, [page.gref], writable ? 'write' : 'read');
        mapping.push(mapped);
        return mapped.places[0]!;
      });
      return done(this.#mappings.add(mapping), placeBytes(places));
    } catch (error) {
      // All of them or none: the program gets no handle with which it could unmap some.
      for (const mapped of mapping) mapped.unmap();
      throw error;
    }
  }

  /** words: the first domid, how many at most. Four words for each: domid, flags, pages, vcpus. */
  #domains([first = 0, most = 0]: readonly number[]): GuestReply {
    const domains = this.options.hypervisor
      .list()
      .filter(({ domid }) => domid >= first)
      .sort((one, other) => one.domid - other.domid)
      .slice(0, Math.min(most, maxDomainsPerReply));
    const words = domains.flatMap((domain) => [domain.domid, flagsOf(domain), 0, 1]);
    return done(domains.length, guestWordBytes(words));
  }

  #hvmParam([domid = -1, param]: readonly number[]): GuestReply {
    const start = this.#startOf(domid);
    if (!start) return refusal('ESRCH');
    const { xenstore, console } = start;
    const value = {
      [params.storeFrame]: xenstore.gfn,
      [params.storePort]: xenstore.port.port,
      [params.consoleFrame]: console?.gfn,
      [params.consolePort]: console?.port.port,
    }[param!];
    return value === undefined ? refusal('EINVAL') : done(0, guestWordBytes([value, 0]));
  }

  /** words: port. Answers its status, the other domain, and where there is another end its number. */
  #portStatus([port = 0]: readonly number[]): GuestReply {
    const bound = this.options.ports.portAt(port);
    if (!bound) return done(0, guestWordBytes([portStatus.closed, 0, 0]));
    const { peer, remoteDomid } = bound;
    const status = peer ? portStatus.interdomain : portStatus.unbound;
    return done(0, guestWordBytes([status, remoteDomid, peer?.port ?? 0]));
  }

  #worldTime(): number {
    const { pace, isHeld } = this.options.time;
    if (isHeld) return GuestWorldTime.isHeld;
    return pace === 0 ? GuestWorldTime.paceIs0 : GuestWorldTime.passes;
  }

  #startOf(domid: number): StartInfo | undefined {
    const domain = this.options.hypervisor.get(domid);
    return domain && this.options.hypervisor.startInfo(domain);
  }
}

function flagsOf({ status, isPaused }: Domain): number {
  if (status.kind !== 'shutdown') return (isPaused ? flags.paused : 0) | (isPaused ? 0 : flags.running);
  return flags.shutdown | (shutdownReasons[status.reason] << shutdownReasonShift);
}
