/**
 * Event channels of this domain through one handle of libxenevtchn. The kernel delivers a ring once and
 * keeps the port masked until it is unmasked; this file adds what the port of a host promises beyond:
 * an event that finds no listener waits for one, and a closed port does nothing.
 */
import { XenscopeError } from '../server/host/errors';
import type { EventChannels, EventPort } from '../server/host/events';
import { isDomid, isPort } from './argument';
import { cError, deviceError, errnoName, lastErrno } from './cError';
import type { Meaning } from './cError';
import { isReadable, whenReadable } from './descriptors';
import type { DescriptorWait } from './descriptors';
import type { Pointer } from './koffi';
import type { XenLibraries } from './libraries/xenLibraries';
import { quietLogger } from './quietLogger';

const device = '/dev/xen/evtchn';
/** After so many events in one turn the rest of the program gets its turn: two ends may ring in a circle. */
const maxEventsPerTurn = 256;
/** Why an event cannot be taken this moment, though the device is well. */
const passing = new Set(['EINTR', 'EAGAIN']);

const noSuchChannel: Meaning = {
  code: 'notOurs',
  text: 'There is no event channel that waits for this domain.',
  wayOut: 'Ask the other side for the port that it opened for this domain.',
};
const noneLeft: Meaning = {
  code: 'limit',
  text: 'This domain has all the event channels that it may have.',
  wayOut: 'Close those that are no longer used.',
};

/** Throws a XenscopeError where the library or the device cannot be had. */
export function openEventChannels(
  libraries: XenLibraries,
  log?: (line: string) => void,
): NativeEventChannels {
  return new NativeEventChannels(libraries, log);
}

export class NativeEventChannels implements EventChannels {
  readonly #evtchn;
  readonly #poll;
  readonly #handle: Pointer;
  readonly #fd: number;
  readonly #wait: DescriptorWait;
  readonly #ports = new Map<number, NativePort>();
  #isClosed = false;
  /**
   * Set when the device broke, say because its buffer of events ran over, or the simulated host behind it ended:
   * nothing is heard any more.
   */
  #failure: XenscopeError | undefined;

  constructor(
    libraries: XenLibraries,
    private readonly log?: (line: string) => void,
  ) {
    this.#evtchn = libraries.functions('evtchn');
    this.#poll = libraries.functions('libc').poll;
    const handle = this.#evtchn.xenevtchn_open(quietLogger(libraries), 0);
    if (handle === null) throw deviceError(device, lastErrno(), 'xen-evtchn');
    this.#handle = handle;
    this.#fd = this.#evtchn.xenevtchn_fd(handle);
    try {
      this.#wait = whenReadable(
        this.#fd,
        () => this.#takeEvents(),
        () => this.#broke(),
      );
    } catch (error) {
      this.#evtchn.xenevtchn_close(handle);
      throw new XenscopeError('unsupported', `${device} was opened and cannot be waited for.`, {
        cause: error,
        wayOut: 'Report this, with the versions of Node and of the kernel.',
      });
    }
  }

  /** Whether a port of this number is open here, e.g. to be signalled when memory is unmapped. */
  has(port: number): boolean {
    return this.#ports.has(port);
  }

  bindUnbound(remoteDomid: number): EventPort {
    mustBeDomid(remoteDomid);
    this.#mustBeOpen();
    const port = this.#evtchn.xenevtchn_bind_unbound_port(this.#handle, remoteDomid);
    if (port < 0) throw bindError(`An event channel for domain ${remoteDomid}`, lastErrno());
    return this.#keep(port);
  }

  bindInterdomain(remoteDomid: number, remotePort: number): EventPort {
    mustBeDomid(remoteDomid);
    this.#mustBeOpen();
    const what = `Event channel ${remotePort} of domain ${remoteDomid}`;
    if (!isPort(remotePort)) {
      throw new XenscopeError('notOurs', `${what}: ${noSuchChannel.text}`, { wayOut: noSuchChannel.wayOut });
    }
    const port = this.#evtchn.xenevtchn_bind_interdomain(this.#handle, remoteDomid, remotePort);
    if (port < 0) throw bindError(what, lastErrno());
    return this.#keep(port);
  }

  /** Closes all ports. Safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wait.stop();
    for (const port of [...this.#ports.values()]) port.close();
    this.#evtchn.xenevtchn_close(this.#handle);
  }

  #keep(port: number): EventPort {
    const kept = new NativePort(port, {
      notify: () => void this.#evtchn.xenevtchn_notify(this.#handle, port),
      failure: () => this.#failure,
      unmask: () => void this.#evtchn.xenevtchn_unmask(this.#handle, port),
      unbind: () => {
        this.#ports.delete(port);
        this.#evtchn.xenevtchn_unbind(this.#handle, port);
      },
    });
    this.#ports.set(port, kept);
    return kept;
  }

  #takeEvents(): void {
    for (let taken = 0; taken < maxEventsPerTurn; taken++) {
      // Asking for an event when none is pending would block the whole process for good: what the loop has just said
      // of the first one is not relied upon, and a listener may have closed us.
      if (this.#isClosed || !isReadable(this.#poll, this.#fd)) return;
      const port = this.#evtchn.xenevtchn_pending(this.#handle);
      // Else the loop would say without end that there is something to take.
      if (port < 0 && !passing.has(errnoName(lastErrno()))) return this.#broke();
      if (port >= 0) this.#ports.get(port)?.rang();
      // A single port that rings again is heard in the next turn; each look costs as much as the event.
      if (this.#ports.size <= 1) return;
    }
  }

  #broke(): void {
    this.#wait.stop();
    this.#failure = noneHeard();
    this.log?.(this.#failure.message);
    // Whoever sleeps would never hear of it.
    for (const port of [...this.#ports.values()]) port.broke();
  }

  #mustBeOpen(): void {
    if (this.#failure) throw this.#failure;
    if (!this.#isClosed) return;
    throw new XenscopeError('gone', 'The event channels of this host were closed.', {
      wayOut: 'Connect to the host again.',
    });
  }
}

interface PortActs {
  notify(): void;
  unmask(): void;
  failure(): XenscopeError | undefined;
  unbind(): void;
}

class NativePort implements EventPort {
  readonly #acts: PortActs;
  #onEvent: (() => void) | undefined;
  /** It rang, the kernel has masked it for that, and nobody was told yet. */
  #isOwed = false;
  /** The owner was told and has not unmasked it since. */
  #isMasked = false;
  #isClosed = false;

  constructor(
    readonly port: number,
    acts: PortActs,
  ) {
    this.#acts = acts;
  }

  get onEvent(): (() => void) | undefined {
    return this.#onEvent;
  }

  set onEvent(listener: (() => void) | undefined) {
    this.#onEvent = listener;
    // Not from within: who sets a listener does not expect to be called before that is done.
    if (listener && this.#isOwed) setImmediate(() => this.#tell());
  }

  get failure(): XenscopeError | undefined {
    return this.#acts.failure();
  }

  notify(): void {
    if (!this.#isClosed) this.#acts.notify();
  }

  unmask(): void {
    if (this.#isClosed || !this.#isMasked) return;
    this.#isMasked = false;
    this.#acts.unmask();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onEvent = undefined;
    this.#acts.unbind();
  }

  rang(): void {
    this.#isOwed = true;
    this.#tell();
  }

  /** Nothing rings any more: the owner is called once, to look at `failure`. */
  broke(): void {
    this.#onEvent?.();
  }

  #tell(): void {
    if (!this.#isOwed || this.#isMasked || this.#onEvent === undefined) return;
    this.#isOwed = false;
    this.#isMasked = true;
    this.#onEvent();
  }
}

function noneHeard(): XenscopeError {
  return new XenscopeError('gone', `${device} broke: no event of any port is heard any more.`, {
    wayOut: 'Connect to the host again.',
  });
}

function mustBeDomid(domid: number): void {
  if (isDomid(domid)) return;
  throw new XenscopeError('notOurs', `There is no domain ${domid}.`, {
    wayOut: 'Domains have whole numbers from 0 to 32751.',
  });
}

function bindError(what: string, errno: number): XenscopeError {
  return cError(what, errno, {
    EINVAL: noSuchChannel,
    ESRCH: noSuchChannel,
    ENOENT: noSuchChannel,
    EPERM: noSuchChannel,
    EACCES: noSuchChannel,
    ENOSPC: noneLeft,
    ENOMEM: noneLeft,
    other: {
      code: 'unsupported',
      text: 'The event channel cannot be bound.',
      wayOut: 'See the log of the kernel (dmesg).',
    },
  });
}
