/**
 * The calls of a composer over a command ring of its own: from drafts to slots, from responses to lines of the
 * history, sockets and their consoles.
 */
import { XenscopeError } from '../../host/errors';
import type { Clock } from '../../host/clock';
import type { EventPort } from '../../host/events';
import type { RingSteps } from '../../host/steps';
import { PvCallsFindings } from '../../pvcalls/findings';
import type { PvCallsEdition } from '../../wire/pvcalls/dataPage';
import { parsePvCallsRequest, parsePvCallsResponse } from '../../wire/pvcalls/slots';
import type { PvCallsRequest } from '../../wire/pvcalls/slots';
import { answeredWords, askedText, responseOf, unaskedWords, waitingEntry } from './callWords';
import { readDraft } from './draft';
import type { DraftContext, Prepared } from './draft';
import { HandRing } from './handRing';
import { HandRings } from './handRings';
import type { LentRings } from './handRings';
import type { ComposerHistory } from './history';
import type { DeviceLink } from '../../pvcalls/frontend/deviceLink';
import type { ComposerDraft } from './plan';
import { SocketConsole } from './socketConsole';
import { SocketTable, maxSockets } from './socketTable';
import type { ReceivedBytes } from './composerSession';

/** Requests that wait for a slot; further ones are refused. */
export const maxWaiting = 64;

export interface HandCallsOptions {
  readonly link: DeviceLink;
  readonly backendDomid: number;
  readonly edition: PvCallsEdition;
  readonly clock: Clock;
  readonly steps: RingSteps;
  readonly history: ComposerHistory;
  readonly admit: (text: string) => void;
}

interface Pending {
  readonly number: number;
  readonly request: PvCallsRequest;
  sentAtMs: number;
  /** Undefined once they are given back, or a socket's. */
  lent: LentRings | undefined;
  /** Its socket was released; a late answer is still told. */
  isGivenUp: boolean;
}

export class HandCalls {
  readonly findings = new PvCallsFindings(() => undefined);
  readonly sockets = new SocketTable();
  readonly ring: HandRing;
  /** The backend broke the ring. */
  broken: string | undefined;
  readonly #options: HandCallsOptions;
  readonly #rings: HandRings;
  readonly #pending = new Set<Pending>();
  readonly #left: ReceivedBytes[] = [];
  #lastReqId = 0;

  constructor(options: HandCallsOptions) {
    const { link, backendDomid, edition, steps } = options;
    this.#options = options;
    this.#rings = new HandRings(link.resources, backendDomid, edition);
    this.ring = new HandRing({
      memory: link.memory,
      port: link.port,
      steps,
      onUnasked: (slot) => this.#unasked(slot),
      onBroken: ({ message }) => {
        this.broken = message;
        this.findings.add('badRing', message);
        this.#giveUpAll('The backend broke the ring.');
      },
    });
  }

  get kept() {
    return this.#rings.kept;
  }

  /** The backend rang at one of the device's channels. */
  event(port: EventPort): void {
    if (port === this.#options.link.port) return this.ring.look();
    for (const [, console] of this.sockets.consoles) if (console.rings.port === port) console.look();
  }

  get context(): DraftContext {
    const { link, edition } = this.#options;
    return {
      newId: this.sockets.newId,
      reqId: this.#nextReqId(),
      minOrder: edition.minOrder,
      maxOrder: link.maxOrder,
      kept: this.#rings.kept,
    };
  }

  /** Answers the number of its line. Throws a XenscopeError. */
  call(draft: ComposerDraft): number {
    if (this.broken !== undefined) throw new XenscopeError('gone', this.broken);
    const { context } = this;
    const { problems, prepared } = readDraft(draft, context);
    if (!prepared) throw new XenscopeError('input', problems[0]!.text);
    this.#mustHaveRoom(prepared.request);
    const { history, clock, admit } = this.#options;
    const lent = prepared.rings && this.#rings.lend(prepared.rings);
    const slot = prepared.slotFor(lent?.place);
    const request = parsePvCallsRequest(slot);
    // The numbers that are chosen for a person go on behind it.
    if (prepared.reqId === context.reqId) this.#lastReqId = context.reqId;
    this.sockets.asked(request);
    const number = history.add(waitingEntry(request, draft, slot, clock.nowMs()));
    admit(`puts ${slot.toString('hex')} into the command ring`);
    this.#put(prepared, { number, request, lent, sentAtMs: 0, isGivenUp: false }, slot);
    return number;
  }

  /** Throws a XenscopeError where the socket has no console. */
  console(id: bigint): SocketConsole {
    const console = this.sockets.get(id)?.console;
    if (console) return console;
    throw new XenscopeError('gone', `Socket ${id} is not connected, or its rings are not ours.`, {
      wayOut: 'Connect it first, or accept a connection.',
    });
  }

  abandon(id: bigint): void {
    const console = this.console(id);
    this.sockets.dropConsole(id, 'its rings were given back without a RELEASE');
    this.#endConsole(console, id, 'The rings of this socket were given back.');
    console.rings.close();
  }

  takeReceived(): readonly ReceivedBytes[] {
    const left = this.#left.splice(0);
    for (const [id, console] of this.sockets.consoles) left.push({ id, ...console.take() });
    return left.filter(({ bytes, leftOutBytes }) => bytes.length > 0 || leftOutBytes > 0);
  }

  /** The device disconnects, and all that was lent goes with it. */
  close(why: string): void {
    this.ring.close();
    for (const [id, console] of this.sockets.consoles) this.#endConsole(console, id, why);
    this.sockets.clear();
    this.#giveUpAll(why);
  }

  #put({ reqId }: Prepared, pending: Pending, slot: Buffer): void {
    const { history, clock } = this.#options;
    this.#pending.add(pending);
    this.ring.put({
      reqId,
      slot,
      sent: () => {
        pending.sentAtMs = clock.nowMs();
        history.update(pending.number, {
          phase: 'sent',
          text: `${askedText(pending.request)}: the backend has it.`,
        });
      },
      answered: (response) => this.#answered(pending, response),
    });
  }

  #answered(pending: Pending, slot: Buffer): void {
    const { history, clock } = this.#options;
    const { number, request, lent, sentAtMs } = pending;
    this.#pending.delete(pending);
    const response = parsePvCallsResponse(slot);
    const words = answeredWords(request, response);
    if (words.severity === 'error') this.findings.add('wrongResponse', words.text);
    history.update(number, {
      phase: 'answered',
      ...words,
      response: responseOf(response, slot, clock.nowMs() - sentAtMs),
    });
    pending.lent = undefined;
    if (response.ret !== 0) return lent?.rings.close();
    const console = lent?.isTrue ? this.#openConsole(request, lent) : undefined;
    if (!console) lent?.rings.close();
    const ended = this.sockets.succeeded(request, console);
    if (request.cmd === 'release') this.#giveUpAt(request.id);
    if (!ended) return;
    const id = request.cmd === 'unknown' ? 0n : request.cmd === 'accept' ? request.newId : request.id;
    this.#endConsole(ended, id, 'The socket was released.');
    if (request.cmd === 'release' && request.reuse) this.#rings.keep(ended.rings);
    else ended.rings.close();
  }

  #openConsole(request: PvCallsRequest, { rings, ring }: LentRings): SocketConsole {
    const id = request.cmd === 'accept' ? request.newId : request.cmd === 'connect' ? request.id : 0n;
    return new SocketConsole({
      id,
      rings,
      ring,
      steps: this.#options.steps,
      clock: this.#options.clock,
      onStandstill: (text) => this.findings.add('standstill', text),
      onBroken: (text) => this.findings.add('badRing', text),
    });
  }

  /** What it still had is told with the next news. */
  #endConsole(console: SocketConsole, id: bigint, why: string): void {
    this.#left.push({ id, ...console.take() });
    console.close(why);
  }

  /** A socket was released: some backends never answer what still waited at it. */
  #giveUpAt(id: bigint): void {
    for (const pending of this.#pending) {
      if (pending.request.cmd === 'unknown' || pending.request.id !== id) continue;
      this.#giveUp(pending, 'its socket was released, and it may never be answered.');
    }
  }

  #giveUpAll(why: string): void {
    for (const pending of this.#pending) this.#giveUp(pending, `never answered. ${why}`);
    this.#pending.clear();
  }

  #giveUp(pending: Pending, why: string): void {
    if (pending.isGivenUp) return;
    pending.isGivenUp = true;
    this.#options.history.update(pending.number, {
      phase: 'gone',
      text: `${askedText(pending.request)}: ${why}`,
      severity: 'note',
    });
    pending.lent?.rings.close();
    pending.lent = undefined;
  }

  #unasked(slot: Buffer): void {
    const { history, clock } = this.#options;
    const response = parsePvCallsResponse(slot);
    const words = unaskedWords(response);
    this.findings.add('unaskedResponse', words.text);
    history.add({
      timeMs: clock.nowMs(),
      title: 'response',
      phase: 'unasked',
      ...words,
      response: responseOf(response, slot, undefined),
    });
  }

  #mustHaveRoom({ cmd }: PvCallsRequest): void {
    if (this.ring.waiting >= maxWaiting) {
      throw new XenscopeError('limit', `${maxWaiting} requests wait for a slot already.`, {
        wayOut: 'Wait for answers first; where none come, close the device: a RELEASE would wait as well.',
      });
    }
    const makesOne = cmd === 'socket' || cmd === 'connect' || cmd === 'accept';
    if (!makesOne || this.sockets.size + this.#pending.size < maxSockets) return;
    throw new XenscopeError('limit', `${maxSockets} sockets are open or under way here already.`, {
      wayOut: 'Release some of them first.',
    });
  }

  #nextReqId(): number {
    const used = new Set([...this.#pending].map(({ request }) => request.reqId));
    let next = this.#lastReqId;
    do next = (next + 1) >>> 0;
    while (used.has(next));
    return next;
  }
}
