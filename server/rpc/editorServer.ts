/**
 * The server side of an editor: a language server with requests of our own (api.ts) on one pair of
 * streams. It ends when the input ends, or the editor says so; what happens in it never ends it, and
 * its end is not the end of the process: others may be served in it.
 */
import { createConnection } from 'vscode-languageserver';
import {
  type CancellationToken,
  type Connection,
  ErrorCodes,
  type Logger,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
  createProtocolConnection,
} from 'vscode-languageserver/node';
import { version } from '../../package.json';
import { XenscopeError } from '../host/errors';
import type { Clock, Random } from '../host/clock';
import type { Host } from '../host/host';
import { type InitializeOptions, type RequestName, type WorldInfo, apiVersion } from './api';
import { type Handlers, createHandlers } from './handlers';
import { HostRegistry } from './hostRegistry';
import type { ServingGround } from '../act/pvcallsServing';
import type { LocalXen } from './localXen';
import { Notifier } from './notifier';
import { ReportOutbox } from './reportOutbox';
import { checkFields, checkParams, initializeShape, isRequestName } from './requestShapes';
import { toResponseError } from './responseError';
import { worldState } from './worldFeed';

export interface EditorServerOptions {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly clock: Clock;
  readonly random: Random;
  /** Absent: no simulator is listed. */
  readonly openSimulator?: (world: WorldInfo) => Promise<Host>;
  /** Absent: no socket is opened because an editor names it. */
  readonly openSocket?: (path: string) => Host;
  readonly localXen: LocalXen;
  /** What this machine has for a backend of PV Calls; absent: none is opened. */
  readonly pvcalls?: ServingGround;
  /** False for a server with more rights than its editors; default true. */
  readonly mayWriteFiles?: boolean;
}

export interface EditorServer {
  /** Resolves when the input ended, or the editor took its leave, and all hosts are closed. Rejects when one could not be. */
  readonly ended: Promise<void>;
}

/** The library's reader asks every 10 s for the rest of a message, for good: an editor that died within one would be kept. */
function patientReader(input: NodeJS.ReadableStream): StreamMessageReader {
  const reader = new StreamMessageReader(input);
  reader.partialMessageTimeout = 0;
  return reader;
}

export function startEditorServer(options: EditorServerOptions): EditorServer {
  let exit!: () => void;
  const exited = new Promise<void>((resolve) => (exit = resolve));
  let isOver = false;
  const connection: Connection = createConnection(
    (logger) =>
      createProtocolConnection(
        patientReader(options.input),
        new StreamMessageWriter(options.output),
        untilEnd(logger, () => isOver),
      ),
    { shutdownReceived: false, initialize: () => undefined, exit },
  );
  let running: Running | undefined;

  connection.onInitialize(({ initializationOptions }) => {
    if (running) throw new ResponseError(ErrorCodes.InvalidRequest, 'The server is initialized already.');
    running = start(connection, options, checkedOptions(initializationOptions));
    return { capabilities: {}, serverInfo: { name: 'xenscope', version } };
  });
  // One handler for all: by name, a request without parameters or with a list would come in another form.
  connection.onRequest((name: string, params: unknown, token: CancellationToken) => {
    if (!isRequestName(name))
      return new ResponseError(ErrorCodes.MethodNotFound, `There is no request "${name}".`);
    if (!running) return new ResponseError(ErrorCodes.ServerNotInitialized, 'Initialize the server first.');
    return answer(running.handlers, name, params, token, connection);
  });
  connection.onShutdown(() => running?.close());
  connection.listen();

  const ended = Promise.race([inputEnd(options.input), exited]).then(async () => {
    try {
      await running?.close();
    } finally {
      isOver = true;
      connection.dispose();
    }
  });
  return { ended };
}

interface Running {
  readonly handlers: Handlers;
  close(): Promise<void>;
}

function start(connection: Connection, options: EditorServerOptions, editor: InitializeOptions): Running {
  const notifier = new Notifier(connection);
  const outbox = new ReportOutbox({
    clock: options.clock,
    isBusy: () => notifier.isBusy,
    send: (reports) => notifier.send('xenscope/watchReports', { reports }, 'reports', () => undefined),
  });
  const { openSimulator, openSocket, localXen, pvcalls, mayWriteFiles = true, clock } = options;
  const hosts = new HostRegistry({
    clock,
    openSimulator,
    openSocket,
    localXen,
    pvcalls,
    mayWriteFiles,
    seed: editor.seed,
    ringFeatures: editor.ringFeatures,
    settings: editor,
    onHosts: () => sendHosts(),
    onTreeChanges: (host, changes) =>
      notifier.send('xenscope/treeChanged', { host, changes }, `tree ${host}`, () =>
        hosts.sessionIfOpen(host)?.tree.startAnew(),
      ),
    onDomains: (host) => sendDomains(host),
    onRings: {
      isBusy: () => notifier.isBusy,
      // What a frame told is told again by the next one: a frame that is left out needs no remedy.
      send: (name, params) => notifier.send(name, params, name, () => undefined),
    },
    onDevices: {
      isBusy: () => notifier.isBusy,
      // Asked whether it is busy just before: it is never left out.
      sendList: (frame) => notifier.send('xenscope/devicesFrame', frame, 'devices', () => undefined),
      // What a frame told is told again a second later.
      sendView: (frame) => notifier.send('xenscope/deviceFrame', frame, 'device', () => undefined),
      sendFindings: (news) =>
        notifier.send('xenscope/deviceFindings', news, 'findings of devices', () => undefined),
    },
    onVchans: {
      isBusy: () => notifier.isBusy,
      // Asked whether it is busy just before: it is never left out.
      send: (news) => notifier.send('xenscope/vchanNews', news, 'vchan', () => undefined),
    },
    onSockets: {
      isBusy: () => notifier.isBusy,
      // Asked whether it is busy just before: they are never left out.
      sendList: (frame) => notifier.send('xenscope/pvcallsFrame', frame, 'pvcalls', () => undefined),
      sendView: (frame) =>
        notifier.send('xenscope/pvcallsDeviceFrame', frame, 'pvcalls device', () => undefined),
    },
    onComposers: {
      isBusy: () => notifier.isBusy,
      // Asked whether it is busy just before: it is never left out.
      send: (news) => notifier.send('xenscope/composerNews', news, 'composer', () => undefined),
    },
    onIntercepts: {
      isBusy: () => notifier.isBusy,
      // Asked whether it is busy just before: it is never left out.
      send: (news) => notifier.send('xenscope/interceptNews', news, 'intercept', () => undefined),
    },
    onWorld: (host) => sendWorld(host),
    log: (host, sentence) => connection.console.info(`${host}: ${sentence}`),
  });
  const sendHosts = () => notifier.send('xenscope/hostsChanged', { hosts: hosts.hosts }, 'hosts', sendHosts);
  const sendDomains = (host: string) => {
    const domains = hosts.sessionIfOpen(host)?.domains.all;
    if (!domains) return;
    notifier.send('xenscope/domainsChanged', { host, domains }, `domains ${host}`, () => sendDomains(host));
  };
  const sendWorld = (host: string) => {
    const world = hosts.sessionIfOpen(host)?.host.world;
    if (!world) return;
    const params = { host, world: worldState(world) };
    notifier.send('xenscope/worldChanged', params, `world ${host}`, () => sendWorld(host));
  };
  void hosts.watchLocalXen();
  return {
    handlers: createHandlers(hosts, outbox, {
      firstId: editor.firstId ?? 1,
      mayWriteFiles,
      // The results bring all matches and all steps again.
      onFound: (serial, rows) =>
        notifier.send('xenscope/found', { serial, rows }, `found ${serial}`, () => undefined),
      onReconnectStep: (serial, step) =>
        notifier.send('xenscope/reconnectStep', { serial, step }, `reconnect ${serial}`, () => undefined),
    }),
    async close() {
      outbox.close();
      await hosts.close();
    },
  };
}

function checkedOptions(value: unknown): InitializeOptions {
  try {
    checkFields('initializationOptions', value, initializeShape);
  } catch (error) {
    throw toResponseError(error);
  }
  const editor = value as InitializeOptions;
  if (editor.apiVersion === apiVersion) return editor;
  throw toResponseError(
    new XenscopeError(
      'unsupported',
      `The editor speaks version ${editor.apiVersion} of the API, this server ${apiVersion}.`,
      {
        wayOut: 'Use the server that came with the extension.',
      },
    ),
  );
}

async function answer<Name extends RequestName>(
  handlers: Handlers,
  name: Name,
  params: unknown,
  token: CancellationToken,
  connection: Connection,
): Promise<unknown> {
  const cancel = new AbortController();
  const listening = token.onCancellationRequested(() => cancel.abort());
  try {
    if (token.isCancellationRequested) cancel.abort();
    checkParams(name, params);
    return await handlers[name](params as never, cancel.signal);
  } catch (error) {
    if (!(error instanceof XenscopeError)) {
      connection.console.error(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
    }
    return toResponseError(error);
  } finally {
    listening.dispose();
  }
}

/** The log is the editor's: of an answer that finds it gone nobody is to be told. */
function untilEnd(logger: Logger, isOver: () => boolean): Logger {
  const unlessOver = (say: (text: string) => void) => (text: string) => {
    if (!isOver()) say(text);
  };
  return {
    error: unlessOver((text) => logger.error(text)),
    warn: unlessOver((text) => logger.warn(text)),
    info: unlessOver((text) => logger.info(text)),
    log: unlessOver((text) => logger.log(text)),
  };
}

function inputEnd(input: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['end', 'close', 'error']) input.once(event, () => resolve());
  });
}
