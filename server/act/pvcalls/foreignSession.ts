/**
 * A composer that writes into the command ring of somebody else's frontend, in a simulated world: behind the back
 * of its driver, whose own count of requests does not move. The answers go to that driver; here they are seen to
 * pass, by the number of the request.
 */
import { XenscopeError } from '../../host/errors';
import type { Clock } from '../../host/clock';
import { SaidStep, hexIndex } from '../../host/microSteps';
import type { RingWork } from '../../host/microSteps';
import type { HostProgram, ReachedRing } from '../../host/program';
import { freeSteps } from '../../host/steps';
import { GENERIC_RING, genericRingSlotOffset, genericRingSlots } from '../../wire/genericRing';
import { PAGE_BYTES } from '../../host/pages';
import { PVCALLS_MAX_ORDER } from '../../wire/pvcalls/dataPage';
import {
  PVCALLS_RESPONSE_BYTES,
  PVCALLS_SLOT_BYTES,
  parsePvCallsRequest,
  parsePvCallsResponse,
} from '../../wire/pvcalls/slots';
import { advanceIndex, indexDistance, mustNotify } from '../../wire/ringIndex';
import { RingWorker } from '../../xenbus/rings/ringWorker';
import { answeredWords, askedText, responseOf, waitingEntry } from './callWords';
import type { ComposerSession, ReceivedBytes } from './composerSession';
import { type Prepared, readDraft } from './draft';
import type { ForeignDevice } from './foreignDevices';
import { maxWaiting } from './handCalls';
import { ComposerHistory } from './history';
import type { ComposerCheck, ComposerDraft, ComposerEnding, ComposerState } from './plan';
import type { Sent } from './socketConsole';
import { warningsOf } from './warnings';

const { req_prod, req_event, rsp_prod } = GENERIC_RING.fields;
const slots = genericRingSlots(PAGE_BYTES, PVCALLS_SLOT_BYTES);
/** Far from the numbers that drivers begin with: the answers shall be told apart. */
const firstReqId = 0x7000_0001;

export interface ForeignSessionOptions {
  readonly device: ForeignDevice & { readonly place: { readonly gref: number; readonly port: number } };
  /** Of the domain that has the frontend. */
  readonly program: HostProgram;
  readonly clock: Clock;
  /** `web (3)`. */
  readonly guest: string;
  readonly backend: string;
  readonly isHeld: () => boolean;
  /** Where guests of the same backend listen, as far as that was seen. */
  readonly listeners: () => readonly string[];
  /** Calls `look` after each thing that happened; returns how to stop. */
  readonly onMove: (look: () => void) => () => void;
}

interface Pending {
  readonly number: number;
  readonly prepared: Prepared;
  readonly slot: Buffer;
  sentAtMs: number | undefined;
}

export class ForeignSession implements ComposerSession {
  readonly #options: ForeignSessionOptions;
  readonly #history = new ComposerHistory();
  readonly #reached: ReachedRing;
  readonly #worker: RingWorker;
  readonly #stopLooking: () => void;
  readonly #waiting: Pending[] = [];
  #sent: Pending[] = [];
  /** Up to where responses were looked at. */
  #seen: number;
  #lastReqId = firstReqId - 1;
  /** The socket that was asked for last: which ones the guest has, its backend alone knows. */
  #lastId = 0n;
  #over: { readonly text: string; readonly isWrong: boolean } | undefined;

  /** Throws a XenscopeError where the ring cannot be reached. */
  constructor(options: ForeignSessionOptions) {
    this.#options = options;
    const { device, program, onMove } = options;
    this.#reached = program.reach!(device.place.gref, device.place.port);
    this.#seen = this.#load(rsp_prod.offsetBytes);
    this.#worker = new RingWorker(
      program.deviceSteps?.(device.device) ?? freeSteps,
      () => this.#work(),
      () => undefined,
    );
    this.#stopLooking = onMove(() => this.#look());
    program.ended?.addEventListener('abort', this.#onGone, { once: true });
    this.#admit(`writes into the command ring of ${options.guest}`);
  }

  get state(): ComposerState {
    const { device } = this.#options;
    const listeners = this.#options.listeners();
    return {
      kind: 'foreign',
      phase: this.#over ? 'ended' : 'open',
      ...this.#words(),
      canClose: !this.#over,
      device: { frontend: device.device },
      slots,
      inFlight: this.#sent.length,
      waiting: this.#waiting.length,
      sockets: [],
      kept: [],
      suggested: {
        newId: String(this.#newId),
        connectTo: listeners[0] ?? '127.0.0.1:80',
        bindTo: '127.0.0.1:8080',
        ...(listeners.length > 0 && { listeners }),
      },
      findings: [],
    };
  }

  get forgottenEntries(): number {
    return this.#history.forgotten;
  }

  takeEntries() {
    return this.#history.takeChanged();
  }

  takeReceived(): readonly ReceivedBytes[] {
    return [];
  }

  check(draft: ComposerDraft): ComposerCheck {
    const { problems, prepared } = this.#read(draft);
    if (!prepared) return { problems, warnings: [] };
    const slot = prepared.slotFor(undefined);
    const request = parsePvCallsRequest(slot);
    // Which sockets the guest has, its backend alone knows.
    const warnings = warningsOf(request, draft, undefined).filter(({ field }) => field !== 'id');
    return { problems: [], warnings, slot: slot.toString('hex'), text: `${askedText(request)}.` };
  }

  call(draft: ComposerDraft): number {
    if (this.#over) throw gone(this.#over.text);
    const { problems, prepared } = this.#read(draft);
    if (!prepared) throw new XenscopeError('input', problems[0]!.text);
    if (this.#waiting.length + this.#sent.length >= maxWaiting) {
      throw new XenscopeError('limit', `${maxWaiting} requests of ours are not answered yet.`, {
        wayOut: 'Wait for answers first.',
      });
    }
    const { clock } = this.#options;
    const slot = prepared.slotFor(undefined);
    const request = parsePvCallsRequest(slot);
    if (prepared.reqId === this.#lastReqId + 1) this.#lastReqId++;
    if (request.cmd === 'socket') this.#lastId = request.id;
    else if (request.cmd === 'accept') this.#lastId = request.newId;
    const number = this.#history.add(waitingEntry(request, draft, slot, clock.nowMs()));
    this.#admit(`puts ${slot.toString('hex')} into the command ring of ${this.#options.guest}`);
    this.#waiting.push({ number, prepared, slot, sentAtMs: undefined });
    this.#worker.look();
    return number;
  }

  send(): Promise<Sent> {
    return Promise.reject(noSockets());
  }

  setReading(): void {
    throw noSockets();
  }

  endSending(): void {
    throw noSockets();
  }

  abandonSocket(): void {
    throw noSockets();
  }

  async end(how: ComposerEnding): Promise<void> {
    if (how !== 'close') {
      throw new XenscopeError(
        'unsupported',
        'There is no program of ours in this ring that could be killed.',
        {
          wayOut: 'Close it.',
        },
      );
    }
    if (!this.#over) this.#admit('closes');
    this.#finish({ text: 'Closed: nothing more is written into this ring.', isWrong: false });
    await this.#options.program.close();
  }

  remove(): Promise<void> {
    return this.end('close');
  }

  *#work(): RingWork<void> {
    const { memory } = this.#reached;
    for (let first = this.#waiting[0]; first && !this.#over; first = this.#waiting[0]) {
      const pending = first;
      const from = this.#load(req_prod.offsetBytes);
      // It goes on with the next response.
      if (indexDistance(from, this.#load(rsp_prod.offsetBytes)) >= slots) return;
      yield new SaidStep('copy', 'intruder', () => `a request into pvcalls, from slot ${hexIndex(from)}`);
      memory.copyIn(genericRingSlotOffset(from, PVCALLS_SLOT_BYTES, slots), pending.slot);
      const to = advanceIndex(from, 1);
      yield new SaidStep('index', 'intruder', () => `req_prod ${hexIndex(from)} → ${hexIndex(to)}`);
      memory.store32(req_prod.offsetBytes, to);
      this.#waiting.shift();
      this.#sent.push(pending);
      this.#tellSent(pending);
      if (!mustNotify(from, to, this.#load(req_event.offsetBytes))) continue;
      yield new SaidStep('notify', 'intruder', () => 'rings at the backend');
      this.#reached.notify();
    }
  }

  #tellSent(pending: Pending): void {
    const { clock, backend } = this.#options;
    pending.sentAtMs = clock.nowMs();
    const text = `${askedText(pending.prepared.request)}: it is in the ring, for ${backend}.`;
    this.#history.update(pending.number, { phase: 'sent', text });
  }

  /** Something happened in the world: responses that have come are looked at before somebody overwrites them. */
  #look(): void {
    if (this.#over) return;
    try {
      const prod = this.#load(rsp_prod.offsetBytes);
      const isSane = indexDistance(prod, this.#seen) <= slots;
      const slot = Buffer.alloc(PVCALLS_RESPONSE_BYTES);
      for (; isSane && this.#seen !== prod; this.#seen = advanceIndex(this.#seen, 1)) {
        this.#reached.memory.copyOut(genericRingSlotOffset(this.#seen, PVCALLS_SLOT_BYTES, slots), slot);
        this.#onResponse(slot);
      }
      this.#seen = prod;
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      return this.#onGone();
    }
    if (this.#waiting.length > 0) this.#worker.look();
  }

  #onResponse(slot: Buffer): void {
    const response = parsePvCallsResponse(slot);
    const pending = this.#sent.find(({ prepared }) => prepared.reqId === response.reqId);
    if (!pending) return;
    this.#sent = this.#sent.filter((each) => each !== pending);
    const { clock, guest } = this.#options;
    const { text, severity } = answeredWords(pending.prepared.request, response);
    this.#history.update(pending.number, {
      phase: 'answered',
      text: `${text} It went to ${guest}.`,
      severity,
      response: responseOf(response, slot, clock.nowMs() - (pending.sentAtMs ?? clock.nowMs())),
    });
  }

  readonly #onGone = () => {
    const { guest } = this.#options;
    this.#finish({
      text: `${guest} has ended, or its device has disconnected: the ring is gone.`,
      isWrong: true,
    });
  };

  #finish(over: { readonly text: string; readonly isWrong: boolean }): void {
    if (this.#over) return;
    this.#over = over;
    this.#stopLooking();
    this.#options.program.ended?.removeEventListener('abort', this.#onGone);
    this.#worker.close();
    for (const { number, prepared } of [...this.#waiting, ...this.#sent]) {
      this.#history.update(number, {
        phase: 'gone',
        text: `${askedText(prepared.request)}: an answer was not seen.`,
        severity: 'note',
      });
    }
    this.#waiting.length = 0;
    this.#sent = [];
  }

  #words(): Pick<ComposerState, 'text' | 'wayOut' | 'severity'> {
    const { guest, isHeld } = this.#options;
    if (this.#over) {
      return {
        text: this.#over.text,
        ...(this.#over.isWrong && { wayOut: 'Open it again when the device is connected anew.' }),
        severity: this.#over.isWrong ? 'warning' : 'note',
      };
    }
    const text = `Requests go into the ring of ${guest}, and its driver gets the answers.`;
    if (!isHeld()) return { text, severity: 'fine' };
    return { text, wayOut: 'The world is held: resume it, or step it on.', severity: 'note' };
  }

  #read(draft: ComposerDraft) {
    return readDraft(draft, {
      newId: this.#newId,
      reqId: (this.#lastReqId + 1) >>> 0,
      minOrder: 0,
      maxOrder: PVCALLS_MAX_ORDER,
      kept: [],
    });
  }

  get #newId(): bigint {
    return BigInt.asUintN(64, this.#lastId + 1n);
  }

  #load(offset: number): number {
    return this.#reached.memory.load32(offset);
  }

  #admit(text: string): void {
    this.#options.program.admit?.(`PV Calls composer: ${text}`);
  }
}

function gone(text: string): XenscopeError {
  return new XenscopeError('gone', text, { wayOut: 'Open it again when the device is connected anew.' });
}

function noSockets(): XenscopeError {
  return new XenscopeError(
    'unsupported',
    'The sockets of this ring are the guest’s: nothing is sent at them.',
    {
      wayOut: 'Open a device of your own.',
    },
  );
}
