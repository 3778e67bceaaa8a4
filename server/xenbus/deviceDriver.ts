/**
 * Holds one end of one device: looks at both states when something may have changed, asks the policy
 * for the next step, and does it, one after the other. What a policy decides and what a class does is
 * not its business; that nothing stays held is.
 */
import { XenscopeError } from '../host/errors';
import type { EventPort } from '../host/events';
import type { WatchEvent } from '../host/storeClient';
import { holdsRings } from '../wire/xenbusDance';
import { XenbusState } from '../wire/xenbusState';
import type { DeviceClass, MakeDevice } from './deviceClass';
import { DeviceEnd } from './deviceEnd';
import type { OtherEnd } from './deviceEnd';
import { publish, readState, reportError, switchState } from './nodes';
import type { Entries } from './nodes';
import type { XenbusPorts } from './ports';

/** The longest dance has six steps; a policy that goes in a circle is stopped here until something changes. */
const maxStepsAtOnce = 24;
export interface DriverOptions {
  readonly ports: XenbusPorts;
  /** The device's own folder. */
  readonly path: string;
  readonly make: MakeDevice;
}

/** What a driver looks at again before its next step. */
export type Stale = 'own' | 'other' | 'online' | 'hotplug';

export abstract class DeviceDriver<Step extends { readonly kind: string }> {
  protected readonly options: DriverOptions;
  protected device!: DeviceEnd;
  protected type!: DeviceClass;
  protected own: XenbusState = XenbusState.Unknown;
  protected other: XenbusState = XenbusState.Unknown;
  protected online = false;
  protected isAttached = false;
  readonly #stale = new Set<Stale>(['own', 'other', 'online']);
  readonly #over = new AbortController();
  #failure: unknown;
  #isAtWork = false;
  #work: Promise<void> | undefined;
  #mustLook = false;

  constructor(options: DriverOptions) {
    this.options = options;
  }

  /** Shares, mappings and channels that it holds. */
  get held(): number {
    return this.device?.resources.held ?? 0;
  }

  /**
   * Runs until the device is given up or `signal` is aborted; everything is given back by then. Answers
   * whether there was a device to hold: one that does not say where its other end is, is none yet.
   */
  async run(signal: AbortSignal): Promise<boolean> {
    const { ports, path, make } = this.options;
    const other = await this.findOther();
    if (!other) return false;
    const until = AbortSignal.any([signal, this.#over.signal]);
    const onEvent = (port: EventPort) => void (until.aborted || this.type.event?.(port));
    this.device = new DeviceEnd(ports, path, other, until, onEvent);
    this.type = make(this.device);
    try {
      const look = async ({ path: changed, kind }: WatchEvent) => {
        if (kind !== 'change' || this.concernsOther(changed)) await this.look('other');
        return until.aborted ? 'done' : undefined;
      };
      await ports.follow(this.otherWatch(other.path), look, until);
      if (this.#failure !== undefined) throw this.#failure as Error;
      return true;
    } finally {
      // A step that is under way may still map something: only then is it known what there is to give back.
      await this.#work;
      if (!ports.isDead) {
        this.detach();
        this.type.free?.();
      }
    }
  }

  /**
   * Something may have changed: looks and does what there is to do. Never rejects; a failure ends `run`.
   * Calls while it is at work make it look once more.
   */
  async look(...stale: readonly Stale[]): Promise<void> {
    for (const each of stale) this.#stale.add(each);
    this.#mustLook = true;
    // Before `run` knows the other end there is nothing to look at; its watch begins with a look.
    if (this.#isAtWork || !this.device) return;
    this.#isAtWork = true;
    await (this.#work = this.#workThrough());
  }

  protected abstract findOther(): Promise<OtherEnd | undefined>;
  /** What is watched of the other end. */
  protected abstract otherWatch(otherPath: string): string;
  /** Whether a change at `path`, of what is watched of the other end, may mean anything. */
  protected concernsOther(path: string): boolean {
    void path;
    return true;
  }

  protected abstract next(): Step | undefined;
  protected abstract perform(step: Step): Promise<void>;
  /** What a driver does besides writing why, when a step failed. */
  protected abstract readonly closesOnFailure: boolean;
  protected abstract readOnline(): Promise<boolean>;
  /** Only backends have scripts to wait for. */
  protected readHotplug(): Promise<void> {
    return Promise.resolve();
  }
  /** Whether the driver takes in that the other end is in this state; if not, it goes by what it saw before. */
  protected takesIn(other: XenbusState): boolean {
    void other;
    return true;
  }

  protected end(): void {
    this.#end(undefined);
  }

  /** Publishes, then moves `state`, unless somebody else has moved it meanwhile. */
  protected async go(to: XenbusState, entries: Entries = []): Promise<void> {
    const { ports, path } = this.options;
    if (entries.length > 0 && !(await publish(ports.store, path, entries))) {
      this.own = XenbusState.Unknown;
      return;
    }
    this.own = await switchState(ports.store, path, to, this.own);
  }

  /** Moves `state`; rings that the new state does not keep are let go before it. */
  protected async switchTo(to: XenbusState): Promise<void> {
    if (!holdsRings('frontend', to)) this.detach();
    await this.go(to);
  }

  protected detach(): void {
    if (this.isAttached) this.type.disconnect?.();
    this.isAttached = false;
    this.device.resources.release();
  }

  async #workThrough(): Promise<void> {
    try {
      while (this.#mustLook && !this.device.signal.aborted) {
        this.#mustLook = false;
        await this.#steps();
      }
    } catch (error) {
      if (!this.device.signal.aborted) this.#end(error);
    } finally {
      this.#isAtWork = false;
    }
  }

  async #steps(): Promise<void> {
    for (let count = 0; count < maxStepsAtOnce; count++) {
      await this.#refresh();
      if (!this.next()) return;
      await this.options.ports.pause(this.device.signal);
      // Whatever changed during the pause may ask for another step.
      await this.#refresh();
      const step = this.next();
      if (!step) return;
      const isOver = await this.#tryStep(step);
      if (isOver || this.device.signal.aborted) return;
    }
  }

  /** Answers whether that is all that can be done for now. */
  async #tryStep(step: Step): Promise<boolean> {
    try {
      await this.perform(step);
      return false;
    } catch (error) {
      if (!isOfDevice(error) || this.device.signal.aborted) throw error;
      await this.#fail(error);
      return true;
    }
  }

  /** As xenbus_dev_fatal of Linux: says why where the field looks for it, and closes. */
  async #fail(error: XenscopeError): Promise<void> {
    const { ports, path } = this.options;
    ports.log(`${path}: ${error.message}`);
    this.detach();
    await reportError(ports.store, path, error);
    if (!this.closesOnFailure) return;
    try {
      this.own = await switchState(ports.store, path, XenbusState.Closing, this.own);
    } catch (refused) {
      if (!isOfDevice(refused)) throw refused;
      // A store that takes neither the reason nor the state: nothing more can be done with the device.
      this.#end(undefined);
    }
  }

  async #refresh(): Promise<void> {
    const { store } = this.options.ports;
    const stale = new Set(this.#stale);
    this.#stale.clear();
    const [own, other, online] = await Promise.all([
      stale.has('own') ? readState(store, this.options.path) : this.own,
      stale.has('other') ? readState(store, this.device.other.path) : this.other,
      stale.has('online') ? this.readOnline() : this.online,
      stale.has('hotplug') ? this.readHotplug() : undefined,
    ]);
    this.own = own;
    if (other === this.other || this.takesIn(other)) this.other = other;
    this.online = online;
  }

  #end(failure: unknown): void {
    this.#failure ??= failure;
    this.#over.abort(new Error(`the driver of ${this.options.path} has ended`));
  }
}

/** What concerns one device, and not the connection to the store or the whole program. */
function isOfDevice(error: unknown): error is XenscopeError {
  return error instanceof XenscopeError && !['away', 'interrupted', 'cancelled'].includes(error.code);
}
