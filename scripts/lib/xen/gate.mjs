// Our side of the gate of the emulated dom0 (test/xen/machine/gate.cjs): programs run in there, and
// unix sockets of there as unix sockets here.
import { chmodSync } from 'node:fs';
import net from 'node:net';
import { createInterface } from 'node:readline';

export class Gate {
  #port;
  #token;

  constructor({ port, token }) {
    this.#port = port;
    this.#token = token;
  }

  /**
   * Runs a program in dom0 to its end: `{ status, signal, stdout, stderr }`, octets as latin1.
   * `onLine` sees each line of its standard output. Rejects when the gate closes before the end, and
   * when the program takes longer than `timeoutMs` or `signal` is aborted, which both kill it.
   */
  run(command, { input = '', env = {}, onLine, timeoutMs, signal } = {}) {
    return new Promise((resolve, reject) => {
      const connection = this.#open({ run: command, env, input });
      const outcome = { stdout: '', stderr: '' };
      let line = '';
      let end;
      const lines = createInterface({ input: connection });
      // It passes on the connection's error, which is dealt with below.
      lines.on('error', () => undefined);
      lines.on('line', (text) => {
        const told = parsed(text);
        // The machine died within a line: the gate ends here as well.
        if (!told) return void connection.destroy();
        if ('failed' in told) end = new Error(`${command[0]} could not be started: ${told.failed}`);
        else if ('status' in told) end = { ...outcome, ...told };
        for (const stream of ['stdout', 'stderr']) outcome[stream] += told[stream] ?? '';
        const pieces = (line + (told.stdout ?? '')).split('\n');
        line = pieces.pop();
        for (const piece of pieces) onLine?.(piece);
      });
      const giveUp = () =>
        connection.destroy(new Error(`${command[0]} did not end in ${timeoutMs / 1000} s.`));
      const limit = timeoutMs && setTimeout(giveUp, timeoutMs);
      signal?.addEventListener('abort', () => connection.destroy(), { once: true });
      connection.once('error', reject);
      connection.once('close', () => {
        clearTimeout(limit);
        if (end instanceof Error) reject(end);
        else if (end) resolve(end);
        else reject(new Error(`The machine closed its gate while ${command[0]} ran in it.`));
      });
    });
  }

  /** A connection to a unix socket of dom0. */
  dial(socketPath) {
    return this.#open({ socket: socketPath });
  }

  /** Makes a unix socket of dom0 reachable at `here`, for this user only. Resolves to a function that ends it. */
  async forward(socketPath, here) {
    const connections = new Set();
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (near) => {
      const far = this.dial(socketPath);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ]) {
        connections.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          connections.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
      near.resume();
    });
    const umask = process.umask(0o177);
    try {
      await new Promise((resolve, reject) => server.once('error', reject).listen(here, resolve));
    } finally {
      process.umask(umask);
    }
    chmodSync(here, 0o600);
    return () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const connection of connections) connection.destroy();
      });
  }

  #open(wish) {
    // A program's connection ends as a whole; a socket's ends may end one after the other.
    const connection = net.connect({ host: '127.0.0.1', port: this.#port, allowHalfOpen: 'socket' in wish });
    connection.setNoDelay(true);
    connection.write(`${JSON.stringify({ token: this.#token, ...wish })}\n`);
    return connection;
  }
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
