/**
 * One session with an editor: its requests in a flat table, its events from what the debugger tells.
 * Breakpoints may be set before there is a world; the world begins when it is launched and the
 * editor is done with its configuration, in whichever order.
 */
import {
  DebugSession,
  InitializedEvent,
  StoppedEvent,
  TerminatedEvent,
  ThreadEvent,
  type Source,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Clock } from '../../host/clock';
import { XenscopeError } from '../../host/errors';
import { offeredFeatureBits } from '../../wire/offeredFeatures';
import type { DebugConnection } from '../connection';
import { Debugger, type DebugTarget, type StepSize, type WorldRequest } from '../debugger';
import { listingLine } from '../listingLine';
import type { ListingPlace } from '../listing';
import type { Message } from '../message';
import type { Stop } from '../stop';
import { noLineBreakpoints, setErrorFilters, setFunctionBreakpoints } from './breakpointRequests';
import { capabilities } from './capabilities';
import { MessageConsole } from './console';
import { completions, evaluateRequest, readMemoryRequest, variablesOf } from './dataRequests';
import { errors, RequestError } from './errors';
import { launchArguments, type LaunchArguments } from './launchArguments';
import { HeldReferences, ListingReferences } from './references';

export interface AdapterOptions {
  readonly clock: Clock;
  /** Makes a world, quiet and with nobody but its guests in it. */
  openWorld(options: WorldRequest): Promise<DebugTarget>;
  /** The session is over, and everything that it began has ended. */
  onEnd(): void;
}

type Handler = (args: never) => unknown;

export class AdapterSession extends DebugSession {
  readonly #options: AdapterOptions;
  readonly #debugger: Debugger;
  readonly #held = new HeldReferences();
  readonly #listings = new ListingReferences();
  readonly #console: MessageConsole;
  readonly #handlers: Readonly<Record<string, Handler>>;
  #firstLine = 1;
  #launch: LaunchArguments | undefined;
  #isConfigured = false;
  #isReady = false;
  #hasBegun = false;
  #ending: Promise<void> | undefined;

  constructor(options: AdapterOptions) {
    super();
    this.#options = options;
    this.#console = new MessageConsole(options.clock, (event) => this.sendEvent(event));
    this.#debugger = new Debugger({
      stopped: (stop) => this.#onStopped(stop),
      opened: ({ id }) => this.#hasBegun && this.sendEvent(new ThreadEvent('started', id)),
      ended: ({ id }) => this.#hasBegun && this.sendEvent(new ThreadEvent('exited', id)),
      message: (connection, message) => this.#onMessage(connection, message),
    });
    this.#handlers = this.#table();
  }

  /** The editor is gone, or has asked to end: so does the world. */
  override shutdown(): void {
    void this.#end().then(() => this.#options.onEnd());
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    void this.#answer(request);
  }

  async #answer({ command, seq, arguments: args }: DebugProtocol.Request): Promise<void> {
    const response = {
      seq: 0,
      type: 'response',
      request_seq: seq,
      command,
      success: true,
    } as DebugProtocol.Response;
    try {
      const handler = Object.hasOwn(this.#handlers, command) ? this.#handlers[command] : undefined;
      if (!handler) throw errors.unknownRequest(command);
      response.body = await handler((args ?? {}) as never);
      this.sendResponse(response);
    } catch (error) {
      const { id, message, showUser } = asRequestError(command, error);
      // A variable, because braces in the text would be taken for one; the underscore says that it may be logged.
      this.sendErrorResponse(response, { id, format: '{_text}', variables: { _text: message }, showUser });
    }
  }

  #table(): Record<string, Handler> {
    const { breakpoints } = this.#debugger;
    return {
      initialize: (args: DebugProtocol.InitializeRequestArguments) => this.#initialize(args),
      launch: (args: DebugProtocol.LaunchRequestArguments) => this.#launchWorld(args),
      attach: () => {
        throw errors.onlyLaunch();
      },
      configurationDone: () => {
        this.#isConfigured = true;
        this.#beginWhenReady();
      },
      // Editors send those of every file; a line of a listing cannot be stopped at yet.
      setBreakpoints: ({ breakpoints: lines = [] }: DebugProtocol.SetBreakpointsArguments) =>
        noLineBreakpoints(lines),
      setFunctionBreakpoints: (args: DebugProtocol.SetFunctionBreakpointsArguments) =>
        setFunctionBreakpoints(breakpoints, args),
      setExceptionBreakpoints: (args: DebugProtocol.SetExceptionBreakpointsArguments) =>
        setErrorFilters(breakpoints.errors, args),
      threads: () => this.#threads(),
      stackTrace: (args: DebugProtocol.StackTraceArguments) => this.#stackTrace(args),
      scopes: (args: DebugProtocol.ScopesArguments) => this.#scopes(args),
      variables: async ({ variablesReference }: DebugProtocol.VariablesArguments) =>
        variablesOf(this.#held, await this.#held.values(variablesReference)()),
      source: ({ sourceReference, source }: DebugProtocol.SourceArguments) => ({
        content: this.#listings.text(source?.sourceReference ?? sourceReference),
        mimeType: 'text/plain',
      }),
      exceptionInfo: () => this.#exceptionInfo(),
      continue: () => {
        this.#goOn(() => this.#debugger.resume());
        return { allThreadsContinued: true };
      },
      next: ({ threadId, granularity }: DebugProtocol.NextArguments) =>
        this.#step(
          threadId,
          granularity === 'instruction' ? 'move' : granularity === 'line' ? 'exchange' : 'message',
        ),
      stepIn: ({ threadId }: DebugProtocol.StepInArguments) => this.#step(threadId, 'move'),
      stepOut: ({ threadId }: DebugProtocol.StepOutArguments) => this.#step(threadId, 'exchange'),
      pause: () => this.#debugger.pause(),
      evaluate: (args: DebugProtocol.EvaluateArguments) => evaluateRequest(this.#debugger, this.#held, args),
      completions: (args: DebugProtocol.CompletionsArguments) => completions(this.#debugger, args),
      readMemory: (args: DebugProtocol.ReadMemoryArguments) => readMemoryRequest(this.#debugger, args),
      terminate: async () => {
        await this.#end();
        this.sendEvent(new TerminatedEvent());
      },
      disconnect: async () => {
        await this.#end();
        // Behind the answer.
        setImmediate(() => this.shutdown());
      },
    };
  }

  #initialize({ linesStartAt1 }: DebugProtocol.InitializeRequestArguments): DebugProtocol.Capabilities {
    this.#firstLine = linesStartAt1 === false ? 0 : 1;
    // Behind the answer; breakpoints need no world.
    setImmediate(() => this.sendEvent(new InitializedEvent()));
    return capabilities();
  }

  async #launchWorld(args: object): Promise<void> {
    if (this.#launch) throw errors.launchedAlready();
    const wanted = (this.#launch = launchArguments(args));
    try {
      const { tap, onMove } = this.#debugger;
      const target = await this.#options.openWorld({
        seed: wanted.seed,
        ringFeatures: offeredFeatureBits(wanted.ringFeatures),
        tap,
        onMove,
        journal: wanted.journal,
      });
      await this.#debugger.attach(target);
      for (const [name, probability] of Object.entries(wanted.faults))
        target.world.setFault(name, probability);
    } catch (error) {
      throw errors.worldFailed(error);
    }
    this.#isReady = true;
    // Behind the answer.
    setImmediate(() => this.#beginWhenReady());
  }

  #beginWhenReady(): void {
    if (!this.#isReady || !this.#isConfigured || this.#hasBegun || this.#ending) return;
    this.#hasBegun = true;
    this.#debugger.start(this.#launch!);
  }

  #onStopped(stop: Stop): void {
    this.#console.flush();
    this.#held.clear();
    const threadId = stop.connectionId ?? this.#debugger.connections()[0]?.id;
    const event: DebugProtocol.StoppedEvent = new StoppedEvent(stop.reason, threadId);
    event.body = {
      ...event.body,
      description: stop.description,
      text: stop.trouble ? stop.trouble.text : stop.description,
      allThreadsStopped: true,
      ...(stop.breakpointIds.length > 0 && { hitBreakpointIds: [...stop.breakpointIds] }),
    };
    this.sendEvent(event);
  }

  #onMessage(connection: DebugConnection, message: Message): void {
    if (!this.#hasBegun || !this.#launch?.trace) return;
    const name = this.#debugger.connectionName(connection);
    const text = `${name}  ${listingLine(message)}`;
    this.#console.add({ text, place: () => this.#place(connection, message.place) });
  }

  #place(connection: DebugConnection, place: ListingPlace): { source: Source; line: number } {
    const name = this.#debugger.connectionName(connection);
    const source = this.#listings.sourceFor(connection, name, place);
    return { source, line: place.line - 1 + this.#firstLine };
  }

  #threads(): DebugProtocol.ThreadsResponse['body'] {
    const connections = this.#debugger.shownConnections();
    return {
      threads: connections.map((connection) => ({
        id: connection.id,
        name: this.#debugger.connectionName(connection),
      })),
    };
  }

  #stackTrace(args: DebugProtocol.StackTraceArguments): DebugProtocol.StackTraceResponse['body'] {
    const connection = this.#connection(args.threadId);
    if (!this.#debugger.isHeld) throw errors.notHeld();
    const layers = this.#debugger.layers(connection);
    const from = args.startFrame ?? 0;
    const to = args.levels ? from + args.levels : layers.length;
    const place = connection.inHand && this.#place(connection, connection.inHand.place);
    const stackFrames = layers.slice(from, to).map((layer): DebugProtocol.StackFrame => ({
      id: this.#held.addFrame({ connection, layer }),
      name: layer.name,
      line: 0,
      column: 0,
      ...(place && { ...place, column: this.#firstLine }),
      presentationHint: layer.isSubtle ? 'subtle' : 'normal',
    }));
    return { stackFrames, totalFrames: layers.length };
  }

  #scopes({ frameId }: DebugProtocol.ScopesArguments): DebugProtocol.ScopesResponse['body'] {
    const { layer } = this.#held.frame(frameId);
    return {
      scopes: layer.scopes.map(({ name, hint, expensive, fields }) => ({
        name,
        presentationHint: hint,
        expensive,
        variablesReference: this.#held.addValues(fields),
      })),
    };
  }

  #exceptionInfo(): DebugProtocol.ExceptionInfoResponse['body'] {
    const trouble = this.#debugger.lastStop?.trouble;
    if (!trouble || !this.#debugger.isHeld) throw errors.noException();
    const { rule, text, evidence } = trouble;
    return {
      exceptionId: rule,
      description: text,
      breakMode: 'always',
      details: { message: text, typeName: rule, stackTrace: evidence },
    };
  }

  #step(threadId: number, size: StepSize): void {
    const connection = this.#connection(threadId);
    this.#goOn(() => void this.#debugger.step(connection, size));
  }

  /** Lets the world go on, behind the answer to the request. */
  #goOn(go: () => void): void {
    if (!this.#debugger.isHeld || !this.#hasBegun) throw errors.notHeld();
    this.#held.clear();
    setImmediate(go);
  }

  #connection(id: number): DebugConnection {
    const connection = this.#debugger.connection(id);
    if (!connection) throw errors.unknownThread(id);
    return connection;
  }

  #end(): Promise<void> {
    this.#console.close();
    this.#ending ??= this.#debugger.close();
    return this.#ending;
  }
}

function asRequestError(command: string, error: unknown): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof XenscopeError) return errors.cannotEvaluate(error);
  return errors.mistake(command, error instanceof Error ? (error.stack ?? error.message) : String(error));
}
