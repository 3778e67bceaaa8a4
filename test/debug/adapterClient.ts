/** The adapter as an editor leads it: in this process, or the bundled program of its own over its pipes. */
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { openDebugWorld } from '../../server/cli/adapterVerb';
import { systemClock } from '../../server/cli/systemClock';
import { AdapterSession } from '../../server/debug/dap/session';
import { program } from '../cli/xenscope';

/** A world takes its time to boot when the machine is busy. */
const patienceMs = 60_000;

export type Stopped = DebugProtocol.StoppedEvent['body'];

/** A session in this process: a program of its own would boot each world with cold code. */
export class AdapterClient extends DebugClient {
  /** The names of all events that came, and of all responses. */
  readonly came = new Set<string | symbol>();
  #end: (() => Promise<void>) | undefined;

  constructor() {
    super(process.execPath, '', 'xenscope');
    this.defaultTimeout = patienceMs;
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    this.came.add(event);
    return super.emit(event, ...args);
  }

  override async start(): Promise<void> {
    const [requests, answers] = [new PassThrough(), new PassThrough()];
    const ended = new Promise<void>((onEnd) => {
      const session = new AdapterSession({ clock: systemClock, openWorld: openDebugWorld, onEnd });
      session.start(requests, answers);
    });
    this.#end = () => {
      requests.end();
      return ended;
    };
    this.connect(answers, requests);
    return Promise.resolve();
  }

  /** Ends it, and waits until what it began has ended as well. */
  override async stop(): Promise<void> {
    await this.#end?.();
  }

  /** Up to the beginning of the world, with everything that was set before it. */
  async begin(
    launch: object,
    configure: () => Promise<unknown> = () => Promise.resolve(),
  ): Promise<DebugProtocol.Capabilities> {
    const initialized = this.waitForEvent('initialized');
    const { body } = await this.initializeRequest();
    const launched = this.launchRequest(launch as DebugProtocol.LaunchRequestArguments);
    await initialized;
    await configure();
    await this.configurationDoneRequest();
    await launched;
    return body!;
  }

  /** Lets `act` set the world going and answers where it stops next. */
  async stopAfter(act: () => Promise<unknown>): Promise<Stopped> {
    const stopped = this.waitForEvent('stopped');
    await act();
    return (await stopped).body as Stopped;
  }

  async frames(threadId: number): Promise<DebugProtocol.StackFrame[]> {
    return (await this.stackTraceRequest({ threadId })).body.stackFrames;
  }

  /** The variables of a frame, by scope and name. */
  async variables(frameId: number): Promise<Map<string, Map<string, DebugProtocol.Variable>>> {
    const { scopes } = (await this.scopesRequest({ frameId })).body;
    const all = new Map<string, Map<string, DebugProtocol.Variable>>();
    for (const { name, variablesReference } of scopes) {
      const { variables } = (await this.variablesRequest({ variablesReference })).body;
      all.set(name, new Map(variables.map((variable) => [variable.name, variable])));
    }
    return all;
  }

  /** The sentence of a request that must fail. */
  async refused(request: Promise<unknown>): Promise<string> {
    return request.then(
      () => Promise.reject(new Error('The request was not refused.')),
      (error: Error) => error.message,
    );
  }
}

/** The adapter as an editor starts it. */
export class AdapterProgram extends AdapterClient {
  errorOutput = '';
  #child: ChildProcess | undefined;
  #exit: Promise<number | null> | undefined;

  override async start(): Promise<void> {
    const child = spawn(process.execPath, [...(await program()), 'adapter'], { stdio: 'pipe' });
    this.#child = child;
    this.#exit = once(child, 'exit').then(([code]) => code as number | null);
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.errorOutput += text));
    this.connect(child.stdout, child.stdin);
  }

  /** Ends it, in peace if it can, and waits until it is gone. */
  override async stop(): Promise<void> {
    this.#child?.kill('SIGTERM');
    await this.#exit;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Resolves with the exit code when the adapter has ended by itself. */
  exited(): Promise<number | null> {
    return this.#exit!;
  }

  /** As when the editor dies. */
  closeInput(): void {
    this.#child!.stdin!.end();
  }
}
