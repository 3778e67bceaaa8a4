/** What becomes of each press of Send in the command composer, without a browser. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ComposerCheck, ComposerDraft } from '../../server/rpc/api';
import { Sending, maxWaiting } from '../../webview/pvcallsComposer/sending';

const connectTo = (address: string): ComposerDraft => ({
  kind: 'fields',
  command: 'connect',
  fields: { address },
});
const fine: ComposerCheck = { problems: [], warnings: [] };
const wrong: ComposerCheck = { problems: [{ field: 'address', text: 'None of IPv4.' }], warnings: [] };

/** The server and the form in the hands of a test. */
class Page {
  isOpen = true;
  /** What stands in the form. */
  form: ComposerDraft | undefined;
  said = '';
  readonly checks: ComposerDraft[] = [];
  readonly calls: ComposerDraft[] = [];
  readonly insisted: ComposerDraft[] = [];
  readonly wentOut: boolean[] = [];
  #serial = 0;
  #checking = 0;
  #calling = 0;
  readonly sending = new Sending({
    isOpen: () => this.isOpen,
    check: (request) => {
      this.checks.push(request);
      return (this.#checking = ++this.#serial);
    },
    call: (request) => {
      this.calls.push(request);
      return (this.#calling = ++this.#serial);
    },
    judged: (request, { problems }) => {
      if (request !== this.form) return false;
      if (problems.length > 0) this.insisted.push(request);
      return true;
    },
    wentOut: (_, isOfForm) => this.wentOut.push(isOfForm),
    say: (refusals) => (this.said = refusals),
  });

  /** Send, with this in the form. */
  send(request: ComposerDraft): void {
    this.form = request;
    this.sending.press(request, false);
  }

  sendAgain(request: ComposerDraft): void {
    this.sending.press(request, true);
  }

  checked(check: ComposerCheck | undefined, problem?: string): void {
    assert.ok(this.sending.takeCheck(this.#checking, check, problem));
  }

  called(problem?: string): void {
    this.sending.takeCalled(this.#calling, problem === undefined ? 1 : undefined, problem);
  }
}

describe('a press of Send', () => {
  let page: Page;
  const [a, b, c] = [connectTo('10.0.0.1:1'), connectTo('10.0.0.1:2'), connectTo('10.0.0.1:3')];
  beforeEach(() => (page = new Page()));

  it('is asked about, sent, and of the form', () => {
    page.send(a);
    assert.deepEqual([page.checks, page.calls], [[a], []]);
    page.checked(fine);
    page.called();
    assert.deepEqual([page.calls, page.wentOut, page.said], [[a], [true], '']);
    page.sendAgain(a);
    page.called();
    assert.deepEqual([page.checks, page.calls, page.wentOut], [[a], [a, a], [true, false]]);
  });

  it('goes out before a line of the history that was sent again while it was checked', () => {
    page.send(a);
    page.sendAgain(b);
    assert.deepEqual(page.calls, [], 'one after the other');
    page.checked(fine);
    page.called();
    page.called();
    assert.deepEqual(
      [page.calls, page.wentOut],
      [
        [a, b],
        [true, false],
      ],
    );
  });

  it('is said not to be sent where something is wrong with it, and it stands in the form no longer', () => {
    page.send(a);
    page.send(b);
    page.checked(fine);
    page.called();
    page.form = c;
    page.checked(wrong);
    assert.deepEqual([page.calls, page.insisted], [[a], []]);
    assert.equal(page.said, 'Not sent: CONNECT. None of IPv4.');
    page.send(b);
    assert.equal(page.said, '', 'the next one begins');
    page.checked(wrong);
    assert.deepEqual([page.insisted, page.said], [[b], ''], 'the form says what is wrong with it');
  });

  it('keeps why the ones before were refused, until another one is pressed for', () => {
    page.send(a);
    page.send(b);
    page.send(c);
    page.checked(undefined, 'The host is away.');
    page.checked(fine);
    page.called('Its slots are full.');
    page.checked(fine);
    page.called();
    assert.deepEqual([page.calls, page.said], [[b, c], 'The host is away. Its slots are full.']);
    page.sendAgain(a);
    assert.equal(page.said, '');
  });

  it('is one where it is pressed twice for the same', () => {
    page.send(a);
    page.send(a);
    page.send(b);
    page.send(b);
    page.checked(fine);
    page.send(c);
    page.called();
    page.checked(fine);
    page.called();
    assert.deepEqual(page.calls, [a, b]);
    assert.ok(!page.sending.isChecking && !page.sending.isCalling);
  });

  it('is refused where too many wait, and where the session ended meanwhile', () => {
    const presses = Array.from({ length: maxWaiting + 2 }, (_, at) => connectTo(`10.0.0.1:${at}`));
    for (const request of presses) page.send(request);
    assert.match(page.said, /^Not sent: CONNECT\. Too many requests wait/);
    page.isOpen = false;
    page.checked(fine);
    assert.match(page.said, /Not sent: CONNECT\. The session is not open any more\.$/);
    page.sending.end();
    assert.equal(page.sending.isChecking, false);
    assert.deepEqual(page.calls, []);
  });

  it('is sent once, or refused, in the order of the presses, whatever comes of them', () => {
    const step = fc.constantFrom('send', 'again', 'fine', 'wrong', 'done', 'refused');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        page = new Page();
        const pressed: ComposerDraft[] = [];
        let refused = 0;
        const answer = (how: string) => {
          const { isChecking, isCalling } = page.sending;
          if (isChecking && (how === 'fine' || how === 'wrong')) {
            page.form = undefined;
            page.checked(how === 'fine' ? fine : wrong);
            if (how === 'wrong') refused++;
          }
          if (isCalling && (how === 'done' || how === 'refused'))
            page.called(how === 'done' ? undefined : 'No.');
        };
        for (const it of steps) {
          const request = connectTo(String(pressed.length));
          const isLine = it === 'send' || it === 'again';
          // The buttons are off while a request is on its way to the ring.
          if (
            isLine &&
            !page.sending.isCalling &&
            pressed.length - page.calls.length - refused <= maxWaiting
          ) {
            pressed.push(request);
            if (it === 'send') page.send(request);
            else page.sendAgain(request);
          } else answer(it);
        }
        while (page.sending.isChecking || page.sending.isCalling) {
          answer('fine');
          answer('done');
        }
        assert.equal(page.calls.length + refused, pressed.length);
        assert.deepEqual(
          page.calls,
          pressed.filter((request) => page.calls.includes(request)),
        );
      }),
      { numRuns: 100 },
    );
  });
});
