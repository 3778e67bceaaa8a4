/** Numbers that a person gives on the command line, and options that are given several times. */
import { InvalidArgumentError } from 'commander';
import { maxPace } from '../sim/scheduler';

export function wholeNumber(text: string): number {
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}

export function pace(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= maxPace)) {
    throw new InvalidArgumentError(`It must be a number from 0 to ${maxPace}.`);
  }
  return value;
}

/** Of an option that may be given again. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
