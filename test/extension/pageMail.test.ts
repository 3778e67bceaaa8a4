/** What a page is told before it is there, and after. */
import assert from 'node:assert/strict';
import { maxWaitingMessages, PageMail } from '../../extension/panels/pageMail';

describe('what a page is told', () => {
  const told: number[] = [];
  const open = () => {
    told.length = 0;
    return new PageMail<number>({
      postMessage: (message) => Promise.resolve(told.push(message as number) > 0),
    });
  };

  it('waits until it is there, and is told at once from then on', () => {
    const mail = open();
    mail.post(1);
    mail.post(2);
    assert.deepEqual(told, []);
    assert.deepEqual(mail.begin(), [1, 2]);
    mail.post(3);
    assert.deepEqual(told, [3]);
    assert.equal(mail.begin(), undefined, 'it was loaded anew');
  });

  it('is the latest of it where the page never comes', () => {
    const mail = open();
    for (let at = 0; at < 3 * maxWaitingMessages; at++) mail.post(at);
    const waiting = mail.begin()!;
    assert.deepEqual([waiting.length, waiting.at(-1)], [maxWaitingMessages, 3 * maxWaitingMessages - 1]);
  });
});
