/**
 * Two ways to hear that a descriptor of C can be read, over an eventfd: node's own loop (koffi.node.poll),
 * and one worker that waits in poll(2) and posts a message. Run by hand: `npx tsx test/bench/descriptors.ts`.
 */
import { closeSync, readSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { whenReadable } from '../../native/descriptors';
import { XenLibraries } from '../../native/libraries/xenLibraries';

type Wait = (fd: number, onReadable: () => void) => Promise<{ stop(): void | Promise<void> }>;

const events = 20_000;
const rounds = 3;
const one = Buffer.from(BigUint64Array.of(1n).buffer);
const eight = Buffer.alloc(8);

const inLoop: Wait = (fd, onReadable) => Promise.resolve(whenReadable(fd, onReadable));

/** The worker waits again only after the event was taken, or it would tell of the same one for ever. */
const workerSource = `
  const { workerData, parentPort } = require('node:worker_threads');
  const koffi = require(workerData.koffi);
  const poll = koffi.load(null).func('int poll(void *fds, unsigned long count, int timeout)');
  const taken = new Int32Array(workerData.taken);
  const pollfd = Buffer.alloc(8);
  parentPort.postMessage('ready');
  for (;;) {
    pollfd.writeInt32LE(workerData.fd, 0);
    pollfd.writeInt16LE(1, 4);
    poll(pollfd, 1, -1);
    if (Atomics.load(taken, 1) === 1) break;
    Atomics.store(taken, 0, 0);
    parentPort.postMessage('readable');
    Atomics.wait(taken, 0, 0);
  }
`;

const inWorker: Wait = async (fd, onReadable) => {
  const taken = new Int32Array(new SharedArrayBuffer(8));
  const workerData = { fd, taken: taken.buffer, koffi: require.resolve('koffi/indirect') };
  const worker = new Worker(workerSource, { eval: true, workerData });
  await new Promise((resolve) => worker.once('message', resolve));
  const take = () => {
    Atomics.store(taken, 0, 1);
    Atomics.notify(taken, 0);
  };
  worker.on('message', () => {
    onReadable();
    take();
  });
  return {
    async stop() {
      Atomics.store(taken, 1, 1);
      // It may wait for the descriptor again already.
      writeSync(fd, one);
      take();
      await new Promise((resolve) => worker.once('exit', resolve));
    },
  };
};

async function measure(name: string, wait: Wait): Promise<void> {
  const fd = new XenLibraries().functions('libc').eventfd(0, 0);
  const latenciesUs: number[] = [];
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  let rungAt = 0;
  const ring = () => {
    rungAt = performance.now();
    writeSync(fd, one);
  };
  const waiting = await wait(fd, () => {
    latenciesUs.push((performance.now() - rungAt) * 1000);
    readSync(fd, eight);
    if (latenciesUs.length === events) resolve();
    else setImmediate(ring);
  });
  const before = process.cpuUsage();
  ring();
  await promise;
  const { user, system } = process.cpuUsage(before);
  await waiting.stop();
  closeSync(fd);
  latenciesUs.sort((a, b) => a - b);
  const at = (part: number) => latenciesUs[Math.floor(events * part)]!.toFixed(1);
  const cpuUs = ((user + system) / events).toFixed(1);
  console.log(`${name}  median ${at(0.5)} us  p99 ${at(0.99)} us  processor ${cpuUs} us an event`);
}

async function main(): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    await measure('loop  ', inLoop);
    await measure('worker', inWorker);
  }
}

void main();
