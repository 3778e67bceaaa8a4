/** A composer with a device of its own: opened in a domain against a backend, used for calls by hand, and taken away again. */
import { XenscopeError } from '../../host/errors';
import type { Clock } from '../../host/clock';
import type { EndReports } from '../../host/endReports';
import type { HostProgram } from '../../host/program';
import { freeSteps } from '../../host/steps';
import type { StoreClient } from '../../host/storeClient';
import { PVCALLS_MAX_ORDER, pvcallsEditions } from '../../wire/pvcalls/dataPage';
import { parsePvCallsRequest } from '../../wire/pvcalls/slots';
import { askedText } from './callWords';
import type { ComposerSession, ReceivedBytes } from './composerSession';
import {
  type ComposerNames,
  closingWords,
  lostWords,
  openWords,
  openingWords,
  stateName,
} from './composerWords';
import { readDraft } from './draft';
import type { DraftContext } from './draft';
import { explainOpening } from './explainOpening';
import { HandCalls } from './handCalls';
import { ComposerHistory } from './history';
import type { DeviceLink } from '../../pvcalls/frontend/deviceLink';
import { type LinkUser, OwnDevice } from '../../pvcalls/frontend/ownDevice';
import type { ComposerCheck, ComposerDraft, ComposerEnding, ComposerPlan, ComposerState } from './plan';
import type { Sent, SocketConsole } from './socketConsole';
import { SocketTable } from './socketTable';
import { dangerOf, warningsOf } from './warnings';

export interface OwnSessionOptions {
  readonly plan: ComposerPlan & { readonly kind: 'own' };
  readonly program: HostProgram;
  /** The toolstack's. */
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly ownDomid: number;
  readonly names: ComposerNames;
  /** A real host: what may harm a backend that is not careful is asked about. */
  readonly isReal: boolean;
  /** Where guests of the same backend listen, as far as that was seen. */
  readonly listeners: () => readonly string[];
  /** Told what our end finds wrong with the backend, by kind; nobody where it is absent. */
  readonly reports?: EndReports | undefined;
}

const tidiedText = 'Closed since: what was left of its nodes is removed.';

interface Over {
  readonly text: string;
  readonly wayOut?: string | undefined;
  readonly isWrong: boolean;
}

const requestSlots = 32;
const noSockets = new SocketTable();

export class OwnSession implements ComposerSession {
  readonly #options: OwnSessionOptions;
  readonly #device: OwnDevice;
  readonly #history = new ComposerHistory();
  /** Never rejects. */
  readonly #opening: Promise<void>;
  #phase: ComposerState['phase'] = 'opening';
  #calls: HandCalls | undefined;
  #maxOrder: number | undefined;
  /** Undefined where the states of both ends tell why. */
  #over: Over | undefined;
  #closing: Promise<void> | undefined;

  /** Begins to open it; `state` tells how that goes. */
  constructor(options: OwnSessionOptions) {
    this.#options = options;
    const { program, store, clock, ownDomid, names, plan } = options;
    this.#device = new OwnDevice({
      program,
      store,
      clock,
      domid: ownDomid,
      backendDomid: plan.backend,
      edition: this.#edition,
      use: (link) => this.#use(link),
      onChange: () => this.#looked(),
      isHeld: () => names.isHeld(),
    });
    program.ended?.addEventListener('abort', this.#onProgramEnded, { once: true });
    this.#admit(`as ${names.own}: opens a device of PV Calls with its backend in ${names.backend}`);
    this.#opening = this.#open();
  }

  get state(): ComposerState {
    const { place, states } = this.#device;
    const calls = this.#calls;
    const frontendState = states && stateName(states.frontend);
    const backendState = states && stateName(states.backend);
    return {
      kind: 'own',
      phase: this.#phase,
      ...this.#words(),
      canClose: this.#closing === undefined,
      device: {
        ...(place && { frontend: place.frontend, backend: place.backend }),
        ...(frontendState !== undefined && { frontendState }),
        ...(backendState !== undefined && { backendState }),
      },
      ...(this.#maxOrder !== undefined && { maxOrder: this.#maxOrder }),
      slots: calls?.ring.slots ?? requestSlots,
      inFlight: calls?.ring.inFlight ?? 0,
      waiting: calls?.ring.waiting ?? 0,
      sockets: calls?.sockets.state ?? [],
      kept: this.#phase === 'open' ? (calls?.kept ?? []) : [],
      suggested: (calls?.sockets ?? noSockets).suggested(this.#options.listeners()),
      findings: this.#findings(),
    };
  }

  get forgottenEntries(): number {
    return this.#history.forgotten;
  }

  takeEntries() {
    return this.#history.takeChanged();
  }

  takeReceived(): readonly ReceivedBytes[] {
    return this.#calls?.takeReceived() ?? [];
  }

  check(draft: ComposerDraft): ComposerCheck {
    const { problems, prepared } = readDraft(draft, this.#context);
    if (!prepared) return { problems, warnings: [] };
    const slot = prepared.slotFor(undefined);
    const request = parsePvCallsRequest(slot);
    const confirm = this.#options.isReal ? dangerOf(prepared) : undefined;
    return {
      problems: [],
      warnings: warningsOf(request, draft, this.#calls?.sockets),
      ...(confirm !== undefined && { confirm }),
      slot: slot.toString('hex'),
      text: `${askedText(request)}.`,
    };
  }

  call(draft: ComposerDraft, confirmed = false): number {
    const calls = this.#mustBeOpen();
    const { confirm } = this.check(draft);
    if (confirm !== undefined && !confirmed) {
      throw new XenscopeError('refused', confirm, { wayOut: 'Confirm it first.' });
    }
    return calls.call(draft);
  }

  send(id: bigint, bytes: Uint8Array, signal: AbortSignal): Promise<Sent> {
    const console = this.#console(id);
    this.#admit(`sends ${bytes.length} bytes at socket ${id}: ${Buffer.from(bytes).toString('hex')}`);
    return console.send(bytes, signal);
  }

  setReading(id: bigint, how: { readonly reads: boolean; readonly keepAll: boolean }): void {
    const console = this.#console(id);
    if (console.state.reads !== how.reads) {
      this.#admit(`${how.reads ? 'reads again' : 'stops reading'} at socket ${id}`);
    }
    console.setReading(how);
  }

  endSending(id: bigint): void {
    const console = this.#console(id);
    this.#admit(`ends sending at socket ${id}`);
    console.endSending();
  }

  abandonSocket(id: bigint): void {
    const calls = this.#mustBeOpen();
    calls.console(id);
    this.#admit(`gives the rings of socket ${id} back without a RELEASE`);
    calls.abandon(id);
  }

  async end(how: ComposerEnding): Promise<void> {
    if (how === 'close') return (this.#closing ??= this.#close());
    const { program, names } = this.#options;
    if (!program.end) {
      throw new XenscopeError('unsupported', 'On a real host a device is only closed in order.', {
        wayOut: 'What a crash leaves behind, the simulator shows.',
      });
    }
    if (this.#closing || this.#phase === 'ended' || this.#phase === 'failed') return;
    this.#admit('is killed');
    this.#finish('ended', {
      text: `The program in ${names.own} was killed: its kernel has given back what it lent, and nobody has told the backend.`,
      wayOut: 'Look what the backend does; closing it removes the nodes.',
      isWrong: true,
    });
    program.end('killed');
    await this.#device.abandon();
  }

  remove({ isLeaving = false } = {}): Promise<void> {
    if (isLeaving) this.#device.hasten();
    return this.end('close');
  }

  async #open(): Promise<void> {
    try {
      await this.#device.open();
    } catch (error) {
      const { message, wayOut } = explainOpening(error, this.#options.names);
      this.#finish('failed', { text: message, wayOut, isWrong: true });
    }
  }

  #use(link: DeviceLink): LinkUser {
    const { program, clock, plan } = this.#options;
    this.#maxOrder = link.maxOrder;
    const steps = program.deviceSteps?.(this.#device.place!.frontend) ?? freeSteps;
    const calls = (this.#calls = new HandCalls({
      link,
      backendDomid: plan.backend,
      edition: this.#edition,
      clock,
      steps,
      history: this.#history,
      admit: (text) => this.#admit(text),
    }));
    return {
      event: (port) => calls.event(port),
      connected: () => {
        if (this.#phase === 'opening') this.#phase = 'open';
        const findings = () => calls.findings.kinds;
        const isGone = () => this.#closing !== undefined;
        this.#options.reports?.add(this.#device.place!.frontend, { side: 'frontend', findings, isGone });
      },
      disconnect: () => {
        calls.close('The device has disconnected.');
        this.#lost();
      },
    };
  }

  /** States have changed, or our driver has given up. */
  #looked(): void {
    const { failure } = this.#device;
    if (failure !== undefined) {
      const wasOpen = this.#phase === 'open';
      this.#finish(wasOpen ? 'ended' : 'failed', {
        text: failure,
        wayOut: `Close it; a backend that speaks version 1 and offers calls is needed. ${this.#otherEdition}`,
        isWrong: true,
      });
      return;
    }
    const { states } = this.#device;
    const hasClosed = states && stateName(states.frontend) === 'Closed';
    if (hasClosed && this.#phase === 'opening') this.#lost();
  }

  #lost(): void {
    if (this.#phase !== 'open' && this.#phase !== 'opening') return;
    const wasOpen = this.#phase === 'open';
    // Why, the states of both ends tell, which come a moment later.
    this.#finish(wasOpen ? 'ended' : 'failed', undefined);
  }

  async #close(): Promise<void> {
    const wasOver = this.#phase === 'ended' || this.#phase === 'failed';
    if (!wasOver) this.#phase = 'closing';
    this.#admit('closes');
    let over: Over = {
      text: 'Closed: the nodes are removed, and pages and event channels given back.',
      isWrong: false,
    };
    // What was just being plugged is there afterwards, and is taken away as well.
    await this.#opening;
    try {
      await this.#device.close();
      await this.#device.remove();
    } catch (error) {
      if (!(error instanceof XenscopeError)) throw error;
      over = {
        text: `Closed, but its nodes could not be removed. ${error.message}`,
        wayOut: error.wayOut ?? 'Remove them in the tree, or with the device’s own actions.',
        isWrong: true,
      };
    }
    this.#calls?.close('The device was closed.');
    if (!wasOver) this.#finish('ended', over);
    else this.#over = over.isWrong ? over : { ...over, text: `${this.#words().text} ${tidiedText}` };
    await this.#options.program.close();
  }

  readonly #onProgramEnded = () => {
    const { own } = this.#options.names;
    this.#finish('ended', {
      text: `${own} has ended or runs another kernel, and its device went with it.`,
      wayOut: 'Close it; what is left of the nodes is removed.',
      isWrong: true,
    });
    void this.#device.abandon();
  };

  #finish(phase: 'ended' | 'failed', over: Over | undefined): void {
    if (this.#phase === 'ended' || this.#phase === 'failed') return;
    this.#options.program.ended?.removeEventListener('abort', this.#onProgramEnded);
    this.#phase = phase;
    this.#over = over;
    this.#calls?.close('The device is gone.');
  }

  #words() {
    const { names } = this.#options;
    switch (this.#phase) {
      case 'opening':
        return openingWords(this.#device.states, names);
      case 'open':
        return openWords(names, this.#calls?.broken);
      case 'closing':
        return closingWords(names);
      default: {
        const wasOpen = this.#phase === 'ended';
        const over = this.#over ?? { ...lostWords(this.#device.states, wasOpen, names), isWrong: true };
        const { text, wayOut, isWrong } = over;
        const severity: ComposerState['severity'] = isWrong ? 'warning' : 'note';
        return { text, ...(wayOut !== undefined && { wayOut }), severity };
      }
    }
  }

  #findings(): ComposerState['findings'] {
    const findings = this.#calls?.findings;
    if (!findings) return [];
    const last = new Map(findings.last.map(({ kind, text }) => [kind, text]));
    return [...last].map(([kind, text]) => ({ kind, text, count: findings.count(kind) }));
  }

  get #edition() {
    return pvcallsEditions[this.#options.plan.edition ?? 'final'];
  }

  get #otherEdition(): string {
    return this.#edition.name === 'final'
      ? 'One that publishes “version” alone speaks the draft of 2016, which can be chosen instead.'
      : 'This was asked in the draft of 2016, and most speak the final protocol.';
  }

  get #context(): DraftContext {
    const { minOrder } = this.#edition;
    return this.#calls?.context ?? { newId: 1n, reqId: 1, minOrder, maxOrder: PVCALLS_MAX_ORDER, kept: [] };
  }

  #console(id: bigint): SocketConsole {
    return this.#mustBeOpen().console(id);
  }

  #mustBeOpen(): HandCalls {
    if (this.#phase === 'open') return this.#calls!;
    const text = this.#phase === 'opening' ? 'The device is not connected yet.' : 'The device is gone.';
    const wayOut = this.#phase === 'opening' ? 'Wait until it is.' : 'Open another one.';
    throw new XenscopeError('gone', text, { wayOut });
  }

  #admit(text: string): void {
    this.#options.program.admit?.(`PV Calls composer: ${text}`);
  }
}
