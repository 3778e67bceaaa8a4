/**
 * Connections of sockets that were released while bytes of theirs were still on the way: they are finished, not
 * cut off, even if the device goes meanwhile, as a guest does that has said its last. A network whose other side
 * reads nothing would keep them for ever, and one guest could fill our memory with them. Whoever is cut off for
 * that hears a reset and no end, as bytes are missing, and the findings of the device say so.
 */
import { once } from 'node:events';
import type { Clock, Timer } from '../../host/clock';
import { addressText } from '../../wire/pvcalls/address';
import type { PvCallsFindings } from '../findings';
import type { NetConnection } from '../network';

/** Of one guest, however many devices it has and however often they come and go. */
const maxReleased = 4096;
const maxUnsentBytes = 64 * 1024 * 1024;
/** How often all are looked at: a timer for each would be as many as there are sockets. */
const lookIntervalMs = 30_000;
/** The kernel takes bytes in steps of megabytes: where the other side reads slowly nothing moves here for minutes. */
const patienceMs = 5 * 60_000;
/** Where all was taken, and only the other side's end is awaited. */
const farewellMs = 60_000;

export interface Released {
  readonly connection: NetConnection;
  /** The guest whose socket it was. */
  readonly domid: number;
  readonly findings: PvCallsFindings;
}

/** How much was left when something was taken last. */
interface Progress {
  readonly unsentBytes: number;
  readonly atMs: number;
}

/** The oldest first. */
type OfGuest = Map<Released, Progress>;

export class Lingering {
  readonly #clock: Clock;
  readonly #guests = new Map<number, OfGuest>();
  /** While there is any. */
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the connection when all is written, and reads no more of it. The other side has to go on taking bytes. */
  finish(released: Released): void {
    const { stream } = released.connection;
    if (stream.destroyed) return;
    const guest = this.#guests.get(released.domid) ?? (new Map() as OfGuest);
    this.#guests.set(released.domid, guest);
    this.#note(released, guest);
    this.#lookLater();
    stream.once('close', () => this.#forget(released));
    stream.resume();
    stream.end();
    this.#keepWithinLimits(guest);
  }

  /** Resolves when the network has all that waits now, or has broken. Never, where somebody reads nothing. */
  async sent(): Promise<void> {
    const writing = this.#all().filter(({ connection }) => !connection.stream.writableFinished);
    await Promise.all(
      writing.map(async ({ connection: { stream } }) => {
        await Promise.race([once(stream, 'finish'), once(stream, 'close')]).catch(() => undefined);
      }),
    );
  }

  /** Lets go of all. Answers how many of them had bytes left, and were reset. */
  end(): number {
    const isCutOff = this.#all().map((released) => this.#cut(released));
    return isCutOff.filter(Boolean).length;
  }

  #all(): Released[] {
    return [...this.#guests.values()].flatMap((guest) => [...guest.keys()]);
  }

  #note(released: Released, guest: OfGuest): void {
    guest.set(released, { unsentBytes: unsentBytes(released), atMs: this.#clock.nowMs() });
  }

  #lookLater(): void {
    this.#timer ??= this.#clock.after(lookIntervalMs, () => {
      this.#timer = undefined;
      this.#lookAtAll();
      if (this.#guests.size > 0) this.#lookLater();
    });
  }

  #lookAtAll(): void {
    for (const guest of this.#guests.values()) {
      for (const [released, last] of guest) {
        const unsent = unsentBytes(released);
        if (unsent < last.unsentBytes) this.#note(released, guest);
        else if (this.#clock.nowMs() - last.atMs >= (unsent > 0 ? patienceMs : farewellMs)) {
          this.#letGo(released, `none was taken for ${patienceMs / 60_000} minutes`);
        }
      }
    }
  }

  #keepWithinLimits(guest: OfGuest): void {
    let bytes = 0;
    for (const released of guest.keys()) bytes += unsentBytes(released);
    for (const released of guest.keys()) {
      if (bytes <= maxUnsentBytes) break;
      bytes -= unsentBytes(released);
      if (unsentBytes(released) > 0) this.#letGo(released, `more than ${maxUnsentBytes} bytes waited`);
    }
    if (guest.size <= maxReleased) return;
    // One of which only the other side's end is awaited loses nothing.
    const oldest = [...guest.keys()];
    const sent = oldest.find((released) => unsentBytes(released) === 0);
    this.#letGo(sent ?? oldest[0]!, `more than ${maxReleased} sockets waited`);
  }

  #letGo(released: Released, why: string): void {
    const { connection, findings } = released;
    const bytes = unsentBytes(released);
    if (!this.#cut(released)) return;
    const place = addressText(connection.remote);
    findings.add('limit', `${bytes} bytes of a released socket did not reach ${place}: ${why}.`);
  }

  /** Ends it at once; answers whether bytes are lost with it. */
  #cut(released: Released): boolean {
    const { connection } = released;
    const isCutOff = unsentBytes(released) > 0;
    this.#forget(released);
    if (isCutOff) connection.reset();
    else connection.stream.destroy();
    return isCutOff;
  }

  #forget(released: Released): void {
    const guest = this.#guests.get(released.domid);
    guest?.delete(released);
    if (guest?.size === 0) this.#guests.delete(released.domid);
    if (this.#guests.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** Not yet with the network. */
function unsentBytes({ connection }: Released): number {
  return connection.stream.writableLength;
}
