/**
 * All PV Calls devices of a host whose command rings can be looked at: listens to their commands, has their data
 * rings looked at as other rings are, and joins both, as often as somebody wants to see it.
 */
import { type CommandListener, CommandTaps, maxCommandTaps } from '../../capture/commandTaps';
import type { Clock } from '../../host/clock';
import type { HeldState } from '../../host/callInterceptor';
import type { EndReports } from '../../host/endReports';
import type { ObservedPage, Observer } from '../../host/observer';
import type { DeviceRing } from '../../wire/deviceRings/deviceRing';
import { HeldTime, type SeenTime } from '../heldTime';
import type { RingSubscription, RingWatch } from '../rings/ringWatch';
import { type DeviceSurroundings, PvCallsDevice, type PvCallsJudge, frontendPath } from './pvcallsDevice';
import type { PvCallsDiagnosis } from './pvcallsTypes';

/** Where nobody tells of moves: how often commands are looked for while somebody looks, and while nobody does. */
export const callsIntervalMs = 10;
export const unwatchedCallsIntervalMs = 500;
/** One that shares no command ring any more is remembered for so long, should it come back. */
export const goneRememberedMs = 10_000;

export interface PvCallsWatchOptions {
  readonly observer: Observer;
  readonly clock: Clock;
  /** Samples the data rings. */
  readonly rings: RingWatch;
  readonly judge: PvCallsJudge;
  readonly nameDomain: (domid: number) => string;
  readonly isHeld?: () => boolean;
  readonly reports?: EndReports | undefined;
  /** Which calls of the device in this folder of its backend somebody here keeps from it, by their numbers. */
  readonly held?: (backend: string) => ReadonlyMap<number, HeldState>;
  /** What is wrong with some device is other than before. */
  readonly onDiagnoses?: () => void;
  readonly onMistake?: (error: unknown) => void;
}

export class PvCallsWatch {
  readonly #options: PvCallsWatchOptions;
  readonly #time: HeldTime;
  readonly #devices = new Map<string, PvCallsDevice>();
  readonly #taps: CommandTaps;
  readonly #always: RingSubscription;
  #subscribers = 0;
  #lookedAt: SeenTime | undefined;
  /** The versions of all books, as data rings were named last. */
  #namedVersion = '';
  #toldDiagnoses = '';

  /** Listens from now on, and looks twice a second for what is wrong. */
  constructor(options: PvCallsWatchOptions) {
    this.#options = options;
    this.#time = new HeldTime(options.isHeld ?? (() => false));
    const { observer, clock, rings, onMistake } = options;
    this.#taps = new CommandTaps({
      observer,
      clock,
      intervalMs: unwatchedCallsIntervalMs,
      listener: this.#listener,
      ...(onMistake && { onMistake }),
    });
    this.#always = rings.subscribe(({ timeMs }) => this.#look(timeMs), {
      intervalMs: unwatchedCallsIntervalMs,
    });
  }

  /** `listener` is called at most every `intervalMs`, when all devices have been looked at. */
  subscribe(listener: (time: SeenTime) => void, intervalMs: number): RingSubscription {
    const subscription = this.#options.rings.subscribe(({ timeMs }) => listener(this.#look(timeMs)), {
      intervalMs,
    });
    this.#watched(1);
    let isOver = false;
    return {
      setInterval: (nextMs) => subscription.setInterval(nextMs),
      stop: () => {
        if (isOver) return;
        isOver = true;
        subscription.stop();
        this.#watched(-1);
      },
    };
  }

  /** Those that share a command ring now, as of the last look. */
  get devices(): readonly PvCallsDevice[] {
    return this.#present.filter(({ wasLookedAt }) => wasLookedAt);
  }

  get #present(): readonly PvCallsDevice[] {
    return [...this.#devices.values()].filter((device) => !device.goneAt);
  }

  /** By the path of its frontend. */
  device(id: string): PvCallsDevice | undefined {
    const device = this.#devices.get(id);
    return device?.wasLookedAt && !device.goneAt ? device : undefined;
  }

  /** Why nobody listens to the commands of this one, though its command ring can be looked at; undefined: they do. */
  whyUnheard(id: string): string | undefined {
    const isLeftOut = this.#taps.leftOut.some(
      ({ domid, device }) => frontendPath(domid, device!.devid) === id,
    );
    return isLeftOut
      ? `No more than ${maxCommandTaps} command rings are listened to on one host.`
      : undefined;
  }

  /** What is wrong with it; nothing where all is well, or nobody can see. */
  diagnosesOf(id: string): readonly PvCallsDiagnosis[] {
    return this.device(id)?.diagnoses ?? [];
  }

  /** Looks now, out of turn. */
  lookNow(): SeenTime {
    this.#lookedAt = undefined;
    return this.#look(this.#options.clock.nowMs());
  }

  close(): void {
    this.#always.stop();
    this.#taps.close();
    this.#options.observer.nameRings?.(this, []);
  }

  #watched(more: 1 | -1): void {
    this.#subscribers += more;
    this.#taps.setInterval(this.#subscribers > 0 ? callsIntervalMs : unwatchedCallsIntervalMs);
  }

  readonly #listener: CommandListener = {
    appeared: (page, tap) => {
      const { domid, devid } = page.device!;
      const known = this.#devices.get(frontendPath(domid, devid));
      if (known) return known.attach(page, tap);
      const device = new PvCallsDevice(page, tap);
      this.#devices.set(device.id, device);
    },
    looked: (page, look, nowMs) => this.#of(page)?.take(look, this.#time.at(nowMs)),
    gone: (page) => this.#of(page)?.detach(this.#time.at(this.#options.clock.nowMs())),
  };

  #of({ device }: ObservedPage): PvCallsDevice | undefined {
    return this.#devices.get(frontendPath(device!.domid, device!.devid));
  }

  /** Once for all who look at the same moment. */
  #look(nowMs: number): SeenTime {
    const time = this.#time.at(nowMs);
    if (this.#lookedAt === time) return time;
    this.#lookedAt = time;
    this.#forgetGone(time);
    this.#nameRings();
    for (const device of this.#present) device.look(this.#surroundings(device.id), time);
    this.#tellDiagnoses();
    return time;
  }

  #surroundings(id: string): DeviceSurroundings {
    const { rings, judge, nameDomain, reports, held } = this.#options;
    return {
      judge,
      nameDomain,
      reports: reports?.of(id) ?? [],
      lookIntervalMs: this.#taps.intervalMs,
      held: held ?? (() => new Map()),
      seen: (ring) => rings.seen(ring),
      whyUnseen: (ring) => this.#whyUnseen(ring),
    };
  }

  #whyUnseen(ring: DeviceRing): string | undefined {
    const { observer } = this.#options;
    if (!observer.whyUnseen) return 'Data rings cannot be looked at on this host.';
    return observer.whyUnseen(ring) ?? 'It has not been looked at yet.';
  }

  #forgetGone({ activeMs }: SeenTime): void {
    for (const [id, { goneAt }] of this.#devices) {
      if (goneAt && activeMs - goneAt.activeMs >= goneRememberedMs) this.#devices.delete(id);
    }
  }

  #nameRings(): void {
    const { observer } = this.#options;
    const versions = this.#present.map(({ id, sockets }) => `${id} ${sockets.ringsVersion}`).join();
    if (versions === this.#namedVersion) return;
    this.#namedVersion = versions;
    observer.nameRings?.(
      this,
      this.#present.flatMap((device) => [...device.rings()]),
    );
  }

  #tellDiagnoses(): void {
    const words = this.devices
      .flatMap(({ id, diagnoses }) => diagnoses.map(({ rule, text }) => `${id} ${rule} ${text}`))
      .join();
    if (words === this.#toldDiagnoses) return;
    this.#toldDiagnoses = words;
    this.#options.onDiagnoses?.();
  }
}
