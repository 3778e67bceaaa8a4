/**
 * The commands of one device: puts requests and responses together by the frontend's numbers, tells the book of
 * sockets in the order in which things were seen, and keeps the last of what is over. What was not seen is counted.
 */
import type { CommandLook, CommandTap, ResponseCopy, SlotCopy } from '../../capture/commandTap';
import { ringsLeftInSlot } from '../../wire/pvcalls/remains';
import { parsePvCallsRequest, parsePvCallsResponse } from '../../wire/pvcalls/slots';
import { pvcallsCommands } from '../../wire/pvcalls/commands';
import type { SeenTime } from '../heldTime';
import { CallSeen } from './callSeen';
import type { PvCallsKnowledge } from './pvcallsTypes';
import type { SocketBook } from './socketBook';

/** The older ones are forgotten. */
export const maxRememberedCalls = 500;

export class CallBook {
  readonly #sockets: SocketBook;
  /** In flight, the oldest first, by the frontend's number. */
  readonly #pending = new Map<number, CallSeen>();
  #finished: CallSeen[] = [];
  #seen = 0;
  #finishedSoFar = 0;
  /** Their responses may come yet. */
  #lost = 0;
  unseenRequests = 0;
  unseenResponses = 0;
  answersOnly = 0;
  resets = 0;
  /** Responses to what was not asked for, since somebody looks. */
  unasked = 0;

  constructor(sockets: SocketBook) {
    this.#sockets = sockets;
  }

  /** The oldest first. */
  get pending(): readonly CallSeen[] {
    return [...this.#pending.values()];
  }

  get pendingCount(): number {
    return this.#pending.size;
  }

  /** How many were finished since somebody looks, forgotten ones included. */
  get finishedSoFar(): number {
    return this.#finishedSoFar;
  }

  /** Those finished after the first `count` of all, as far as they are remembered; the oldest first. */
  finishedSince(count: number): readonly CallSeen[] {
    const fresh = Math.min(this.#finishedSoFar - count, this.#finished.length);
    return fresh <= 0 ? [] : this.#finished.slice(-fresh);
  }

  /** `tap` has looked, and found something new. */
  take(look: CommandLook, tap: CommandTap, time: SeenTime): void {
    if (look.isAnew) return this.#takeAnew(look, tap.slots, time);
    this.unseenRequests += look.unseenRequests;
    this.unseenResponses += look.unseenResponses;
    // Requests that were not seen are older than those that were: each of these comes just before its own response.
    const requests = [...look.requests];
    const reqIds = requests.map(({ bytes }) => parsePvCallsRequest(bytes).reqId);
    for (const slot of look.responses) {
      const asked = reqIds.lastIndexOf(parsePvCallsResponse(slot.bytes).reqId) + 1;
      reqIds.splice(0, asked);
      for (const request of requests.splice(0, asked)) this.#asked(request, 'seen', time, time);
      this.#answered(slot, 'answer', time, time);
    }
    for (const request of requests) this.#asked(request, 'seen', time, time);
    this.#reconcile(tap.inFlight, time);
  }

  /** The device is gone, or begins anew: nothing is in flight any more. */
  forget(time: SeenTime): void {
    for (const call of this.#pending.values()) this.#lose(call, time);
    this.#pending.clear();
  }

  /**
   * What lies there is older than anybody's look: responses first, as the requests behind them still wait. Not all of
   * those do: where one waits for long, responses to later requests lie before these.
   */
  #takeAnew({ requests, responses }: CommandLook, slots: number, time: SeenTime): void {
    if (this.#seen > 0) {
      this.resets++;
      this.forget(time);
      this.#sockets.forget(time);
    }
    const answers = new Map(requests.map((slot) => [slot, answerAmong(responses, slot, slots)]));
    const late = new Set(answers.values());
    for (const slot of responses) if (!late.has(slot)) this.#answered(slot, 'oldSlot', undefined, time);
    for (const [slot, answer] of answers) {
      this.#asked(slot, 'oldSlot', undefined, time);
      if (answer) this.#answered(answer, 'oldSlot', undefined, time);
    }
  }

  #asked(slot: SlotCopy, known: PvCallsKnowledge, sentAt: SeenTime | undefined, time: SeenTime): void {
    const request = parsePvCallsRequest(slot.bytes);
    const { reqId } = request;
    const before = this.#pending.get(reqId);
    if (before) this.#lose(before, time);
    this.#pending.delete(reqId);
    const number = request.cmd === 'unknown' ? request.number : pvcallsCommands[request.cmd];
    const call = new CallSeen(++this.#seen, reqId, number, known, sentAt, time);
    call.request = request;
    call.slot = slot;
    this.#pending.set(reqId, call);
    this.#sockets.asked(call, time);
  }

  #answered(
    slot: ResponseCopy,
    known: PvCallsKnowledge,
    answeredAt: SeenTime | undefined,
    time: SeenTime,
  ): void {
    const response = parsePvCallsResponse(slot.bytes);
    const answer = { time: answeredAt, response, slot };
    const asked = this.#pending.get(response.reqId);
    const call = asked ?? new CallSeen(++this.#seen, response.reqId, response.cmd, known, undefined, time);
    this.#pending.delete(response.reqId);
    call.answer = answer;
    if (asked && slot.wasMisread) this.#unread(asked);
    if (asked?.request) this.#sockets.answered(call, response, time);
    else this.#answeredOnly(slot, call, known, time);
    this.#finish(call);
  }

  #answeredOnly(slot: ResponseCopy, call: CallSeen, known: PvCallsKnowledge, time: SeenTime): void {
    const { response } = call.answer!;
    const { cmd } = call;
    if (known === 'answer' && ++this.answersOnly > this.unseenRequests + this.#lost) {
      // More than there were requests that nobody saw.
      this.answersOnly--;
      this.unasked++;
      call.isUnasked = true;
      return;
    }
    // The request there may have been another than this one answers.
    const isMaker = cmd === 'connect' || cmd === 'accept';
    const left = isMaker && slot.left ? ringsLeftInSlot(slot.left, cmd) : undefined;
    this.#sockets.answeredOnly(response, left, known, time);
  }

  /** What was taken for the request was its response: nothing of the request was seen. */
  #unread(call: CallSeen): void {
    call.socket?.end(call);
    call.socket = undefined;
    call.request = undefined;
    call.slot = undefined;
    this.unseenRequests++;
  }

  /** Responses that nobody saw leave requests behind that wait for nothing; a call that may wait goes last. */
  #reconcile(inFlight: number, time: SeenTime): void {
    let surplus = this.#pending.size - inFlight;
    if (surplus <= 0) return;
    const calls = [...this.#pending.values()];
    const mayWait = ({ cmd }: CallSeen) => cmd === 'accept' || cmd === 'poll';
    for (const call of [...calls.filter((one) => !mayWait(one)), ...calls.filter(mayWait)]) {
      if (surplus-- <= 0) return;
      this.#pending.delete(call.reqId);
      this.#lose(call, time);
    }
  }

  #lose(call: CallSeen, time: SeenTime): void {
    this.#lost++;
    call.isLost = true;
    this.#sockets.lost(call, time);
    this.#finish(call);
  }

  #finish(call: CallSeen): void {
    call.finished = ++this.#finishedSoFar;
    this.#finished.push(call);
    if (this.#finished.length > 2 * maxRememberedCalls) {
      this.#finished = this.#finished.slice(-maxRememberedCalls);
    }
  }
}

/**
 * The response to a request, both as they lie there. Linux numbers its requests by their slots: of one that may wait
 * for long, a response with its number may be that of the request before it in the slot.
 */
function answerAmong(
  responses: readonly ResponseCopy[],
  { index, bytes }: SlotCopy,
  slots: number,
): ResponseCopy | undefined {
  const { reqId, cmd } = parsePvCallsRequest(bytes);
  const mayWait = cmd === 'accept' || cmd === 'poll';
  if (mayWait && reqId === index % slots) return undefined;
  return responses.findLast((slot) => parsePvCallsResponse(slot.bytes).reqId === reqId);
}
