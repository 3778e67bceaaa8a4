/**
 * Modification times for values that have none: the time at which a value was first seen to
 * differ. It only ever advances, which is what the editor compares before it saves over a file.
 */
export interface Version {
  readonly modifiedMs: number;
  readonly createdMs: number;
}

export class Versions {
  private readonly seen = new Map<string, { value: string; version: Version }>();

  /** Beyond `maxRemembered` keys, the one seen longest ago is forgotten. */
  constructor(
    private readonly nowMs: () => number,
    private readonly maxRemembered = 1000,
  ) {}

  of(key: string, value: string): Version {
    const known = this.seen.get(key);
    this.seen.delete(key);
    const version =
      known === undefined ? this.first() : known.value === value ? known.version : this.next(known.version);
    this.seen.set(key, { value, version });
    if (this.seen.size > this.maxRemembered) this.seen.delete(this.seen.keys().next().value!);
    return version;
  }

  private first(): Version {
    const now = this.nowMs();
    return { modifiedMs: now, createdMs: now };
  }

  private next({ modifiedMs, createdMs }: Version): Version {
    return { modifiedMs: Math.max(this.nowMs(), modifiedMs + 1), createdMs };
  }
}
