/** Waiting for states of the world outside the page; within the page Playwright's locators wait by themselves. */

const pollEveryMs = 50;
/** For one state to come, on a machine that others keep busy. */
export const patienceMs = 60_000;
/** For one step of what is begun again until it is so. */
export const stepTimeoutMs = 10_000;
/** Of a test: more than its waits take together, so that one of them tells what was waited for in vain. */
export const testTimeoutMs = 300_000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks again until the answer is neither undefined nor false, and returns it. `what` names the state in the error. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = patienceMs,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`Waited ${timeoutMs / 1000} s in vain: ${what}`, { cause: last });
    await pause(pollEveryMs);
  }
}
