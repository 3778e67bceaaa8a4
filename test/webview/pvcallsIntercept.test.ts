/** What the page that intercepts a backend of PV Calls says, and which errno it finds for what is typed. */
import assert from 'node:assert/strict';
import type { HeldCall, InterceptNews, InterceptState } from '../../server/rpc/api';
import { errnoRows } from '../../server/act/interceptRules';
import { parseRule } from '../../server/pvcalls/intercept/rules';
import {
  callKey,
  heldText,
  likelyError,
  matchingErrors,
  passedText,
  ruleFor,
  timeText,
  verdictOf,
} from '../../webview/pvcallsIntercept/words';

const errors = errnoRows();
const call = (over: Partial<HeldCall> = {}): HeldCall => ({
  number: 1,
  atMs: 1000,
  domid: 15,
  device: 'backend/pvcalls/15/0',
  command: 'connect',
  socket: '7',
  text: 'connect socket 7 to 10.0.0.1:80',
  fields: [],
  slot: '00'.repeat(64),
  state: 'held',
  ...over,
});
const state = (over: Partial<InterceptState> = {}): InterceptState => ({
  isOn: true,
  holdsOthers: true,
  rules: [],
  held: [],
  nowMs: 5000,
  devices: [{ path: 'backend/pvcalls/15/0', domid: 15 }],
  passedAtLimit: 0,
  ...over,
});

describe('the page that intercepts PV Calls', () => {
  it('finds an errno by name, number and meaning, and proposes the usual ones', () => {
    const names = (typed: string, most = 3) => matchingErrors(typed, errors, most).map(({ name }) => name);
    assert.equal(names('')[0], 'ECONNREFUSED');
    for (const typed of [
      'ECONNREFUSED',
      'econnref',
      'connrefused',
      '111',
      '-111',
      '−111',
      'nobody listens',
    ]) {
      assert.equal(names(typed)[0], 'ECONNREFUSED', typed);
    }
    assert.deepEqual(names('timed'), ['ETIMEDOUT']);
    assert.deepEqual(names('quux'), []);
    assert.equal(names('e', 8).length, 8);
  });

  it('begins a rule about calls like one, which the server understands', () => {
    for (const one of [
      call(),
      call({ command: 'bind', text: 'bind socket 7 to 10.0.0.1:8080' }),
      call({ command: 'accept', text: 'accept at socket 7 at 10.0.0.1:8080 as socket 8' }),
      call({ command: 'poll', text: 'poll socket 7' }),
      call({ command: 'command 9', text: 'command 9, which there is not' }),
      call({ command: 'connect', text: 'connect socket 7 to an address of family 10, which is not IPv4' }),
    ]) {
      assert.equal(parseRule(ruleFor(one)).kind, 'rule', ruleFor(one));
    }
    assert.equal(ruleFor(call()), 'connect 10.0.0.1:80 domain 15 → ECONNREFUSED');
    for (const command of ['connect', 'bind', 'accept', 'poll', 'socket', 'command 9']) {
      assert.ok(errors.some(({ name }) => name === likelyError(command)));
    }
  });

  it('tells calls of one number apart: each interceptor begins to count anew', () => {
    assert.equal(callKey(call()), callKey(call({ state: 'silent', decided: 'never, by hand' })));
    for (const other of [{ atMs: 1001 }, { device: 'backend/pvcalls/16/0' }, { slot: '01'.repeat(64) }]) {
      assert.notEqual(callKey(call()), callKey(call(other)));
    }
  });

  it('says how long a call is held, and what was decided', () => {
    const name = (domid: number) => `till (${domid})`;
    assert.equal(heldText(call(), 5000, name), 'till (15) · held for 4 s');
    assert.equal(heldText(call({ state: 'silent' }), 5000, name), 'till (15) · not answered for 4 s');
    const waiting = call({ state: 'waiting', dueMs: 7000, decided: 'passes, by hand' });
    assert.equal(heldText(waiting, 5000, name), 'till (15) · passes, by hand, in 2 s');
    assert.equal(timeText(150_000), '2 min 30 s');
    assert.equal(timeText(-3), '0 s');
  });

  it('says in its verdict what waits for the person', () => {
    const verdict = (over: Partial<InterceptNews>, isOwn = false) =>
      verdictOf({ heldLeftOut: 0, ...over }, isOwn);
    assert.equal(verdict({}).text, 'There is no such backend now.');
    assert.equal(verdict({}, true).text, 'Our backend is not open: no guest is served by it.');
    assert.equal(verdict({ state: state({ isOn: false }) }).text, 'Off: every call passes.');
    assert.equal(verdict({ state: state() }).text, 'On: no call waits for you.');
    const held = [call(), call({ number: 2, state: 'waiting' }), call({ number: 3, state: 'silent' })];
    assert.equal(verdict({ state: state({ held }) }).text, 'On: one call waits for you.');
    assert.equal(verdict({ state: state({ held }), heldLeftOut: 9 }).text, 'On: 10 calls wait for you.');
    assert.match(verdict({ state: state({ devices: [] }) }).wayOut!, /No guest is connected/);
    assert.equal(passedText(state(), 0), '');
    assert.match(passedText(state({ passedAtLimit: 3 }), 2), /^2 more are held .* 3 calls passed/);
  });
});
