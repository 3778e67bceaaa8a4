// What a person sees while the scripts work: one line when a step begins to take time, one when it ends.
import { isEnding } from './processes.mjs';

const quietMs = 8_000;

export function say(line) {
  console.log(line);
}

export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Runs one step; says what goes on, again from time to time while it lasts, and how long it took. */
export async function step(title, work) {
  say(`… ${title}`);
  const begin = Date.now();
  const still = setInterval(() => say(`… ${title}: ${seconds(Date.now() - begin)} so far`), quietMs);
  try {
    const result = await work();
    say(`ok ${title} (${seconds(Date.now() - begin)})`);
    return result;
  } finally {
    clearInterval(still);
  }
}

/** A failure that is told in its own words, without a stack. */
export class Told extends Error {}

/** Runs a script's main function and turns what it throws into one readable end. */
export async function main(work) {
  try {
    process.exitCode = (await work()) ?? process.exitCode ?? 0;
  } catch (error) {
    if (isEnding()) return;
    console.error(error instanceof Told ? error.message : error);
    process.exitCode = 1;
  }
}
