/** A few commands one after the other, each when the one before was answered: from an address to a connected socket. */
import type { ComposerCommand, ComposerDraft, ComposerEntry, ComposerState } from '../../server/rpc/api';

/** What a person wants without filling in forms. */
export interface QuickWish {
  readonly kind: 'connect' | 'listen';
  /** `127.0.0.1:80`. */
  readonly address: string;
}

type Step =
  { readonly kind: 'send'; readonly draft: ComposerDraft } | { readonly kind: 'show'; readonly id: string };

const commandsOf: Readonly<Record<QuickWish['kind'], readonly ComposerCommand[]>> = {
  connect: ['socket', 'connect'],
  listen: ['socket', 'bind', 'listen', 'accept'],
};

export class QuickSteps {
  private readonly commands: ComposerCommand[];
  private id: string | undefined;
  private newId: string | undefined;
  /** The line of the history with the command that was sent last; undefined while it is on its way there. */
  private number: number | undefined;
  private isUnderWay = false;
  /** An answer may be told before the number of its line is known here. */
  private readonly answers = new Map<number, number>();
  private isOver = false;

  constructor(private readonly wish: QuickWish) {
    this.commands = [...commandsOf[wish.kind]];
  }

  /** What is to be done now that this is known, of which each line is told once; undefined: nothing, for now or ever. */
  next(state: ComposerState, entries: readonly ComposerEntry[]): Step | undefined {
    if (this.isOver) return undefined;
    for (const { number, response } of entries) if (response) this.answers.set(number, response.ret);
    if (this.isUnderWay) {
      const ret = this.number === undefined ? undefined : this.answers.get(this.number);
      if (ret === undefined) return undefined;
      this.isUnderWay = false;
      // The line of the history says what went wrong.
      if (ret !== 0) return this.end();
      const [done] = this.commands;
      this.commands.shift();
      const connected = { connect: this.id, accept: this.newId }[done as string];
      if (connected !== undefined) {
        this.end();
        return { kind: 'show', id: connected };
      }
    }
    if (state.phase !== 'open') return undefined;
    const [command] = this.commands;
    if (command === undefined) return this.end();
    this.isUnderWay = true;
    this.number = undefined;
    return { kind: 'send', draft: { kind: 'fields', command, fields: this.fieldsOf(command, state) } };
  }

  /** What was to be sent is this line of the history. */
  sent(number: number): void {
    this.number = number;
  }

  /** It could not be sent, or somebody else has the form now. */
  end(): undefined {
    this.isOver = true;
    return undefined;
  }

  private fieldsOf(command: ComposerCommand, { suggested }: ComposerState): Record<string, string> {
    this.id ??= suggested.newId;
    const { id } = this;
    const { address } = this.wish;
    switch (command) {
      case 'connect':
      case 'bind':
        return { id, address };
      case 'accept':
        this.newId = suggested.newId;
        return { id, newId: this.newId };
      default:
        return { id };
    }
  }
}

/** One sentence about what is wrong with an address; undefined where it can be tried. */
export function addressProblem(text: string): string | undefined {
  const [, host = '', port = ''] = /^([0-9.]+):([0-9]{1,5})$/.exec(text.trim()) ?? [];
  const parts = host.split('.');
  const isHost =
    parts.length === 4 && parts.every((part) => /^[0-9]{1,3}$/.test(part) && Number(part) <= 255);
  if (isHost && Number(port) <= 0xffff) return undefined;
  return 'Type four numbers and a port, e.g. 127.0.0.1:80: PV Calls has no names of hosts.';
}
