/** What a phase of load measured, as measure.h has it for the load generator in C. */
import { readFileSync } from 'node:fs';
import type { Phase } from './report';

/** Latencies in buckets of a microsecond; what takes longer counts as the last. */
const maxLatencyUs = 100_000;
/** USER_HZ, which is 100 on every Linux that node runs on. */
const ticksPerSecond = 100;

/** Processor seconds of all threads of a process. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

export class Measure {
  #isOn = false;
  #ops = 0;
  #errors = 0;
  #startedMs = 0;
  #server = 0;
  #own = 0;
  readonly #buckets = new Uint32Array(maxLatencyUs + 1);

  constructor(private readonly serverPid: number) {}

  start(): void {
    this.#server = processorSeconds(this.serverPid);
    this.#own = ownSeconds();
    this.#startedMs = performance.now();
    this.#isOn = true;
  }

  note(latencyMs: number, isRight: boolean): void {
    if (!this.#isOn) return;
    this.#ops++;
    if (!isRight) this.#errors++;
    const bucket = Math.min(maxLatencyUs, Math.round(latencyMs * 1000));
    this.#buckets[bucket] = this.#buckets[bucket]! + 1;
  }

  phase(name: string): Phase {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const serverSeconds = processorSeconds(this.serverPid) - this.#server;
    return {
      phase: name,
      ops: this.#ops,
      seconds,
      opsPerSecond: this.#ops / seconds,
      p50Us: this.#percentile(0.5),
      p99Us: this.#percentile(0.99),
      errors: this.#errors,
      serverCpuShare: serverSeconds / seconds,
      loadCpuShare: (ownSeconds() - this.#own) / seconds,
      serverCpuUsPerOp: this.#ops > 0 ? (serverSeconds * 1e6) / this.#ops : 0,
    };
  }

  #percentile(share: number): number {
    let seen = 0;
    const index = this.#buckets.findIndex((count) => (seen += count) >= share * this.#ops);
    return Math.max(0, index);
  }
}

function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
