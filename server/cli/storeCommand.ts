/**
 * What the verbs that talk to a xenstore share: how the socket is found, how a failure is said, and
 * the exit codes: 0 done, 1 the store refused or is away, 2 the command makes no sense.
 */
import { InvalidArgumentError, type Command } from 'commander';
import { XenscopeError } from '../host/errors';
import type { StoreClient } from '../host/storeClient';
import { xenbusDevices } from '../store/client/deviceDial';
import { openStoreClient } from '../store/client/storeClient';
import { endIfHeld } from './endProcess';
import { usualSockets } from './socketPaths';
import { dialStore } from './storeDial';
import { systemClock, systemRandom } from './systemClock';
import { withRights } from './whoMay';

export const EXIT_STORE_ERROR = 1;
export const EXIT_USAGE = 2;
/** A day. */
const MAX_TIMEOUT_SECONDS = 86_400;

export interface StoreOptions {
  readonly socket?: string;
  readonly json?: boolean;
  /** Seconds; 0 waits for ever. */
  readonly timeout: number;
}

export function addStoreOptions(command: Command, jsonMeaning: string): Command {
  return command
    .option(
      '-s, --socket <path>',
      `the xenstored's socket, or the device of a guest (default: $XENSTORED_PATH, $XENSTORED_RUNDIR/socket, ${usualSockets[0]}, ${xenbusDevices[0]})`,
    )
    .option('-j, --json', jsonMeaning)
    .option(
      '--timeout <seconds>',
      'give a xenstored up that says nothing for so long; 0: never',
      seconds,
      10,
    );
}

export function openCommandClient(options: StoreOptions, reconnect: boolean): StoreClient {
  return openStoreClient({
    dial: dialStore(options.socket),
    clock: systemClock,
    random: systemRandom,
    reconnect,
    maxSilenceMs: options.timeout === 0 ? undefined : options.timeout * 1000,
  });
}

/** Runs `act` with a connection of its own; a failure becomes a sentence and an exit code. */
export async function withStore(
  options: StoreOptions,
  act: (store: StoreClient) => Promise<void>,
): Promise<void> {
  const store = openCommandClient(options, false);
  try {
    await act(store);
  } catch (error) {
    fail(error);
  } finally {
    await store.close();
  }
  await endIfHeld();
}

/** Adds who owns `path` and who may what, when `operation` is refused for lack of rights. */
export async function saying<T>(store: StoreClient, path: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    throw await withRights(store, path, error);
  }
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= MAX_TIMEOUT_SECONDS) return value;
  throw new InvalidArgumentError(`It must be a number of seconds from 0 to ${MAX_TIMEOUT_SECONDS}.`);
}

/** What an option names and is not there. */
export function noFolder(option: string, folder: string): XenscopeError {
  return new XenscopeError('input', `There is no folder ${folder}, which ${option} names.`, {
    wayOut: 'Name one that is there, or leave the option out.',
  });
}

/** One sentence on stderr and the exit code; what is not an expected failure is thrown on. */
export function fail(error: unknown): void {
  if (!(error instanceof XenscopeError)) throw error;
  const wayOut = error.wayOut === undefined ? '' : ` ${error.wayOut}`;
  process.stderr.write(`xenscope: ${error.message}${wayOut}\n`);
  process.exitCode = error.code === 'input' || error.code === 'refused' ? EXIT_USAGE : EXIT_STORE_ERROR;
}
