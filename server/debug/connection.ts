/**
 * One connection of the store as the debugger follows it: cuts its bytes into messages, pairs
 * replies with requests, knows its open transactions, and writes its listing.
 */
import type { TappedConnection } from '../host/tap';
import {
  parseXs,
  xsParserStart,
  XS_HEADER_BYTES,
  XsType,
  type XsMessage,
  type XsParserState,
} from '../wire/xsMessage';
import { Listing } from './listing';
import { listingLine } from './listingLine';
import { say, type Message, type MessageKind } from './message';

/** Requests without an answer that are remembered; the oldest is forgotten first. */
const maxOpenRequests = 1024;
/** Transactions that are remembered at once; the oldest is forgotten first. */
const maxTransactions = 64;
/** Longer than any server sends; a longer one is an error of the protocol. */
const maxReplyPayloadBytes = 1024 * 1024;

export interface DebugTransaction {
  readonly id: number;
  /** What began it; undefined when that was not seen. */
  readonly start: Message | undefined;
  /** Requests in it so far, the one in hand included. */
  requests: number;
}

export interface ConnectionListener {
  nowMs(): number;
  /** The number of the next message of the session. */
  nextNumber(): number;
  message(message: Message): void;
  /** The protocol was broken: a sentence. */
  broken(connection: DebugConnection, sentence: string): void;
}

export class DebugConnection {
  readonly listing = new Listing();
  /** The message that the person looks at: the last one that was not skipped over. */
  inHand: Message | undefined;
  isOpen = true;
  readonly #listener: ConnectionListener;
  readonly #input = new Direction();
  readonly #output = new Direction(maxReplyPayloadBytes);
  readonly #openRequests = new Map<number, Message[]>();
  readonly #transactions = new Map<number, DebugTransaction>();
  #openCount = 0;

  constructor(
    readonly id: number,
    readonly of: TappedConnection,
    listener: ConnectionListener,
  ) {
    this.#listener = listener;
  }

  /** Requests that wait for their answer. */
  get outstanding(): number {
    return this.#openCount;
  }

  transaction(id: number): DebugTransaction | undefined {
    return this.#transactions.get(id);
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    for (const { message, offset } of this.#cut(this.#input, bytes, start, end)) {
      this.#request(message, offset);
    }
  }

  sent(bytes: Uint8Array, start: number, end: number): void {
    for (const { message, offset } of this.#cut(this.#output, bytes, start, end)) {
      this.#answer(message, offset);
    }
  }

  /** Both directions begin anew. */
  restarted(): void {
    this.#input.restart();
    this.#output.restart();
    this.#openRequests.clear();
    this.#openCount = 0;
    this.#transactions.clear();
  }

  *#cut(direction: Direction, bytes: Uint8Array, start: number, end: number) {
    const { messages, problem } = direction.push(Buffer.from(bytes.subarray(start, end)));
    for (const message of messages) {
      const offset = direction.offset;
      direction.offset += XS_HEADER_BYTES + message.payload.length;
      yield { message, offset };
    }
    if (problem !== undefined) this.#listener.broken(this, problem);
  }

  #request(message: XsMessage, offset: number): void {
    const { reqId, txId } = message;
    if (txId !== 0) this.#useTransaction(txId);
    const request = this.#note('request', message, offset);
    const open = this.#openRequests.get(reqId);
    if (open) open.push(request);
    else this.#openRequests.set(reqId, [request]);
    this.#openCount++;
    if (this.#openCount > maxOpenRequests) this.#forgetOldest();
    this.#listener.message(request);
  }

  #answer(message: XsMessage, offset: number): void {
    if (message.type === XsType.WATCH_EVENT) {
      return this.#listener.message(this.#note('event', message, offset));
    }
    const request = this.#takeRequest(message.reqId);
    const reply = this.#note('reply', message, offset, request);
    if (request) this.#followTransaction(request, reply);
    this.#listener.message(reply);
  }

  #note(kind: MessageKind, message: XsMessage, offset: number, request?: Message): Message {
    const { type, reqId, txId, payload } = message;
    const noted = {
      number: this.#listener.nextNumber(),
      kind,
      connectionId: this.id,
      atMs: this.#listener.nowMs(),
      type,
      reqId,
      txId,
      payload,
      offset,
      request,
      said: say(type, payload, this.of.domid, request),
    };
    return { ...noted, place: this.listing.add(listingLine(noted)) };
  }

  #takeRequest(reqId: number): Message | undefined {
    const open = this.#openRequests.get(reqId);
    const request = open?.shift();
    if (!request) return undefined;
    this.#openCount--;
    if (open!.length === 0) this.#openRequests.delete(reqId);
    return request;
  }

  #forgetOldest(): void {
    const [reqId] = this.#openRequests.entries().next().value!;
    this.#takeRequest(reqId);
  }

  #useTransaction(id: number): void {
    let transaction = this.#transactions.get(id);
    if (!transaction) this.#transactions.set(id, (transaction = { id, start: undefined, requests: 0 }));
    transaction.requests++;
    this.#dropOldTransactions();
  }

  #followTransaction(request: Message, reply: Message): void {
    if (request.type === XsType.TRANSACTION_END) this.#transactions.delete(request.txId);
    if (request.type !== XsType.TRANSACTION_START || reply.type === XsType.ERROR) return;
    const id = Number(reply.said.value);
    if (!Number.isInteger(id)) return;
    this.#transactions.set(id, { id, start: request, requests: 0 });
    this.#dropOldTransactions();
  }

  #dropOldTransactions(): void {
    if (this.#transactions.size <= maxTransactions) return;
    this.#transactions.delete(this.#transactions.keys().next().value!);
  }
}

class Direction {
  offset = 0;
  #state: XsParserState = xsParserStart;

  constructor(private readonly maxPayloadBytes?: number) {}

  /** `problem` once, when the stream got out of step for good. */
  push(chunk: Buffer): { readonly messages: readonly XsMessage[]; readonly problem: string | undefined } {
    const wasBroken = this.#state.kind === 'broken';
    const { state, messages } = parseXs(this.#state, chunk, this.maxPayloadBytes);
    this.#state = state;
    return { messages, problem: state.kind === 'broken' && !wasBroken ? state.reason : undefined };
  }

  restart(): void {
    this.offset = 0;
    this.#state = xsParserStart;
  }
}
