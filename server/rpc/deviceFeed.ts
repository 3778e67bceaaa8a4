/**
 * What an editor is told of the devices of one host while it shows them: all at first, then those that
 * changed. Each message is made from what is true when it is sent; while the editor does not read, none is.
 */
import type { Clock, Timer } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { DeviceModel } from '../model/devices/deviceModel';
import type { DeviceDetail, DeviceRow } from '../model/devices/deviceTypes';
import type { ApiNotifications } from './api';

/** Ten a second: what an eye follows in a row of text. */
export const deviceFrameIntervalMs = 100;
/** Who waits for whom grows older without any news from the store. */
export const waitingIntervalMs = 1_000;

/** The way to the editor. */
export interface DevicePost {
  /** The editor has not taken what it was sent. */
  readonly isBusy: () => boolean;
  readonly send: (frame: ApiNotifications['xenscope/devicesFrame']) => void;
}

export interface DeviceFeedOptions extends DevicePost {
  readonly host: string;
  readonly clock: Clock;
  /** Calls back when the rows are to be asked for again. */
  readonly model: (onChange: () => void) => DeviceModel;
  readonly onMistake: (error: unknown) => void;
}

export class DeviceFeed {
  readonly #options: DeviceFeedOptions;
  readonly #model: DeviceModel;
  /** What the editor knows, as text; undefined while it shows none. */
  #told: Map<string, string> | undefined;
  #isWhole = false;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: DeviceFeedOptions) {
    this.#options = options;
    this.#model = options.model(() => this.#tellAfter(deviceFrameIntervalMs));
  }

  list(): Promise<DeviceRow[]> {
    return this.#model.rows();
  }

  async detail(id: string): Promise<DeviceDetail> {
    const detail = await this.#model.detail(id);
    if (detail) return detail;
    throw new XenscopeError('gone', `There is no device ${id.slice(0, 256)} on this host now.`, {
      wayOut: 'It may have been removed; the view “Devices” shows those that there are.',
    });
  }

  start(): void {
    this.#told = new Map();
    this.#isWhole = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#tellAfter(0);
  }

  stop(): void {
    this.#told = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.stop();
    this.#model.close();
  }

  #tellAfter(delayMs: number): void {
    if (!this.#told || this.#isClosed || this.#timer) return;
    this.#timer = this.#options.clock.after(delayMs, () => {
      this.#tell().catch(this.#options.onMistake);
    });
  }

  async #tell(): Promise<void> {
    const told = this.#told;
    const rows = await this.#model.rows().catch(emptyWhileAway);
    this.#timer = undefined;
    // Stopped, or begun anew, while it was read.
    if (!rows || !told || told !== this.#told || this.#isClosed) return this.#tellAfter(waitingIntervalMs);
    if (this.#options.isBusy()) return this.#tellAfter(deviceFrameIntervalMs);
    this.#send(told, rows);
    if (rows.some(({ turn }) => turn.who !== 'nobody')) this.#tellAfter(waitingIntervalMs);
  }

  #send(told: Map<string, string>, rows: readonly DeviceRow[]): void {
    const { host, send } = this.#options;
    const now = new Map(rows.map((row) => [row.id, JSON.stringify(row)]));
    const devices = rows.filter(({ id }) => told.get(id) !== now.get(id));
    const gone = [...told.keys()].filter((id) => !now.has(id));
    this.#told = now;
    const whole = this.#isWhole;
    this.#isWhole = false;
    if (whole || devices.length + gone.length > 0) send({ host, whole, devices, gone });
  }
}

/** A store that is away tells of a change when it is back. */
function emptyWhileAway(error: unknown): undefined {
  if (!(error instanceof XenscopeError)) throw error;
  return undefined;
}
