/** A frontend of any kind: its habits decide, the class knows the device. */
import { sleep } from '../host/clock';
import { holdsRings } from '../wire/xenbusDance';
import { XenbusState } from '../wire/xenbusState';
import { DeviceDriver } from './deviceDriver';
import type { DriverOptions } from './deviceDriver';
import type { OtherEnd } from './deviceEnd';
import { publish } from './nodes';
import { readOther } from './otherEnd';
import { nextFrontendStep } from './policies/frontendPolicy';
import type { FrontendHabits, FrontendStep } from './policies/frontendPolicy';

/** Before it begins anew after an attempt that came to nothing; twice as long after each, up to the longest. */
const firstRestMs = 100;
const longestRestMs = 10_000;

export interface FrontendOptions extends DriverOptions {
  readonly habits: FrontendHabits;
}

export class FrontendDriver extends DeviceDriver<FrontendStep> {
  readonly #habits: FrontendHabits;
  protected readonly closesOnFailure = true;
  /** Undefined until its own state was seen for the first time. */
  #isFresh: boolean | undefined;
  #isPrepared = false;
  /** To connect, since both ends were connected last. */
  #attempts = 0;
  #rest: { isOver: boolean } | undefined;

  constructor(options: FrontendOptions) {
    super(options);
    this.#habits = options.habits;
  }

  protected findOther(): Promise<OtherEnd | undefined> {
    return readOther(this.options.ports.store, this.options.path, 'backend');
  }

  protected otherWatch(otherPath: string): string {
    return `${otherPath}/state`;
  }

  protected override takesIn(backend: XenbusState): boolean {
    return this.options.ports.frontendTakesIn?.(backend) ?? true;
  }

  /** Only those ask that begin anew by themselves. */
  protected async readOnline(): Promise<boolean> {
    return this.#habits.reopens && Number(await this.device.readOther('online')) === 1;
  }

  protected next(): FrontendStep | undefined {
    const { own, other, online, isAttached } = this;
    this.#isFresh ??= isFreshAtFirst(this.#habits, own);
    if (own === XenbusState.Connected && other === XenbusState.Connected) this.#attempts = 0;
    const step = nextFrontendStep({ own, other, online, isFresh: this.#isFresh, isAttached }, this.#habits);
    const beginsAnew = step?.kind === 'switch' && step.to === XenbusState.Initialising;
    return beginsAnew && this.#mustRest() ? undefined : step;
  }

  /** A backend that cannot be used, and one that lets nobody in, are not asked as fast as the machine can. */
  #mustRest(): boolean {
    if (this.#attempts === 0) return false;
    if (this.#rest) return !this.#rest.isOver;
    const rest: { isOver: boolean } = { isOver: false };
    this.#rest = rest;
    const restMs = Math.min(firstRestMs * 2 ** (this.#attempts - 1), longestRestMs);
    sleep(this.options.ports.clock, restMs, this.device.signal).then(
      () => {
        rest.isOver = true;
        void this.look();
      },
      // The device has gone meanwhile.
      () => undefined,
    );
    return true;
  }

  protected async perform(step: FrontendStep): Promise<void> {
    switch (step.kind) {
      case 'attach':
        return this.#attach(step.to);
      case 'switch':
        await this.switchTo(step.to);
        if (step.to === XenbusState.Initialising) this.#isFresh = true;
        if (step.to === XenbusState.Connected && this.own === step.to) this.type.connected?.();
        return;
      case 'release':
        return this.detach();
      case 'end':
        return this.end();
    }
  }

  async #attach(to: XenbusState): Promise<void> {
    this.#attempts++;
    this.#rest = undefined;
    const { ports, path } = this.options;
    if (!this.#isPrepared) {
      const entries = (await this.type.init?.()) ?? [];
      if (entries.length > 0) await publish(ports.store, path, entries);
      this.#isPrepared = true;
    }
    const entries = (await this.type.initialise?.()) ?? [];
    this.isAttached = true;
    await this.go(to, entries);
    if (!holdsRings('frontend', this.own)) return this.detach();
    if (to === XenbusState.Connected && this.own === to) this.type.connected?.();
  }
}

function isFreshAtFirst({ closesFirst }: FrontendHabits, own: XenbusState): boolean {
  return closesFirst === 'never' || (closesFirst === 'ifUsed' && own === XenbusState.Initialising);
}
