/**
 * A PV Calls device of our own: plugged as a toolstack does it, driven by the frontend driver that all devices
 * have, and unplugged again. What is sent over it is not its business.
 */
import { XenscopeError } from '../../host/errors';
import type { Clock } from '../../host/clock';
import type { EventPort } from '../../host/events';
import type { HostProgram } from '../../host/program';
import type { StoreClient } from '../../host/storeClient';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import { XenbusState } from '../../wire/xenbusState';
import { runFrontends } from '../../xenbus/bus';
import type { FrontendKind } from '../../xenbus/bus';
import { readState } from '../../xenbus/nodes';
import { xenbusPorts } from '../../xenbus/ports';
import type { XenbusPorts } from '../../xenbus/ports';
import { type PluggedDevice, askToClose, plugDevice, removeDevice } from './deviceNodes';
import { type DeviceLink, pvcallsHabits, shareCommandRing } from './deviceLink';

/** How long a toolstack waits for a backend to close (LIBXL_DESTROY_TIMEOUT). */
export const closeTimeoutMs = 10_000;

/** How long that is waited for once whoever opened it leaves, who could remove no node afterwards. */
export const hastyCloseMs = 1_000;

/** In which our own driver gives back what it holds. */
const stopPatienceMs = 1_000;

export interface LinkUser {
  event(port: EventPort): void;
  connected(): void;
  disconnect(): void;
}

export interface OwnDeviceOptions {
  readonly program: Pick<HostProgram, 'store' | 'grants' | 'events' | 'ended' | 'close'>;
  /** The toolstack's. */
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly domid: number;
  readonly backendDomid: number;
  readonly edition: PvCallsEdition;
  /** Makes the user of the ring, before anybody learns of it. */
  readonly use: (link: DeviceLink) => LinkUser;
  /** States or nodes have changed. */
  readonly onChange: () => void;
  /** No time passes: what is waited for cannot come. */
  readonly isHeld: () => boolean;
}

export interface EndStates {
  /** Unknown: there is no such node. */
  readonly frontend: XenbusState;
  readonly backend: XenbusState;
}

export class OwnDevice {
  /** Once it is plugged. */
  place: PluggedDevice | undefined;
  states: EndStates | undefined;
  /** Why our side gave the device up. */
  failure: string | undefined;
  readonly #options: OwnDeviceOptions;
  readonly #over = new AbortController();
  readonly #looks = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #isDead = false;
  #isRemoved = false;
  #onStates: (() => void) | undefined;
  #isHasty = false;
  #onHaste: (() => void) | undefined;

  constructor(options: OwnDeviceOptions) {
    this.#options = options;
  }

  /** Plugs it; from then on the drivers of both ends go their way. Rejects with a XenscopeError. */
  async open(): Promise<void> {
    const { store, domid, backendDomid } = this.#options;
    this.place = await plugDevice(store, domid, backendDomid);
    this.#follow(this.place);
    // Ended while it was plugged: nobody drives it.
    if (this.#over.signal.aborted) return;
    const devid = String(this.place.devid);
    this.#running = runFrontends(
      this.#ports(),
      { pvcalls: { ...this.#kind(), takes: (each) => each === devid } },
      'device/pvcalls',
    ).catch((error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      if (!this.#over.signal.aborted) this.failure ??= text;
      this.#options.onChange();
    });
  }

  /** In order, as a toolstack unplugs: the nodes stay until `remove`. Never rejects for what the other side does. */
  async close(): Promise<void> {
    const { store } = this.#options;
    const { place } = this;
    // One that no backend has taken yet, none would close.
    const isTaken = (this.states?.backend ?? 0) > XenbusState.Initialising;
    const isDriven = isTaken && !this.#isDead && !this.#over.signal.aborted;
    if (place && isDriven && (await askToClose(store, place))) await this.#closed();
    await this.#stop();
  }

  /** Closing it, now or later, does not wait for long any more. */
  hasten(): void {
    this.#isHasty = true;
    this.#onHaste?.();
  }

  /** The program, or its whole domain, is gone: nothing is given back, and nobody is told. */
  async abandon(): Promise<void> {
    this.#isDead = true;
    await this.#stop();
  }

  /** Removes the nodes that are left. Safe to call twice. */
  async remove(): Promise<void> {
    const { store } = this.#options;
    const { place } = this;
    this.#looks.abort();
    if (!place || this.#isRemoved) return;
    this.#isRemoved = true;
    // One whose frontend never closes is told to go all the same, as when a domain was destroyed.
    if (this.states?.backend !== XenbusState.Closed) await askToClose(store, place);
    await removeDevice(store, place);
  }

  /** Our driver may wait for a store that does not answer, as in a paused guest: its program ends then. */
  async #stop(): Promise<void> {
    const { clock, isHeld, program } = this.#options;
    this.#over.abort();
    const lookAgain = () => {
      if (isHeld()) patience = clock.after(stopPatienceMs, lookAgain);
      else void program.close();
    };
    let patience = clock.after(stopPatienceMs, lookAgain);
    await this.#running;
    patience.cancel();
  }

  #kind(): FrontendKind {
    const { edition, use } = this.#options;
    return {
      habits: pvcallsHabits(false),
      make: (device) => {
        let user: LinkUser | undefined;
        return {
          initialise: async () => {
            const { link, entries } = await shareCommandRing(device, edition);
            user = use(link);
            return entries;
          },
          connected: () => user?.connected(),
          event: (port) => user?.event(port),
          disconnect: () => user?.disconnect(),
        };
      },
    };
  }

  #ports(): XenbusPorts {
    const { program, clock, domid } = this.#options;
    const { store, grants, events } = program;
    const { signal } = this.#over;
    const log = (line: string) => {
      this.failure ??= line.replace(/^device\/pvcalls\/[0-9]+: /, '');
      this.#options.onChange();
    };
    const ports = xenbusPorts({ domid, store, grants, events, clock, signal, log });
    const isDead = () => this.#isDead;
    return {
      ...ports,
      get isDead() {
        return isDead();
      },
    };
  }

  #follow({ frontend, backend }: PluggedDevice): void {
    const { store } = this.#options;
    const { signal } = this.#looks;
    const look = async () => {
      const states = { frontend: await readState(store, frontend), backend: await readState(store, backend) };
      this.states = states;
      this.#onStates?.();
      this.#options.onChange();
    };
    const { follow } = xenbusPorts({
      ...this.#options.program,
      domid: 0,
      store,
      clock: this.#options.clock,
      signal,
    });
    for (const path of [frontend, backend]) {
      // A store that is gone says nothing more.
      follow(`${path}/state`, look, signal).catch((error: unknown) => {
        if (!(error instanceof XenscopeError)) throw error;
      });
    }
  }

  /** Resolves when both ends have closed, or are gone, or a toolstack would wait no longer. */
  #closed(): Promise<void> {
    const { clock, isHeld, program } = this.#options;
    const isOver = (state: XenbusState) => state === XenbusState.Closed || state === XenbusState.Unknown;
    return new Promise((resolve) => {
      const begin = () =>
        clock.after(this.#isHasty ? hastyCloseMs : closeTimeoutMs, () => {
          if (isHeld() && !this.#isHasty) timer = begin();
          else done();
        });
      let timer = begin();
      const done = () => {
        timer.cancel();
        this.#onStates = undefined;
        this.#onHaste = undefined;
        program.ended?.removeEventListener('abort', done);
        resolve();
      };
      this.#onHaste = () => {
        timer.cancel();
        timer = begin();
      };
      this.#onStates = () => {
        if (this.states && isOver(this.states.frontend) && isOver(this.states.backend)) done();
      };
      // Its domain ends meanwhile: nobody is left who would close.
      if (program.ended?.aborted) return done();
      program.ended?.addEventListener('abort', done, { once: true });
      this.#onStates();
    });
  }
}
