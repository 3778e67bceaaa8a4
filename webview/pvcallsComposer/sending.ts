/**
 * From a press to the ring. What stands in the form is checked by the server before it goes out, a request of the
 * history is not; one is under way at a time, and what is pressed for meanwhile waits in a line. Nothing that was
 * pressed for ends without being sent or refused in words.
 */
import type { ComposerCheck, ComposerDraft } from '../../server/rpc/api';
import { noLongerOpen, notSentText, tooManyWait } from './words';

/** Further presses are refused. */
export const maxWaiting = 8;

/** `isChecked`: of the history, and sent as it is. */
interface Press {
  readonly request: ComposerDraft;
  readonly isChecked: boolean;
}

type Numbered = Press & { readonly serial: number };

export interface SendingActs {
  isOpen(): boolean;
  /** Asks the server what it thinks of the request; answers the serial of the question. */
  check(request: ComposerDraft): number;
  /** Has it put into the ring. */
  call(request: ComposerDraft): number;
  /** What the server thinks of it is shown where it is wanted; false where what is wrong has to be said in words. */
  judged(request: ComposerDraft, check: ComposerCheck): boolean;
  /** It lies in the ring; `isOfForm`: and stood in the form when it was sent. */
  wentOut(request: ComposerDraft, isOfForm: boolean): void;
  /** Everything that was refused since nothing was under way; empty when the next one begins. */
  say(refusals: string): void;
}

export class Sending {
  private checking: Numbered | undefined;
  private calling: Numbered | undefined;
  private waiting: Press[] = [];
  private refusals: string[] = [];

  constructor(private readonly acts: SendingActs) {}

  /** The server is being asked about what is to be sent. */
  get isChecking(): boolean {
    return this.checking !== undefined;
  }

  /** A request is on its way to the ring. */
  get isCalling(): boolean {
    return this.calling !== undefined;
  }

  press(request: ComposerDraft, isChecked: boolean): void {
    if (!this.acts.isOpen() || this.calling) return;
    const press = { request, isChecked };
    if (!this.checking) {
      this.forgetRefusals();
      return this.begin(press);
    }
    // Pressed twice for the same is pressed once.
    if (isSame(press, this.waiting.at(-1) ?? this.checking)) return;
    if (this.waiting.length < maxWaiting) this.waiting.push(press);
    else this.refuse(notSentText(request, tooManyWait));
  }

  /** False where somebody else has asked. */
  takeCheck(serial: number, check: ComposerCheck | undefined, problem: string | undefined): boolean {
    const { checking } = this;
    if (serial !== checking?.serial) return false;
    this.checking = undefined;
    const { request } = checking;
    if (!check) this.refuse(problem ?? notSentText(request));
    else {
      const isShown = this.acts.judged(request, check);
      const [wrong] = check.problems;
      if (!wrong) this.call(checking);
      else if (!isShown) this.refuse(notSentText(request, wrong.text));
    }
    this.goOn();
    return true;
  }

  /** Neither a number nor a problem: the person was asked, and thought better of it. */
  takeCalled(serial: number, number: number | undefined, problem: string | undefined): void {
    const { calling } = this;
    if (serial !== calling?.serial) return;
    this.calling = undefined;
    if (number !== undefined) this.acts.wentOut(calling.request, !calling.isChecked);
    if (problem !== undefined) this.refuse(problem);
    this.goOn();
  }

  /** The form is another one now: what was said is not about it. */
  forgetRefusals(): void {
    this.refusals = [];
    this.acts.say('');
  }

  /** The session is over, and says so by itself. */
  end(): void {
    this.checking = undefined;
    this.calling = undefined;
    this.waiting = [];
  }

  private goOn(): void {
    while (!this.checking && !this.calling) {
      const next = this.waiting.shift();
      if (!next) return;
      this.begin(next);
    }
  }

  private begin(press: Press): void {
    if (press.isChecked) this.call(press);
    else this.checking = { ...press, serial: this.acts.check(press.request) };
  }

  private call(press: Press): void {
    const { request } = press;
    if (!this.acts.isOpen()) return this.refuse(notSentText(request, noLongerOpen));
    this.calling = { ...press, serial: this.acts.call(request) };
  }

  private refuse(text: string): void {
    if (text === '') return;
    this.refusals.push(text);
    this.acts.say(this.refusals.join(' '));
  }
}

function isSame(one: Press, other: Press): boolean {
  return one.isChecked === other.isChecked && JSON.stringify(one.request) === JSON.stringify(other.request);
}
