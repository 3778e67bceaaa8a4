/**
 * How long to wait before a server that ended is started again. It never gives up: the wait grows
 * to half a minute and stays there, and a server that ran for a while is forgiven.
 */
const delaysMs = [250, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];
const forgivenAfterMs = 60_000;
/** From this crash in a row on, the person is told. */
const tellAtCrash = 4;

export class RestartPolicy {
  private crashes = 0;

  ended(ranForMs: number): { readonly delayMs: number; readonly tell: boolean } {
    this.crashes = ranForMs >= forgivenAfterMs ? 1 : this.crashes + 1;
    return {
      delayMs: delaysMs[Math.min(this.crashes, delaysMs.length) - 1]!,
      tell: this.crashes === tellAtCrash,
    };
  }

  /** A person asked for a restart: begin anew. */
  forgive(): void {
    this.crashes = 0;
  }
}
