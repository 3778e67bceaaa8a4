/** The program in another domain: does with that domain's devices what the test asks, through our own wrappers. */
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { openEventChannels } from '../../../native/eventChannels';
import type { NativeEventChannels } from '../../../native/eventChannels';
import { NativeGrants } from '../../../native/grants';
import { XenLibraries } from '../../../native/libraries/xenLibraries';
import type { EventPort } from '../../../server/host/events';
import type { Mapped, Shared, UnmapNotify } from '../../../server/host/grants';
import type { SharedMemory } from '../../../server/host/memory';
import { bellsSettled } from '../nativeHost';
import { errorOf, lineOf, saidIn } from './talk';
import type { Question } from './talk';

type Held = Partial<Shared & Mapped> & { readonly memory: SharedMemory };
type MemoryCall = Exclude<keyof SharedMemory, 'bytes' | 'dead' | 'copyOut'>;

class Program {
  readonly #libraries = new XenLibraries();
  #events!: NativeEventChannels;
  /** Rings for itself, to know what has arrived; lives as long as the program. */
  #bystander: NativeEventChannels | undefined;
  #grants!: NativeGrants;
  #domid = 0;
  readonly #held: Held[] = [];
  readonly #ports = new Map<number, EventPort>();
  heard: number[] = [];

  open(domid: number): void {
    this.#domid = domid;
    this.#events = openEventChannels(this.#libraries);
    this.#bystander ??= openEventChannels(this.#libraries);
    this.#grants = new NativeGrants({ libraries: this.#libraries, events: this.#events });
    this.#grants.mustMap();
    this.#grants.mustShare();
  }

  end(): void {
    this.#grants.close();
    this.#events.close();
    this.heard = [];
  }

  share(domid: number, pages: number, options: { writable: boolean; onUnmap?: UnmapNotify }) {
    const shared = this.#grants.share(domid, pages, options);
    return { ...this.#hold(shared), grefs: shared.grefs };
  }

  map(domid: number, grefs: number[], access: 'read' | 'write', options?: { onUnmap?: UnmapNotify }) {
    return this.#hold(this.#grants.map(domid, grefs, access, options));
  }

  give(id: number, how: 'end' | 'endWhenUnused' | 'unmap'): void {
    this.#held[id]![how]!();
  }

  dead(id: number): string | undefined {
    return this.#held[id]!.memory.dead;
  }

  memory(id: number, call: MemoryCall, ...args: [number, never]): unknown {
    return this.#held[id]!.memory[call](...args);
  }

  copyOut(id: number, offset: number, bytes: number): Uint8Array {
    const into = new Uint8Array(bytes);
    this.#held[id]!.memory.copyOut(offset, into);
    return into;
  }

  bindUnbound(domid: number): number {
    return this.#keep(this.#events.bindUnbound(domid));
  }

  bindInterdomain(domid: number, port: number): number {
    return this.#keep(this.#events.bindInterdomain(domid, port));
  }

  port(port: number, call: 'notify' | 'unmask' | 'close'): void {
    this.#ports.get(port)![call]();
  }

  listen(port: number, listens: boolean): void {
    this.#ports.get(port)!.onEvent = listens ? () => this.heard.push(port) : undefined;
  }

  settle(): Promise<void> {
    return bellsSettled(this.#bystander!, this.#domid);
  }

  #hold(held: Held) {
    return { id: this.#held.push(held) - 1, bytes: held.memory.bytes };
  }

  #keep(port: EventPort): number {
    this.#ports.set(port.port, port);
    return port.port;
  }
}

/** Until `input` ends. */
export async function runSideProgram(input: Readable, output: Writable): Promise<void> {
  const program = new Program();
  output.write(lineOf({ value: 'ready', heard: [] }));
  for await (const line of createInterface({ input, terminal: false })) {
    const question = saidIn(line) as Question | undefined;
    if (!question) continue;
    const answer = await answerTo(program, question);
    const heard = program.heard.splice(0);
    output.write(lineOf({ ...answer, heard }));
  }
}

async function answerTo(program: Program, { what, args }: Question) {
  try {
    const act = program[what as 'settle'] as (...args: readonly unknown[]) => unknown;
    return { value: await act.apply(program, args as []) };
  } catch (error) {
    return { error: errorOf(error) };
  }
}
