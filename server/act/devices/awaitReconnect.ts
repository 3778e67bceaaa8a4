/** The second half of a reconnect: both ends close, the frontend begins anew, and they connect again. */
import type { Clock, Timer } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import type { StoreClient, StoreWatch } from '../../host/storeClient';
import type { NameDomain } from '../../model/meaning';
import { xenbusTurn } from '../../wire/xenbusDance';
import { XenbusState } from '../../wire/xenbusState';
import { switchState } from '../../xenbus/nodes';
import { type DeviceStanding, hasBegunAnew, isOnline, readStanding } from './deviceStanding';
import { howBothBegin, stateText } from './deviceWords';

/** How long a side may stand still, as long as the world goes on. Scripts that plug a device take seconds. */
export const patienceSeconds = 20;

export interface AwaitOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly nameDomain: NameDomain;
  /** A world that is held: nobody can move, and the waiting does not count. */
  readonly isHeld: () => boolean;
  /** Somebody no longer wants to wait; what was written stays. */
  readonly signal?: AbortSignal;
}

const { Initialising, Connected, Closed } = XenbusState;

/** Resolves with one sentence when both are connected; throws one that says who does not move. */
export async function awaitReconnect(device: DeviceStanding, options: AwaitOptions): Promise<string> {
  const { store, nameDomain, signal } = options;
  const who = `${device.label} of ${nameDomain(device.frontend.domid)}`;
  const waiting = new Waiting(options);
  const paths = [device.frontend.path, device.backend.path];
  const watches: StoreWatch[] = [];
  const close = () => void Promise.all(watches.map((watch) => watch.close())).catch(() => undefined);
  const until = signal ? AbortSignal.any([signal, waiting.over]) : waiting.over;
  let last: DeviceStanding | undefined = device;
  try {
    for (const path of paths) watches.push(await store.watch(`${path}/state`));
    if (until.aborted) close();
    until.addEventListener('abort', close, { once: true });
    const isDone = await firstToEnd(watches, async () => {
      const now = await readStanding(store, device.frontend.path);
      if (now?.frontend.state !== last?.frontend.state || now?.backend.state !== last?.backend.state) {
        waiting.beginAnew();
      }
      last = now;
      if (!now?.backend.exists) return true;
      if (now.frontend.state === Closed && now.backend.state === Closed && isOnline(now)) {
        await switchState(store, now.frontend.path, Initialising, Closed);
      }
      return now.frontend.state === Connected && now.backend.state === Connected;
    });
    if (!last?.backend.exists)
      throw new XenscopeError('gone', `${who} was removed before it was connected anew.`);
    if (isDone) return `${who} is connected anew.`;
  } finally {
    waiting.end();
    close();
  }
  // Called off, or the host was disconnected.
  if (!waiting.over.aborted) throw new XenscopeError('cancelled', `Nobody waits for ${who} any longer.`);
  throw standsStill(who, last, nameDomain);
}

/** Calls `look` at each event, until it answers true, or all watches have ended; answers what it was. */
async function firstToEnd(watches: readonly StoreWatch[], look: () => Promise<boolean>): Promise<boolean> {
  let isDone = false;
  const endAll = () => Promise.all(watches.map((watch) => watch.close()));
  await Promise.all(
    watches.map(async (watch) => {
      for await (const event of watch) {
        void event;
        if (isDone || !(await look())) continue;
        isDone = true;
        await endAll();
        return;
      }
    }),
  );
  return isDone;
}

/** Ends when nothing has moved for so long, counted in seconds in which something could. */
class Waiting {
  readonly #over = new AbortController();
  #left = patienceSeconds;
  #timer: Timer | undefined;

  constructor(private readonly options: Pick<AwaitOptions, 'clock' | 'isHeld'>) {
    this.#tick();
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  beginAnew(): void {
    this.#left = patienceSeconds;
  }

  end(): void {
    this.#timer?.cancel();
  }

  #tick(): void {
    const { clock, isHeld } = this.options;
    this.#timer = clock.after(1_000, () => {
      if (!isHeld()) this.#left--;
      if (this.#left > 0) this.#tick();
      else this.#over.abort(new Error('nothing has moved for long enough'));
    });
  }
}

function standsStill(who: string, device: DeviceStanding, nameDomain: NameDomain): XenscopeError {
  const { frontend, backend } = device;
  const turn = xenbusTurn({ frontend: frontend.state, backend: backend.state, online: isOnline(device) });
  const text =
    turn.who === 'nobody' || turn.to === undefined
      ? `nobody has moved for ${patienceSeconds} s: ${turn.why}`
      : `the ${turn.who} in ${nameDomain(device[turn.who].domid)} stands at ${stateText(device[turn.who].state)} for ${patienceSeconds} s and has to go to ${stateText(turn.to)}`;
  // Seen with blkfront: it goes by the state that it wrote itself.
  const hint = hasBegunAnew(device)
    ? ` ${howBothBegin}`
    : frontend.state === Initialising
      ? ' A frontend of Linux that has closed looks at no state that others write: close the device by force, take it away with the toolstack and attach it again.'
      : '';
  return new XenscopeError('limit', `${who} is not connected anew yet: ${text}.`, {
    wayOut: `What was written stays, and the dance goes on when it moves; Force Close ends it without waiting.${hint}`,
  });
}
