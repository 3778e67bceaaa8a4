/** Opening an end of a vchan: nobody's agreement is claimed who was not asked. */
import assert from 'node:assert/strict';
import { openPlan } from '../../extension/vchan/openPlan';
import type { VchanPlan, VchanPreview } from '../../server/rpc/api';
import { FakeServer } from './fakeServer';

const plan: VchanPlan = { role: 'client', peer: 3, path: '/local/domain/3/data/vchan/0/513' };
const allow: VchanPreview = { verdict: 'allow', text: 'It connects.', details: ['Nothing is written.'] };
const confirm: VchanPreview = { verdict: 'confirm', text: 'It connects.', details: ['A client is there.'] };
const refuse: VchanPreview = { verdict: 'refuse', text: 'It cannot.', details: ['Choose another.'] };

describe('an end of a vchan is opened', () => {
  let said: string[];

  /** The previews one after the other; the server opens it when it is confirmed, or the last one allowed it. */
  async function opened(previews: readonly VchanPreview[], agrees = true) {
    said = [];
    let at = -1;
    const server = new FakeServer({
      'xenscope/vchanPreview': () => previews[++at]!,
      'xenscope/vchanOpen': ({ confirmed, plan: { replaces } }) => {
        said.push(confirmed ? `opened as agreed${replaces === undefined ? '' : `: ${replaces}`}` : 'opened');
        if (confirmed || at === previews.length - 1) return { consoleId: 7 };
        throw Object.assign(new Error('A client is there.'), { code: 1, data: { code: 'refused' } });
      },
    });
    return openPlan(server, 'sim', plan, {
      isRefused: (text) => Promise.resolve(void said.push(text)),
      agrees: (_, detail) => (said.push(`asked: ${detail}`), Promise.resolve(agrees)),
    });
  }

  it('without a question where none is needed', async () => {
    assert.deepEqual(await opened([allow]), { consoleId: 7, lines: ['It connects.', 'Nothing is written.'] });
    assert.deepEqual(said, ['opened']);
  });

  it('when the person agrees, and not otherwise', async () => {
    assert.equal((await opened([confirm]))?.consoleId, 7);
    assert.deepEqual(said, ['asked: A client is there.', 'opened as agreed']);
    assert.equal(await opened([confirm], false), undefined);
    assert.deepEqual(said, ['asked: A client is there.']);
  });

  it('in the place of the one that was named in the question, and of no other', async () => {
    assert.equal((await opened([{ ...confirm, replaces: '9' }]))?.consoleId, 7);
    assert.deepEqual(said, ['asked: A client is there.', 'opened as agreed: 9']);
  });

  it('with a question after all, where somebody came after the preview', async () => {
    assert.equal((await opened([allow, confirm]))?.consoleId, 7);
    assert.deepEqual(said, ['opened', 'asked: A client is there.', 'opened as agreed']);
    assert.equal(await opened([allow, refuse]), undefined);
    assert.deepEqual(said, ['opened', 'It cannot.']);
  });
});
