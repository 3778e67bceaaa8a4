/** What a run was asked to do. */
import { spawnSync } from 'node:child_process';
import os from 'node:os';

export interface Options {
  readonly loadProgram: string;
  /** Where the bundles of the processes that are measured lie. */
  readonly bundles: string;
  readonly quick: boolean;
  readonly profile: boolean;
  readonly only?: string;
  readonly repetitions: number;
}

export const artefacts = 'test-artefacts';

export function parseOptions(args: readonly string[]): Options {
  const value = (name: string) => {
    const at = args.indexOf(name);
    return at < 0 ? undefined : args[at + 1];
  };
  const quick = args.includes('--quick');
  return {
    loadProgram: value('--load')!,
    bundles: value('--bundles')!,
    quick,
    profile: args.includes('--profile'),
    only: value('--only'),
    repetitions: Number(value('--repetitions') ?? (quick ? 1 : 3)),
  };
}

/** Whether a processor can be chosen for a process. */
export const canPin = os.cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0;

/** Holds all threads of a process on one processor. */
export function pin(pid: number, processor: number): void {
  if (canPin) spawnSync('taskset', ['-a', '-c', '-p', String(processor), String(pid)]);
}

/** A command that runs on one processor, where that can be had. */
export function pinned(processor: number, command: readonly string[]): readonly string[] {
  return canPin ? ['taskset', '-c', String(processor), ...command] : command;
}
