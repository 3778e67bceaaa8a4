/** What a launch configuration may say. A person wrote it, so each mistake gets a sentence. */
import path from 'node:path';
import { offeredFeatureNames, offeredFeatures, type OfferedFeature } from '../../wire/offeredFeatures';
import { errors } from './errors';

export interface LaunchArguments {
  /** Which life the guests lead. */
  readonly seed: number;
  /** How fast they live: 1 is human speed, 0 is quiet. */
  readonly pace: number;
  /** What the store offers on rings. */
  readonly ringFeatures: readonly OfferedFeature[];
  /** How often each fault strikes, from 0 to 1. */
  readonly faults: Readonly<Record<string, number>>;
  readonly stopOnEntry: boolean;
  /** Whether every message is told in the console. */
  readonly trace: boolean;
  /** Where the flight recorder is written to when the session ends; absent: nowhere, and nothing is recorded. */
  readonly journal: string | undefined;
}

export const maxPace = 1000;

/** Throws a RequestError that says which entry is wrong. */
export function launchArguments(given: object): LaunchArguments {
  const { host, seed, pace, ringFeatures, faults, stopOnEntry, trace, journal } = given as Readonly<
    Record<string, unknown>
  >;
  if (host !== undefined && host !== 'simulator') {
    throw errors.badArgument(
      `"host" must be "simulator", not ${JSON.stringify(host)}: no other host can be held.`,
    );
  }
  return {
    seed: number('seed', seed, 1, { from: 0, to: Number.MAX_SAFE_INTEGER, isWhole: true }),
    pace: number('pace', pace, 1, { from: 0, to: maxPace, isWhole: false }),
    ringFeatures: features(ringFeatures),
    faults: probabilities(faults),
    stopOnEntry: flag('stopOnEntry', stopOnEntry, false),
    trace: flag('trace', trace, true),
    journal: file('journal', journal),
  };
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly isWhole: boolean;
}

function number(name: string, value: unknown, otherwise: number, { from, to, isWhole }: Range): number {
  if (value === undefined) return otherwise;
  const isFine =
    typeof value === 'number' && value >= from && value <= to && (!isWhole || Number.isInteger(value));
  if (isFine) return value;
  const kind = isWhole ? 'whole number' : 'number';
  throw errors.badArgument(
    `"${name}" must be a ${kind} from ${from} to ${to}, not ${JSON.stringify(value)}.`,
  );
}

function features(value: unknown): readonly OfferedFeature[] {
  if (value === undefined) return offeredFeatureNames;
  const known = Array.isArray(value) ? offeredFeatures(value) : undefined;
  if (known) return known;
  const names = offeredFeatureNames.map((name) => JSON.stringify(name)).join(' and ');
  throw errors.badArgument(
    `"ringFeatures" must be a list of ${names}, or an empty one, not ${JSON.stringify(value)}.`,
  );
}

function file(name: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && path.isAbsolute(value)) return value;
  throw errors.badArgument(`"${name}" must be the whole path of a file, not ${JSON.stringify(value)}.`);
}

function flag(name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value === 'boolean') return value;
  throw errors.badArgument(`"${name}" must be true or false, not ${JSON.stringify(value)}.`);
}

function probabilities(value: unknown): Record<string, number> {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw errors.badArgument(
      '"faults" must name faults with a probability each, e.g. { "lostNotify": 0.1 }.',
    );
  }
  const range = { from: 0, to: 1, isWhole: false };
  return Object.fromEntries(
    Object.entries(value).map(([name, chance]) => [name, number(`faults.${name}`, chance, 0, range)]),
  );
}
