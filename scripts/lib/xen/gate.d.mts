/** Types for the tests, which are TypeScript. */
import type { Socket } from 'node:net';

export interface ProgramOptions {
  /** Octets as latin1. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly onLine?: (line: string) => void;
  readonly timeoutMs?: number;
  /** Aborting it kills the program. */
  readonly signal?: AbortSignal;
}

export interface ProgramEnd {
  readonly status: number | null;
  readonly signal: string | null;
  /** Octets as latin1. */
  readonly stdout: string;
  readonly stderr: string;
}

export class Gate {
  constructor(place: { readonly port: number; readonly token: string });
  run(command: readonly string[], options?: ProgramOptions): Promise<ProgramEnd>;
  dial(socketPath: string): Socket;
  forward(socketPath: string, here: string): Promise<() => Promise<void>>;
}
