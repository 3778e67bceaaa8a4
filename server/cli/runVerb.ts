/** `xenscope run`: starts a program as (part of) a domain of a simulated world. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { XenscopeError } from '../host/errors';
import { findWorld, joinWorld } from './joinWorld';
import type { Joining } from './joinWorld';
import { pace, wholeNumber } from './numbers';
import { privateSocket } from './privateSocket';
import { fail, noFolder } from './storeCommand';
import { systemClock } from './systemClock';

interface RunOptions {
  readonly domain: string;
  readonly world?: string;
  readonly serve?: boolean;
  readonly seed?: number;
  readonly pace?: number;
  readonly libraries?: string;
}

/** As env and the shells have it. */
const EXIT_CANNOT_START = 126;
const EXIT_NO_SUCH_PROGRAM = 127;
/** After so long a person wants to know what is waited for. */
const patienceMs = 2000;

/** A terminal gives these to the program itself. */
const ofTerminals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];
const passedOn: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', ...ofTerminals];

export function addRunVerb(program: Command): void {
  program
    .command('run')
    .description('start a program as (part of) a domain of the simulator, with libraries that join it')
    .argument('<program>', 'what to start; all that comes behind it is for it')
    .argument('[args...]', 'what to give it')
    .passThroughOptions()
    .requiredOption(
      '-d, --domain <name>',
      'which domain it is part of, by name or number; a new one where there is none of that name',
    )
    .option(
      '-w, --world <path>',
      'the guest socket that `xenscope serve` names (default: the one world that runs)',
    )
    .option('--serve', 'start a world of its own for the time the program runs')
    .option('--seed <number>', 'with --serve: as for `xenscope serve` (default: 1)', wholeNumber)
    .option('--pace <number>', 'with --serve: as for `xenscope serve` (default: 1)', pace)
    .option('--libraries <folder>', 'where the libraries are (default: those of this package)')
    .addHelpText(
      'after',
      `
Examples:
  xenscope run --domain web xenstore-ls device     the devices of the guest web, as it sees them
  xenscope run --domain web xenstore-read domid    its number, which other domains need to know
  xenscope run --domain alice ./my-vchan-server    a new domain, which lasts as long as the program
  xenscope run --domain bob sh                     a shell whose programs are all in the domain bob`,
    )
    .action(run);
}

async function run(program: string, args: string[], options: RunOptions): Promise<void> {
  let world: OwnWorld | undefined;
  try {
    mustMakeSense(options);
    if (options.serve) world = await startWorld(options);
    const socketPath = world?.guestSocketPath ?? (await findWorld(options.world));
    const joining = await joinPatiently(socketPath, options);
    const env = environment(socketPath, joining, librariesFolder(options));
    const outcome = await runProgram(program, args, env, joining);
    joining.leave();
    await world?.close();
    endAs(outcome);
  } catch (error) {
    await world?.close();
    fail(error);
  }
}

/** Options that would do nothing are a misunderstanding. */
function mustMakeSense({ serve, world, seed, pace, libraries }: RunOptions): void {
  if (serve && world !== undefined) {
    throw new XenscopeError(
      'input',
      'With --serve the program has a world of its own, and --world names another.',
      {
        wayOut: 'Leave one of them out.',
      },
    );
  }
  if (!serve && (seed !== undefined || pace !== undefined)) {
    throw new XenscopeError('input', 'A world that runs has its seed and its pace already.', {
      wayOut: 'Leave --seed and --pace out, or start a world of its own with --serve.',
    });
  }
  if (libraries !== undefined && !existsSync(libraries)) throw noFolder('--libraries', libraries);
}

async function joinPatiently(socketPath: string, { domain }: RunOptions): Promise<Joining> {
  const timer = systemClock.after(patienceMs, () =>
    process.stderr.write('xenscope: still waiting for the world to build the domain; it may be held.\n'),
  );
  try {
    return await joinWorld(socketPath, domain);
  } finally {
    timer.cancel();
  }
}

function environment(socketPath: string, joining: Joining, libraries: string | undefined): NodeJS.ProcessEnv {
  const before = process.env['LD_LIBRARY_PATH'];
  const searchPath = [libraries, before].filter(Boolean).join(path.delimiter);
  return {
    ...process.env,
    XENSTORED_PATH: joining.storeSocketPath,
    XENSCOPE_GUEST_SOCKET: socketPath,
    XENSCOPE_DOMID: String(joining.domid),
    ...(searchPath === '' ? {} : { LD_LIBRARY_PATH: searchPath }),
  };
}

/** Built beside this very program. Without them a program can still use the store. */
function librariesFolder({ libraries }: RunOptions): string | undefined {
  if (libraries !== undefined) return path.resolve(libraries);
  const built = path.join(__dirname, 'xensim');
  if (existsSync(built)) return built;
  process.stderr.write(
    'xenscope: this package was built without a C compiler, so the libraries for grants and event channels ' +
      'are missing: build it anew where there is one, or name their folder with --libraries. Meanwhile ' +
      'programs that only use the xenstore work.\n',
  );
  return undefined;
}

interface Outcome {
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
}

function runProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  joining: Joining,
): Promise<Outcome> {
  return new Promise((resolve) => {
    // First the signals: one that came between the two would end this process and leave the program.
    const stopPassing = passSignals((signal) => child.kill(signal));
    const child = spawn(program, args, { env, stdio: 'inherit' });
    const end = (outcome: Outcome) => {
      stopPassing();
      resolve(outcome);
    };
    child.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      const isMissing = code === 'ENOENT';
      const why = isMissing ? 'there is no such program.' : `it cannot be started (${code ?? message}).`;
      process.stderr.write(`xenscope: ${program}: ${why}\n`);
      end({ code: isMissing ? EXIT_NO_SUCH_PROGRAM : EXIT_CANNOT_START, signal: null });
    });
    child.on('exit', (code, signal) => end({ code: code ?? 1, signal }));
    // As when a machine is switched off: nobody asks the programs.
    void joining.ended.then((why) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      process.stderr.write(`xenscope: ${why} The program ends with it.\n`);
      child.kill('SIGKILL');
    });
  });
}

function passSignals(passOn: (signal: NodeJS.Signals) => void): () => void {
  const isOnTerminal = process.stdin.isTTY;
  const handlers = passedOn.map((signal) => {
    const pass = () => {
      if (!isOnTerminal || !ofTerminals.includes(signal)) passOn(signal);
    };
    process.on(signal, pass);
    return () => process.off(signal, pass);
  });
  return () => handlers.forEach((stop) => stop());
}

/** Whoever started us sees what it would have seen of the program. */
function endAs({ code, signal }: Outcome): void {
  if (signal === null) process.exitCode = code;
  else process.kill(process.pid, signal);
}

interface OwnWorld {
  readonly guestSocketPath: string;
  close(): Promise<void>;
}

async function startWorld({ seed = 1, pace = 1 }: RunOptions): Promise<OwnWorld> {
  // Loaded when they are needed: a program that joins another world starts without them.
  const { createWorld } = await import('../sim/world');
  const { openFilePages } = await import('../../native/pages');
  const socket = await privateSocket();
  try {
    const world = await createWorld({
      seed,
      pace,
      clock: systemClock,
      pages: openFilePages(),
      storeSocketPath: socket.path,
      ...(socket.guestPath === undefined ? {} : { guestSocketPath: socket.guestPath }),
    });
    return {
      guestSocketPath: world.world.guestSocketPath!,
      close: async () => {
        await world.close();
        socket.remove();
      },
    };
  } catch (error) {
    socket.remove();
    throw error;
  }
}
