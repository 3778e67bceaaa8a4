/** `xenscope serve`: a simulated host whose xenstore other programs can reach through a socket. */
import { once } from 'node:events';
import path from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { storeWayNames } from '../../native/store/storeWays';
import { XenscopeError } from '../host/errors';
import { maxPace } from '../sim/scheduler';
import { offeredFeatureNames } from '../wire/offeredFeatures';
import { collect, pace, wholeNumber } from './numbers';
import { ringFeatures } from './ringFeatures';
import { writeOut } from './output';
import { privateSocket } from './privateSocket';
import type { PrivateSocket } from './privateSocket';
import { endProcess } from './endProcess';
import { serveReal } from './serveReal';
import type { ServeRealOptions } from './serveReal';
import { EXIT_STORE_ERROR, fail } from './storeCommand';

interface ServeOptions extends ServeRealOptions {
  readonly host?: 'simulator' | 'real';
  readonly socket?: string;
  readonly seed: number;
  readonly pace: number;
  /** Values of XsRingFeature, or-ed. */
  readonly ringFeatures: number;
  readonly journal?: string;
  readonly verbose?: boolean;
}

export function addServeVerb(program: Command): void {
  program
    .command('serve')
    .description(
      'run the built-in simulator and serve its xenstore on a socket; or, as root, serve a real host',
    )
    .addOption(
      new Option('--host <host>', 'what is served; real with --owner, else the simulator').choices([
        'simulator',
        'real',
      ]),
    )
    .option('--owner <user>', 'real host: the user whose editors may connect')
    .addOption(
      new Option('--way <way>', 'real host: how its xenstore is reached')
        .choices(['auto', ...storeWayNames])
        .default('auto'),
    )
    .option(
      '--pvcalls-allow <addresses>',
      'real host: what guests may reach at most when an editor serves PV Calls; again for more (default: 127.0.0.0/8)',
      collect,
    )
    .option('-s, --socket <path>', 'where to listen (default: a private place of its own)')
    .option('--seed <number>', 'which life its guests lead; the same seed makes the same one', wholeNumber, 1)
    .option(
      '--pace <number>',
      `how fast they live: 1 is human speed, 0 is quiet, at most ${maxPace}`,
      pace,
      1,
    )
    .addOption(
      new Option(
        '--ring-features <list>',
        'what its store offers on rings: reconnection, error-word, both with a comma between, or none',
      )
        .argParser(ringFeatures)
        .default(ringFeatures(offeredFeatureNames.join()), 'both'),
    )
    .option('--journal <file>', 'when it ends, write down the last of what passed: messages, rings, states')
    .option('-v, --verbose', 'tell on standard error what happens to the domains')
    .addHelpText(
      'after',
      `
Examples:
  xenscope serve                              then, as it says: XENSTORED_PATH=… xenstore-ls -f
  xenscope serve --socket ./xs.sock --pace 0  a host that only you change
  xenscope serve --seed 7 --pace 20           another life, twenty times as fast
  sudo xenscope serve --owner USER            this machine's Xen, for the editors of that user`,
    )
    .action(serve);
}

/** What would do nothing is a misunderstanding, and is told. */
function mustMakeSense(options: ServeOptions, command: Command): void {
  const inVain = isReal(options)
    ? ['seed', 'pace', 'ringFeatures', 'journal']
    : ['owner', 'way', 'pvcallsAllow'];
  const given = command.options.find((option) => {
    const name = option.attributeName();
    return inVain.includes(name) && command.getOptionValueSource(name) === 'cli';
  });
  if (!given) return;
  const [its, served] = isReal(options) ? ['the simulator', 'a real host'] : ['a real host', 'the simulator'];
  throw new XenscopeError('input', `${given.long} is for ${its}, and ${served} is served here.`, {
    wayOut: 'Leave it out, or see xenscope serve --help.',
  });
}

async function serve(options: ServeOptions, command: Command): Promise<void> {
  try {
    mustMakeSense(options, command);
  } catch (error) {
    return fail(error);
  }
  // A mistake of ours in one corner shall not end the world for all who are connected.
  let isUp = false;
  process.on('unhandledRejection', (reason) => {
    console.error(`A mistake of the ${isReal(options) ? 'server' : 'simulator'}:`, reason);
    if (!isUp) process.exitCode = EXIT_STORE_ERROR;
  });
  // SIGHUP as well: the terminal may be closed over us.
  const ended = Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
  if (isReal(options)) return serveReal(options, ended).then(() => endProcess(0), fail);
  let own: PrivateSocket | undefined;
  try {
    own = await privateSocket();
    const socketPath = options.socket === undefined ? own.path : path.resolve(options.socket);
    // Loaded when it is needed: the other verbs start without it.
    const { openRecordedWorld } = await import('./recording');
    const { openPages } = await import('./openPages');
    const { writeJournal } = await import('../capture/writeJournal');
    const log = (line: string) => options.verbose && process.stderr.write(`${line}\n`);
    const world = await openRecordedWorld({
      seed: options.seed,
      pace: options.pace,
      ringFeatures: options.ringFeatures,
      storeSocketPath: socketPath,
      ...(own.guestPath === undefined ? {} : { guestSocketPath: own.guestPath }),
      pages: openPages(log),
      log,
    });
    await writeOut(greeting(options, socketPath, world.world?.guestSocketPath));
    isUp = true;
    await ended;
    await world.close();
    if (options.journal !== undefined) await writeJournal(options.journal, world.recorder.lines());
  } catch (error) {
    fail(error);
  } finally {
    own?.remove();
  }
}

function greeting({ seed, pace }: ServeOptions, socketPath: string, guestPath: string | undefined): string {
  const life = pace === 0 ? 'quiet' : `pace ${pace}`;
  const joining =
    guestPath === undefined
      ? ''
      : `Join it with:     xenscope run --world ${guestPath} --domain NAME -- PROGRAM\n`;
  return `The simulator is up: seed ${seed}, ${life}.
XENSTORED_PATH=${socketPath}
Look at it with:  XENSTORED_PATH=${socketPath} xenstore-ls -f
${joining}End it with Ctrl-C.
`;
}

function isReal({ host, owner }: ServeOptions): boolean {
  return host === 'real' || (host === undefined && owner !== undefined);
}
