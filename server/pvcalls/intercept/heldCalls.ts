/** Calls that were not answered when they came: for a person, for later, or for good. Never more than a limit. */
import type { Timer } from '../../host/clock';
import type { CallAsked, CallDecision, HeldCall } from '../../host/callInterceptor';
import { pvcallsRet } from '../../wire/pvcalls/errno';
import type { GatedCall } from '../backend/gate';
import type { InterceptedDevice } from './interceptedDevice';
import { decisionText, fieldsOf } from './words';

/** Of all devices of one backend; a command ring has 32 slots. Beyond it calls pass. */
export const maxHeldCalls = 256;

export class Held {
  #state: HeldCall['state'] = 'held';
  #dueMs: number | undefined;
  #decided: string | undefined;
  #timer: Timer | undefined;
  /** Its socket was released while it was not to be answered: there is nothing left for the backend to do. */
  isReleased = false;

  constructor(
    readonly number: number,
    readonly atMs: number,
    readonly device: InterceptedDevice,
    readonly call: GatedCall,
    readonly asked: CallAsked,
  ) {}

  get state(): HeldCall['state'] {
    return this.#state;
  }

  get shown(): HeldCall {
    const { number, atMs, asked, call } = this;
    return {
      ...asked,
      number,
      atMs,
      fields: fieldsOf(call.slot),
      slot: call.slot.toString('hex'),
      state: this.#state,
      ...(this.#dueMs !== undefined && { dueMs: this.#dueMs }),
      ...(this.#decided !== undefined && { decided: this.#decided }),
    };
  }

  /** It is not answered any more, until something else is decided. */
  silence(by: string): void {
    this.#forget();
    this.#state = 'silent';
    this.#decided = `${decisionText({ kind: 'never' })}, ${by}`;
  }

  /** Calls `then` so much later by the clock of its device. */
  wait(decision: CallDecision, delayMs: number, by: string, then: () => void): void {
    this.#forget();
    const { clock } = this.device;
    this.#state = 'waiting';
    this.#dueMs = clock.nowMs() + delayMs;
    this.#decided = `${decisionText(decision)}, ${by}`;
    this.#timer = clock.after(delayMs, then);
  }

  /** Nothing that was decided comes true any more. */
  #forget(): void {
    this.cancel();
    this.#dueMs = undefined;
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}

/** Uses one of the ways of a call. */
export function carryOut({ ways }: GatedCall, decision: CallDecision): void {
  switch (decision.kind) {
    case 'pass':
      return ways.pass();
    case 'refuse':
      return ways.answer(decision.ret);
    case 'pretend':
      return ways.pretend(decision.peer);
    case 'never':
      return;
  }
}

/** What the backend answers who waits at a socket that is released. */
export const releasedMeanwhile: CallDecision = { kind: 'refuse', ret: pvcallsRet('EBADF') };
