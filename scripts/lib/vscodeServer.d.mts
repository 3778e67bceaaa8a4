/** Types for the tests, which are TypeScript; the scripts themselves run before TypeScript is installed. */
export interface VscodeOptions {
  readonly vsix?: readonly string[];
  /** A folder of extensions, as `installVsix` fills it. */
  readonly installed?: string;
  readonly workspace?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly port?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface RunningVscode {
  readonly origin: string;
  readonly version: string;
  /** The temporary folder that holds everything it writes. */
  readonly base: string;
  readonly extensions: string;
  readonly pid: number;
  readonly exited: Promise<number | null>;
  log(): string;
  url(parameters?: Record<string, string>): string;
  stop(): Promise<void>;
}

export function installVsix(file: string, extensions: string): Promise<void>;
export function startVscode(options: VscodeOptions): Promise<RunningVscode>;
export function portIsTaken(port: number): Promise<boolean>;
