/**
 * The commands of one device: puts requests and responses together by the frontend's numbers, tells the book of
 * sockets in the order in which things were seen, and keeps the last of what is over. What was not seen is counted.
 *
 * A number may be in use twice: Linux gives that of a POLL away whose listener it released, and by hand anything is
 * sent. Then the command tells whose response it is. Where that is the same as well nothing does, and the oldest is
 * taken to be meant.
 */
import type { CommandLook, CommandTap, ResponseCopy, SlotCopy } from '../../capture/commandTap';
import { ringsLeftInSlot } from '../../wire/pvcalls/remains';
import {
  type PvCallsRequest,
  type PvCallsResponse,
  parsePvCallsRequest,
  parsePvCallsResponse,
} from '../../wire/pvcalls/slots';
import { pvcallsCommands } from '../../wire/pvcalls/commands';
import type { SeenTime } from '../heldTime';
import { CallSeen } from './callSeen';
import type { PvCallsKnowledge } from './pvcallsTypes';
import type { SocketBook } from './socketBook';

/** The older ones are forgotten. */
export const maxRememberedCalls = 500;

export class CallBook {
  readonly #sockets: SocketBook;
  /** In flight, the oldest first. */
  #pending: CallSeen[] = [];
  /** In flight by the indices, and not among those: at most so many. */
  #unread = 0;
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
    return [...this.#pending];
  }

  get pendingCount(): number {
    return this.#pending.length;
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
    if (look.isAnew) this.#takeAnew(look, tap.slots, time);
    else this.#takeNew(look, time);
    this.#reconcile(tap.inFlight, time);
  }

  /** The device is gone, or begins anew: nothing is in flight any more. */
  forget(time: SeenTime): void {
    for (const call of this.#pending) this.#lose(call, time);
    this.#pending = [];
    this.#unread = 0;
  }

  #takeNew(look: CommandLook, time: SeenTime): void {
    const standing = this.#standing(look.requests);
    const unseenRequests = look.unseenRequests + look.requests.length - standing.length;
    this.unseenRequests += unseenRequests;
    this.#unread += unseenRequests;
    this.unseenResponses += look.unseenResponses;
    // Requests that were not seen are older than those that were: each of these comes just before its own response.
    const requests = standing.map((slot) => ({ slot, ...askedIn(slot) }));
    for (const slot of look.responses) {
      const asked = requests.findIndex(isAnsweredBy(parsePvCallsResponse(slot.bytes))) + 1;
      for (const request of requests.splice(0, asked)) this.#asked(request.slot, 'seen', time, time);
      this.#answered(slot, 'answer', time, time);
    }
    for (const { slot } of requests) this.#asked(slot, 'seen', time, time);
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
    const standing = this.#standing(requests);
    const answers = new Map(standing.map((slot) => [slot, answerAmong(responses, slot, slots)]));
    const late = new Set(answers.values());
    for (const slot of responses) if (!late.has(slot)) this.#answered(slot, 'oldSlot', undefined, time);
    for (const [slot, answer] of answers) {
      this.#asked(slot, 'oldSlot', undefined, time);
      if (answer) this.#answered(answer, 'oldSlot', undefined, time);
    }
  }

  /**
   * Without those where a response lies already that is not published yet: where another one waits for long, its
   * request stands elsewhere, and tells.
   */
  #standing(requests: readonly SlotCopy[]): readonly SlotCopy[] {
    const asked = [...this.#pending.flatMap(({ slot }) => slot ?? []), ...requests].map(askedIn);
    return requests.filter(({ bytes }) => {
      const response = parsePvCallsResponse(bytes);
      const own = askedIn({ bytes }).id;
      return (
        own === response.id || !asked.some((one) => one.id === response.id && isAnsweredBy(response)(one))
      );
    });
  }

  #asked(slot: SlotCopy, known: PvCallsKnowledge, sentAt: SeenTime | undefined, time: SeenTime): void {
    const { request, reqId, number } = askedIn(slot);
    const call = new CallSeen(++this.#seen, reqId, number, known, sentAt, time);
    call.request = request;
    call.slot = slot;
    this.#pending.push(call);
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
    const misread = slot.wasMisread ? this.#pending.find((one) => one.slot?.index === slot.index) : undefined;
    // A frontend goes by the number, whatever command stands beside it.
    const others = this.#pending.filter((one) => one !== misread);
    const asked =
      others.find(isAnsweredBy(response)) ?? misread ?? others.find(({ reqId }) => reqId === response.reqId);
    const call = asked ?? new CallSeen(++this.#seen, response.reqId, response.cmd, known, undefined, time);
    if (asked) this.#take(asked);
    else this.#unread = Math.max(0, this.#unread - 1);
    call.answer = answer;
    if (misread) this.#takeBack(misread, call, time);
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

  /** What was taken for the request in this slot was this response already: nothing of that request was seen. */
  #takeBack(call: CallSeen, answered: CallSeen, time: SeenTime): void {
    this.#sockets.takeBack(call, time);
    call.request = undefined;
    call.slot = undefined;
    this.unseenRequests++;
    // Another one was answered, and whatever was asked here waits.
    if (call !== answered) {
      this.#take(call);
      this.#unread++;
    }
  }

  /**
   * Responses that nobody saw leave requests behind that wait for nothing. Those whose number was given out again go
   * first, also where one that was not read may have been answered in their place; a call that may wait goes last.
   */
  #reconcile(inFlight: number, time: SeenTime): void {
    const isGivenAgain = ({ reqId }: CallSeen, at: number, calls: readonly CallSeen[]) =>
      calls.slice(at + 1).some((later) => later.reqId === reqId);
    const surplus = this.#pending.length + this.#unread - inFlight;
    if (surplus > 0) this.#loseSome(this.#pending.filter(isGivenAgain), surplus, time);
    const mayWait = ({ cmd }: CallSeen) => cmd === 'accept' || cmd === 'poll';
    const calls = [...this.#pending.filter((one) => !mayWait(one)), ...this.#pending.filter(mayWait)];
    this.#loseSome(calls, this.#pending.length - inFlight, time);
    this.#unread = Math.max(0, inFlight - this.#pending.length);
  }

  #loseSome(calls: readonly CallSeen[], surplus: number, time: SeenTime): void {
    for (const call of calls.slice(0, Math.max(0, surplus))) {
      this.#take(call);
      this.#lose(call, time);
    }
  }

  /** It is in flight no more. */
  #take(call: CallSeen): void {
    this.#pending = this.#pending.filter((other) => other !== call);
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

interface AskedIn {
  readonly request: PvCallsRequest;
  readonly reqId: number;
  readonly number: number;
  /** Of its socket. */
  readonly id: bigint | undefined;
}

/** Of a request as it lies there, what a response to it repeats: its number, and its command on the wire. */
function askedIn({ bytes }: Pick<SlotCopy, 'bytes'>): AskedIn {
  const request = parsePvCallsRequest(bytes);
  const { reqId } = request;
  if (request.cmd === 'unknown') return { request, reqId, number: request.number, id: undefined };
  return { request, reqId, number: pvcallsCommands[request.cmd], id: request.id };
}

function isAnsweredBy(response: PvCallsResponse) {
  return ({ reqId, number }: { readonly reqId: number; readonly number: number }): boolean =>
    reqId === response.reqId && number === response.cmd;
}

/**
 * The response to a request, both as they lie there. Linux numbers its requests by their slots: of one that may wait
 * for long, a response with its number may be that of the request before it in the slot.
 */
function answerAmong(
  responses: readonly ResponseCopy[],
  request: SlotCopy,
  slots: number,
): ResponseCopy | undefined {
  const asked = askedIn(request);
  const { cmd } = asked.request;
  const mayWait = cmd === 'accept' || cmd === 'poll';
  if (mayWait && asked.reqId === request.index % slots) return undefined;
  return responses.findLast(({ bytes }) => isAnsweredBy(parsePvCallsResponse(bytes))(asked));
}
