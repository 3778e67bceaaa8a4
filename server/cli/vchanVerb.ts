/** `xenscope vchan`: one end of a vchan on standard input and output, as netcat has a socket. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { XenscopeError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import type { Vchan } from '../vchan/vchan';
import type { VchanEngineName, VchanPorts } from '../vchan/ports';
import { endIfHeld, endOfOutput } from './endProcess';
import { wholeNumber } from './numbers';
import { isReaderGone } from './readerGone';
import { stopSignal } from './stopSignal';
import { fail } from './storeCommand';
import { pipeVchan } from './vchanPipe';

interface VchanOptions {
  readonly engine: VchanEngineName;
  readonly domain?: string;
  readonly world?: string;
  readonly libraries?: string;
  /** Seconds. */
  readonly quit?: number;
  readonly verbose?: boolean;
}

interface ListenOptions extends VchanOptions {
  /** To the server and to the client. */
  readonly rings: readonly [leftBytes: number, rightBytes: number];
  readonly keep?: boolean;
  readonly replace?: boolean;
}

interface ConnectOptions extends VchanOptions {
  readonly wait?: boolean;
}

type Open = (ports: VchanPorts, signal: AbortSignal) => Promise<Vchan>;

export function addVchanVerb(program: Command): void {
  const verb = program
    .command('vchan')
    .description('open one end of a vchan, with standard input and output at the other side of it')
    .addHelpText(
      'after',
      `
Examples:
  xenscope vchan listen -d web 3 data/vchan/3/chat             in a world of xenscope serve, for its domain 3
  xenscope vchan connect -d database 2 /local/domain/2/data/vchan/3/chat
  xenscope vchan listen --replace 3 data/vchan/3/chat          the server before it was killed
  tar c . | xenscope vchan connect -q 0 0 /local/domain/0/data/vchan/3/files   in a guest of a real Xen`,
    );
  const listen = verb
    .command('listen')
    .description('offer a vchan to a domain, and wait for it')
    .argument('<client>', 'the number of the domain that may connect', domid)
    .argument('<path>', 'where in the xenstore, below this domain or as a whole path')
    .addOption(
      new Option(
        '-r, --rings <bytes>',
        'the least that the rings hold: to the server and to the client, with a comma between',
      )
        .argParser(rings)
        .default([4096, 4096], '4096,4096'),
    )
    .option('-k, --keep', 'stay when the client leaves, and take the next one')
    .option(
      '--replace',
      'take the place of a vchan that this domain offers at that path already, e.g. after its server was killed; says which',
    );
  addCommonOptions(listen).action((client: number, path: string, options: ListenOptions) => {
    const [leftBytes, rightBytes] = options.rings;
    const serve: Open = async (ports, signal) => {
      const { serveVchan } = await import('../vchan/serve');
      const persistent = options.keep === true;
      const { engine } = options;
      const plan = { clientDomid: client, path, leftBytes, rightBytes, persistent, engine };
      const replaces = options.replace === true ? await ringRefToReplace(ports.store, path) : undefined;
      return serveVchan(ports, {
        ...plan,
        mustBeFree: true,
        ...(replaces !== undefined && { replaces }),
        signal,
      });
    };
    return run(options, serve, `offered to domain ${client} at ${path}`);
  });
  const connect = verb
    .command('connect')
    .description('connect to a vchan that a domain offers')
    .argument('<server>', 'the number of the domain that offers it', domid)
    .argument('<path>', 'where in the xenstore, as a whole path')
    .option('--wait', 'wait until it is offered');
  addCommonOptions(connect).action((server: number, path: string, options: ConnectOptions) => {
    const open: Open = async (ports, signal) => {
      const { connectVchan } = await import('../vchan/connect');
      const { engine, wait: waits = false } = options;
      return connectVchan(ports, { serverDomid: server, path, waits, engine, signal });
    };
    return run(options, open, `connected to domain ${server} at ${path}`);
  });
}

/** Names what is replaced, where there is anything; whether it may be the server says. */
async function ringRefToReplace(store: StoreClient, path: string): Promise<string | undefined> {
  const { lookAtPlace, namedOf } = await import('../vchan/place');
  const { readOwnDomid } = await import('../vchan/ownDomid');
  const place = await lookAtPlace(store, path, await readOwnDomid(store));
  if (place.kind !== 'vchan') return undefined;
  process.stderr.write(
    `xenscope: at ${path}, ${namedOf(place.vchan)} of another server are to be replaced\n`,
  );
  return place.vchan.ringRef;
}

function addCommonOptions(command: Command): Command {
  return command
    .option(
      '-d, --domain <name>',
      'as a program of that domain of a simulated world, as `xenscope run` does it',
    )
    .option('-w, --world <path>', 'with --domain: as for `xenscope run`')
    .addOption(new Option('--libraries <folder>', 'with --domain: as for `xenscope run`'))
    .option(
      '-q, --quit <seconds>',
      'leave so long after the end of input (default: when the other side leaves)',
      wholeNumber,
    )
    .addOption(
      new Option(
        '--engine <name>',
        'who moves the bytes: Xenscope itself, or the libxenvchan of this machine',
      )
        .choices(['own', 'libxenvchan'])
        .default('own'),
    )
    .option('-v, --verbose', 'tell on standard error when it is open')
    .addHelpText(
      'after',
      `
Exit codes: 0 the other side left, or --quit; 1 it could not be opened, or not all was sent; 2 usage.`,
    );
}

const withoutDomain = new XenscopeError('input', 'Which domain of that world it is part of is not said.', {
  wayOut: 'Name it with --domain, or leave --world and --libraries out.',
});

async function run(options: VchanOptions, open: Open, what: string): Promise<void> {
  if (options.domain !== undefined) return runInDomain(options, options.domain);
  if (options.world !== undefined || options.libraries !== undefined) return fail(withoutDomain);
  const stopped = stopSignal();
  try {
    await runHere(options, open, what, stopped);
  } catch (error) {
    const isStopped = isReaderGone(error) || (error instanceof XenscopeError && error.code === 'cancelled');
    if (!(stopped.aborted && isStopped)) fail(error);
  }
  // What a terminal or a pipe may still bring is for nobody.
  process.stdin.destroy();
  await endOfOutput(stopped);
  await endIfHeld();
}

async function runHere(
  { quit, verbose }: VchanOptions,
  open: Open,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  // Loaded when wanted: the help needs no libraries.
  const { openLocalProgram } = await import('./localProgram');
  const program = await openLocalProgram();
  try {
    const vchan = await open(program.ports, signal);
    if (verbose) process.stderr.write(`xenscope: ${what}\n`);
    try {
      await pipeVchan(vchan, { quitMs: quit === undefined ? undefined : quit * 1000, signal });
    } finally {
      await vchan.close();
    }
  } finally {
    await program.close();
  }
}

/** This very command once more, as a program of that domain. */
async function runInDomain({ world, libraries }: VchanOptions, domain: string): Promise<void> {
  const self = [process.execPath, process.argv[1]!];
  const joining = ['run', '--domain', domain];
  if (world !== undefined) joining.push('--world', world);
  if (libraries !== undefined) joining.push('--libraries', libraries);
  const again = withoutJoining(process.argv.slice(2));
  const child = spawn(self[0]!, [self[1]!, ...joining, '--', ...self, ...again], { stdio: 'inherit' });
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  // A terminal sends its signals to both; who stays until the other has ended tells how.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, passOn);
  process.on('SIGINT', () => undefined);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  process.exitCode = code ?? 128 + os.constants.signals[signal!];
}

const joiningOptions = new Map([
  ['-d', '--domain'],
  ['-w', '--world'],
  ['--domain', '--domain'],
  ['--world', '--world'],
  ['--libraries', '--libraries'],
]);

/** The same words without those that say where to join. */
export function withoutJoining(words: readonly string[]): string[] {
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (joiningOptions.has(word)) at++;
    else if (!/^(-[dw]|--(domain|world|libraries)=)./.test(word)) rest.push(word);
  }
  return rest;
}

function domid(text: string): number {
  if (/^[0-9]{1,5}$/.test(text) && Number(text) <= 0x7fef) return Number(text);
  throw new InvalidArgumentError('It must be the number of a domain, from 0 to 32751.');
}

function rings(text: string): readonly [number, number] {
  const [, left, right = left] = /^([0-9]{1,7})(?:,([0-9]{1,7}))?$/.exec(text) ?? [];
  if (left === undefined) {
    throw new InvalidArgumentError('It must be a number of bytes, or two with a comma between: 4096,65536.');
  }
  return [Number(left), Number(right)];
}
