// Child processes, each the leader of a group of its own, so that it can be ended with all that it
// started, by its own id. Whatever still runs when we are interrupted is ended first.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const graceMs = 5_000;
const running = new Set();
const windows = process.platform === 'win32';

/** Starts a program in its own process group, with pipes for its output unless `stdio` says otherwise. */
export function start(command, args, options = {}) {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    ...options,
    // A group of its own (and on Windows no group: taskkill walks the tree instead).
    detached: !windows,
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

function signalGroup(child, signal) {
  try {
    if (windows) spawn('taskkill', ['/pid', String(child.pid), '/t', '/f'], { stdio: 'ignore' });
    else process.kill(-child.pid, signal);
  } catch {
    // The group is gone already, which is what was wanted.
  }
}

/** Ends a child and everything in its group: asked first, forced after a while. */
export async function stop(child) {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  signalGroup(child, 'SIGTERM');
  const force = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMs);
  await gone;
  clearTimeout(force);
  // What ignored the first signal and outlived its leader.
  signalGroup(child, 'SIGKILL');
}

export async function stopAll() {
  await Promise.all([...running].map(stop));
}

let ending = false;

/** Whether we were told to end: then what fails because of that is not worth a word. */
export function isEnding() {
  return ending;
}

/** On Ctrl-C or a polite kill: end all children, then leave, with the usual status if none is given. */
export function endWithChildren(status = undefined) {
  for (const [signal, usualStatus] of Object.entries({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 })) {
    process.on(signal, async () => {
      if (ending) return;
      ending = true;
      await stopAll();
      process.exit(status ?? usualStatus);
    });
  }
}

/**
 * Runs a program to its end. Never throws: `{ code, output, timedOut }`, where code is 127 when it
 * could not be started. `onLine` sees each line of output as it comes.
 */
export async function run(command, args, { timeoutMs = 600_000, onLine, ...options } = {}) {
  const child = start(command, args, options);
  const lines = [];
  const keep = (line) => {
    lines.push(line);
    onLine?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', keep);
  }
  let timedOut = false;
  const limit = setTimeout(() => {
    timedOut = true;
    void stop(child);
  }, timeoutMs);
  const code = await new Promise((resolve) => {
    child.once('error', (error) => {
      keep(`${command}: ${error.message}`);
      resolve(127);
    });
    child.once('close', (status, signal) => {
      if (signal) keep(`${command} was ended by ${signal}`);
      resolve(status ?? 1);
    });
  });
  clearTimeout(limit);
  if (timedOut) keep(`${command} did not end within ${timeoutMs / 1000} s and was stopped`);
  return { code, output: lines.join('\n'), timedOut };
}
