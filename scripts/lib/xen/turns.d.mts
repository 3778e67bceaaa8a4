export class Turns {
  constructor(
    suites: readonly string[],
    daemons: readonly string[],
    options: { readonly seed: number; readonly named?: string | undefined },
  );
  /** The daemons, in the order in which their machines boot. */
  readonly daemons: readonly string[];
  /** What runs under each of them. */
  readonly own: readonly string[];
  next(daemon: string): string | undefined;
  toString(): string;
}
