/** Tells messages in the editor's console, as many as it can take. */
import { OutputEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Clock, Timer } from '../../host/clock';

const flushIntervalMs = 100;
/** Of what comes in one interval; the rest is counted, and stands in the listings. */
const maxLinesPerFlush = 50;

export interface ConsoleLine {
  readonly text: string;
  /** Where a click on the line leads. */
  place(): { readonly source: DebugProtocol.Source; readonly line: number };
}

export class MessageConsole {
  readonly #clock: Clock;
  readonly #send: (event: DebugProtocol.OutputEvent) => void;
  readonly #lines: ConsoleLine[] = [];
  #unsaid = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, send: (event: DebugProtocol.OutputEvent) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  add(line: ConsoleLine): void {
    if (this.#lines.length < maxLinesPerFlush) this.#lines.push(line);
    else this.#unsaid++;
    this.#timer ??= this.#clock.after(flushIntervalMs, () => this.flush());
  }

  /** Says now what waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { text, place } of this.#lines.splice(0)) {
      const { source, line } = place();
      const event: DebugProtocol.OutputEvent = new OutputEvent(`${text}\n`, 'stdout');
      event.body = { ...event.body, source, line };
      this.#send(event);
    }
    if (this.#unsaid > 0) {
      this.#send(new OutputEvent(`… ${this.#unsaid} more messages: see the listings of the connections\n`));
      this.#unsaid = 0;
    }
  }

  close(): void {
    this.#timer?.cancel();
  }
}
