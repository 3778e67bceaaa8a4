/** `xenscope pvcalls connect`: a connection through a backend of PV Calls on standard input and output, over a device of its own. */
import { InvalidArgumentError, type Command } from 'commander';
import { sleep } from '../host/clock';
import { XenscopeError } from '../host/errors';
import type { PvCallsFrontend } from '../pvcalls/frontend/frontend';
import type { OwnDevice } from '../pvcalls/frontend/ownDevice';
import { type Ipv4Address, addressText, parseIpv4 } from '../wire/pvcalls/address';
import type { LocalProgram } from './localProgram';
import { endIfHeld, endOfOutput } from './endProcess';
import { wholeNumber } from './numbers';
import { pipeSocket } from './pvcallsPipe';
import { stopSignal } from './stopSignal';
import { fail } from './storeCommand';
import { systemClock } from './systemClock';
import { worldStandsStill } from './worldTime';

interface ConnectOptions {
  readonly backend: number;
  readonly order?: number;
  /** Seconds. */
  readonly timeout: number;
  /** Seconds. */
  readonly quit?: number;
  readonly verbose?: boolean;
}

export function addPvcallsConnect(verb: Command): void {
  verb
    .command('connect')
    .description(
      'connect somewhere through a backend: a new device, and one socket on standard input and output',
    )
    .argument('<address>', 'where to, as the backend’s domain reaches it: 127.0.0.1:80', address)
    .option('-b, --backend <domain>', 'the number of the domain whose backend is asked', domid, 0)
    .option('--order <number>', 'log2 of the pages of the data rings (default: 4)', wholeNumber)
    .option('--timeout <seconds>', 'how long the backend may take to take the device', wholeNumber, 10)
    .option(
      '-q, --quit <seconds>',
      'leave so long after the end of input (default: when the other side ends, and input has ended or pauses)',
      wholeNumber,
    )
    .option('-v, --verbose', 'tell on standard error when it is connected')
    .addHelpText(
      'after',
      `
Examples:
  printf 'GET / HTTP/1.0\\r\\n\\r\\n' | sudo xenscope pvcalls connect 127.0.0.1:80
  sudo xenscope pvcalls connect -v -b 3 10.0.0.1:22        through the backend of domain 3
The device is made as a toolstack makes it, and taken away at the end: domain 0 may do so.
Exit codes: 0 the other side ended and all was sent, or --quit; 1 it could not connect, or broke off; 2 usage.`,
    )
    .action(connect);
}

async function connect(to: Ipv4Address, options: ConnectOptions): Promise<void> {
  const stopped = stopSignal();
  // Loaded when wanted: the help needs no libraries.
  const { openLocalProgram } = await import('./localProgram');
  try {
    const program = await openLocalProgram();
    try {
      await run(program, to, options, stopped);
    } finally {
      await program.close();
    }
  } catch (error) {
    if (!stopped.aborted) fail(error);
  }
  // What a terminal or a pipe may still bring is for nobody.
  process.stdin.destroy();
  await endOfOutput(stopped);
  await endIfHeld();
}

async function run(
  program: LocalProgram,
  to: Ipv4Address,
  { backend, order, timeout, quit, verbose }: ConnectOptions,
  signal: AbortSignal,
): Promise<void> {
  const opened = await openDevice(program, backend);
  const { device } = opened;
  try {
    const frontend = await opened.connected(timeout * 1000, signal);
    const socket = await frontend.connect(to, {
      signal,
      allowHalfOpen: true,
      ...(order !== undefined && { order }),
    });
    if (verbose)
      process.stderr.write(`xenscope: connected to ${addressText(to)} over ${device.place!.frontend}\n`);
    await pipeSocket(socket, { quitMs: quit === undefined ? undefined : quit * 1000, signal });
  } finally {
    await device.close();
    await device.remove();
  }
}

interface Opened {
  readonly device: OwnDevice;
  /** Rejects with a XenscopeError where the backend does not take it, or not in time. */
  connected(timeoutMs: number, signal: AbortSignal): Promise<PvCallsFrontend>;
}

async function openDevice({ ports, close }: LocalProgram, backendDomid: number): Promise<Opened> {
  const { OwnDevice } = await import('../pvcalls/frontend/ownDevice');
  const { PvCallsFrontend } = await import('../pvcalls/frontend/frontend');
  const { PvCallsFindings } = await import('../pvcalls/findings');
  const { pvcallsEditions } = await import('../wire/pvcalls/dataPage');
  const { freeSteps } = await import('../host/steps');
  const { readOwnDomid } = await import('../vchan/ownDomid');
  let frontend: PvCallsFrontend | undefined;
  let isConnected = false;
  let tell: () => void = () => undefined;
  const log = (text: string) => process.stderr.write(`xenscope: ${text}\n`);
  const edition = pvcallsEditions.final;
  const { store } = ports;
  const device = new OwnDevice({
    program: { ...ports, close },
    store,
    clock: systemClock,
    domid: await readOwnDomid(store),
    backendDomid,
    edition,
    use: ({ resources, memory, port, maxOrder }) => {
      const made = (frontend = new PvCallsFrontend({
        resources,
        domid: backendDomid,
        maxOrder,
        edition,
        memory,
        port,
        findings: new PvCallsFindings(log),
        clock: systemClock,
        steps: () => freeSteps,
      }));
      return {
        event: (each) => made.look(each),
        connected: () => {
          isConnected = true;
          tell();
        },
        disconnect: () => made.close(),
      };
    },
    onChange: () => tell(),
    isHeld: () => false,
  });
  await device.open();
  const connected = async (timeoutMs: number, signal: AbortSignal) => {
    const over = new AbortController();
    const patience = sleep(systemClock, timeoutMs, over.signal).then(
      () => tell(),
      () => undefined,
    );
    const deadlineMs = systemClock.nowMs() + timeoutMs;
    signal.addEventListener('abort', () => tell(), { once: true });
    while (!isConnected) {
      if (signal.aborted) throw new XenscopeError('cancelled', 'It was ended.');
      const problem = problemOf(device, backendDomid);
      if (problem) throw problem;
      if (systemClock.nowMs() >= deadlineMs) throw (await worldStandsStill()) ?? notTaken(backendDomid);
      await new Promise<void>((resolve) => (tell = resolve));
    }
    over.abort();
    await patience;
    return frontend!;
  };
  return { device, connected };
}

function problemOf({ failure, states }: OwnDevice, backendDomid: number): XenscopeError | undefined {
  if (failure !== undefined) return new XenscopeError('protocol', failure);
  if (states && states.frontend >= 5) {
    return new XenscopeError('gone', `The backend in domain ${backendDomid} has closed the device.`);
  }
  return undefined;
}

function notTaken(backendDomid: number): XenscopeError {
  return new XenscopeError('away', `No backend in domain ${backendDomid} has taken the device.`, {
    wayOut: 'Load pvcalls-back there, or run xenscope pvcalls serve.',
  });
}

function address(text: string): Ipv4Address {
  const [, host = '', port = ''] = /^([^:]*):([0-9]{1,5})$/.exec(text) ?? [];
  if (parseIpv4(host) && Number(port) <= 0xffff) return { host, port: Number(port) };
  throw new InvalidArgumentError('It must be four numbers and a port: 127.0.0.1:80.');
}

function domid(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 0x7fef) return Number(text);
  throw new InvalidArgumentError('It must be the number of a domain, from 0 to 32751.');
}
