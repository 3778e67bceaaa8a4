/**
 * A vchan between others to which an editor listens. Nothing is written, and neither end knows of it. A
 * simulated host tells of each move, so that nothing passes unseen there; elsewhere the indices are looked
 * at often, and what passed between two looks is counted.
 */
import type { VchanRingLevel, VchanState } from '../act/vchanPlan';
import type { TapWay } from '../capture/tapWay';
import { type Tapped, VchanTap } from '../capture/vchanTap';
import type { Clock, Timer } from '../host/clock';
import type { ObservedPage, Observer } from '../host/observer';
import { VCHAN_PAGE } from '../wire/vchanPage';
import { VchanLive } from '../wire/vchanRings';

/** A ring of 4 KiB that is filled anew each time carries 400 kB a second that all are seen. */
export const tapIntervalMs = 10;

export interface VchanWatcherOptions {
  readonly page: ObservedPage;
  readonly observer: Observer;
  readonly clock: Clock;
  /** `web (3)`. */
  readonly server: string;
  readonly client: string;
  readonly isHeld: () => boolean;
}

type Words = Pick<VchanState, 'phase' | 'text' | 'wayOut' | 'severity'>;

const { cli_live, srv_live } = VCHAN_PAGE.fields;

export class VchanWatcher {
  readonly #options: VchanWatcherOptions;
  readonly #tap: VchanTap;
  readonly #stopMoves: (() => void) | undefined;
  #timer: Timer | undefined;
  #leftOutBytes = 0;
  #isGone = false;

  /** Looks at once, and from then on by itself until it is ended. */
  constructor(options: VchanWatcherOptions) {
    this.#options = options;
    const { page, observer } = options;
    this.#tap = new VchanTap(page);
    this.#stopMoves = observer.onMove?.((domid) => {
      if (domid === page.domid || domid === page.peerDomid) this.#look();
    });
    this.#lookOn();
  }

  /** `sent` and `output` are of the ring to the server, `received` and `input` of that to the client. */
  get state(): VchanState {
    const { left, right } = this.#tap;
    return {
      ...this.#words(),
      ring: this.#options.page.id,
      reads: true,
      sent: countOf(left),
      received: countOf(right),
      droppedBytes: this.#leftOutBytes,
      ...(this.#tap.hasRead && { output: levelOf(left), input: levelOf(right) }),
    };
  }

  take(): Tapped {
    const tapped = this.#tap.take();
    this.#leftOutBytes += tapped.leftOutBytes;
    return tapped;
  }

  /** Safe to call twice. */
  end(): void {
    this.#stopMoves?.();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #lookOn(): void {
    this.#look();
    if (!this.#isGone) this.#timer = this.#options.clock.after(tapIntervalMs, () => this.#lookOn());
  }

  #look(): void {
    if (this.#isGone || this.#tap.look(this.#options.clock.nowMs()) !== 'gone') return;
    this.#isGone = true;
    this.end();
  }

  #words(): Words {
    const { server, client, isHeld } = this.#options;
    const { unreadable, unreachable, hasRead } = this.#tap;
    if (this.#isGone) {
      const wayOut = 'Watch it again when it is offered anew.';
      return { phase: 'ended', text: `The vchan of ${server} is gone.`, wayOut, severity: 'note' };
    }
    if (unreadable) {
      const { message, wayOut } = unreadable;
      return {
        phase: 'open',
        text: `It cannot be seen now. ${message}`,
        ...way(wayOut),
        severity: 'warning',
      };
    }
    if (!hasRead) return { phase: 'opening', text: `Looking at the vchan of ${server}…`, severity: 'note' };
    if (unreachable) {
      const text = `Only how much passes can be seen, and not what. ${unreachable.message}`;
      return { phase: 'open', text, ...way(unreachable.wayOut), severity: 'warning' };
    }
    const left = this.#whoLeft();
    if (left !== undefined) return { phase: 'open', text: left, severity: 'note' };
    const text = `Listening to ${client} and ${server}; neither of them knows.`;
    if (!isHeld()) return { phase: 'open', text, severity: 'fine' };
    const wayOut = 'The world is held: resume it, or step it on.';
    return { phase: 'open', text, wayOut, severity: 'note' };
  }

  #whoLeft(): string | undefined {
    const { page, server, client } = this.#options;
    const word = Buffer.alloc(4);
    if (!page.copy(word, cli_live.offsetBytes)) return undefined;
    if (word[srv_live.offsetBytes - cli_live.offsetBytes] === VchanLive.GONE) {
      return `${server}, the server, has left; ${client} may still read what it wrote.`;
    }
    if (word[0] === VchanLive.GONE) return `${client}, the client, has left.`;
    return word[0] === VchanLive.NEVER ? `${server} offers it, and ${client} has not come yet.` : undefined;
  }
}

function way(wayOut: string | undefined): Pick<VchanState, 'wayOut'> {
  return wayOut === undefined ? {} : { wayOut };
}

function levelOf({ ring, sizeBytes, counter }: TapWay): VchanRingLevel {
  const { isInsane, usedBytes } = counter;
  return { name: ring, sizeBytes, ...(!isInsane && { usedBytes }) };
}

function countOf({ counter, writes, unseenBytes }: TapWay): VchanState['sent'] {
  return { bytes: counter.totalProducedBytes, messages: writes, unseenBytes };
}
