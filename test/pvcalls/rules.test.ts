/** Rules of what becomes of a call: what a line means, what is wrong with one, and which calls a rule is about. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { RuleList, maxRules } from '../../server/pvcalls/intercept/ruleList';
import { maxRuleCharacters, parseRule, ruleMatches } from '../../server/pvcalls/intercept/rules';
import type { RuledCall } from '../../server/pvcalls/intercept/rules';
import { ruleText } from '../../server/pvcalls/intercept/words';

const call = (over: Partial<RuledCall> = {}): RuledCall => ({
  command: 'connect',
  id: 7n,
  domid: 3,
  address: { host: '10.0.0.2', port: 443 },
  ...over,
});

function rule(line: string) {
  const parsed = parseRule(line);
  if (parsed.kind === 'wrong') assert.fail(`${line}: ${parsed.problem}`);
  return parsed.rule;
}

describe('a rule of what becomes of a call', () => {
  it('is a line as a person says it', () => {
    const refused = { kind: 'refuse', ret: -111 };
    for (const line of [
      'connect port 443 → ECONNREFUSED',
      'connect to port 443 -> econnrefused',
      'CONNECT 0.0.0.0/0:443 => -111',
      'connect :443: errno 111',
      'Every connect call to port 443 is answered ECONNREFUSED.',
      'port 443, connect, −111',
    ]) {
      const { match, decision, delayMs } = rule(line);
      assert.deepEqual([decision, delayMs], [refused, 0], line);
      assert.ok(ruleMatches(match, call()), line);
      assert.ok(!ruleMatches(match, call({ address: { host: '10.0.0.2', port: 80 } })), line);
      assert.ok(!ruleMatches(match, call({ command: 'bind' })), line);
    }
  });

  it('passes later where it only says when', () => {
    assert.deepEqual(rule('accept after 2 s'), {
      match: { commands: ['accept'] },
      decision: { kind: 'pass' },
      delayMs: 2000,
    });
    assert.equal(rule('accept after 200ms').delayMs, 200);
    assert.equal(rule('accept after 1.5 minutes → EIO').delayMs, 90_000);
  });

  it('says what becomes of the call, and how often', () => {
    const outcomes: readonly [line: string, decision: unknown][] = [
      ['any → pass', { kind: 'pass' }],
      ['any → never', { kind: 'never' }],
      ['any → hold', { kind: 'hold' }],
      ['connect → success', { kind: 'pretend', peer: 'echo' }],
      ['connect → success sink', { kind: 'pretend', peer: 'sink' }],
      ['connect → sink', { kind: 'pretend', peer: 'sink' }],
      ['connect → errno 4095', { kind: 'refuse', ret: -4095 }],
    ];
    for (const [line, decision] of outcomes) assert.deepEqual(rule(line).decision, decision, line);
    assert.equal(rule('connect → EIO once').times, 1);
    assert.equal(rule('connect → EIO, 3 times').times, 3);
    assert.equal(rule('connect → EIO').times, undefined);
  });

  it('matches by network, port, socket and domain', () => {
    const matches = (line: string, over: Partial<RuledCall> = {}) =>
      ruleMatches(rule(line).match, call(over));
    assert.ok(matches('connect 10.0.0.0/8 → EIO'));
    assert.ok(!matches('connect 11.0.0.0/8 → EIO'));
    assert.ok(matches('connect 10.0.0.2:400-500 → EIO'));
    assert.ok(!matches('connect ports 444-500 → EIO'));
    assert.ok(matches('connect id 0x7 → EIO') && matches('connect socket 7 → EIO'));
    assert.ok(!matches('connect id 8 → EIO'));
    assert.ok(matches('guest 3 → EIO') && !matches('domain 4 → EIO'));
    assert.ok(matches('connect, bind → EIO', { command: 'bind' }));
    assert.ok(matches('socket → EIO', { command: 'socket' }) && !matches('socket → EIO'));
    // What asks about an address is not about a call that has none, nor a command about an unknown one.
    assert.ok(!matches('port 443 → EIO', { address: undefined }));
    assert.ok(matches('any → EIO', { command: undefined, address: undefined }));
    assert.ok(!matches('poll → EIO', { command: undefined }));
  });

  it('says what is wrong, and what to write instead', () => {
    const wrong: readonly [line: string, problem: RegExp][] = [
      ['', /empty/],
      ['connect port 443', /does not say what becomes/],
      ['connect → ENONSENSE', /“ENONSENSE” is no error/],
      ['connect → refused', /“refused” says nothing/],
      ['connect port 70000 → EIO', /no port/],
      ['connect port', /missing a port/],
      ['connect 10.0.0.300 → EIO', /names no addresses/],
      ['connect 10.0.0.0/33 → EIO', /names no addresses/],
      ['connect domain 99999 → EIO', /no number of a domain/],
      ['connect id frog → EIO', /no number of a socket/],
      ['accept after two s', /no time/],
      ['accept after 5', /no time/],
      ['accept after 2 h', /no time/],
      ['accept after 90 min', /an hour at most/],
      ['accept after 2 s → hold', /“hold” is at once/],
      ['accept → EIO ETIMEDOUT', /two things/],
      ['accept → never pass', /two things/],
      ['accept port 1 port 2 → EIO', /a port twice/],
      ['connect → EIO 0 times', /cannot be/],
      ['x'.repeat(maxRuleCharacters + 1), /at most/],
      ['quux → EIO', /“quux” says nothing/],
    ];
    for (const [line, problem] of wrong) {
      const parsed = parseRule(line);
      assert.equal(parsed.kind, 'wrong', line);
      if (parsed.kind === 'wrong') {
        assert.match(parsed.problem, problem, line);
        assert.match(parsed.wayOut, /\.$/, line);
      }
    }
  });

  it('is told in a sentence', () => {
    assert.equal(
      ruleText(rule('connect, bind port 443 domain 3 → ECONNREFUSED after 2 s, twice')),
      'CONNECT or BIND port 443 of domain 3 is answered −111 ECONNREFUSED (nobody listens there) after 2 s, the first 2 times.',
    );
    assert.equal(ruleText(rule('any 10.0.0.0/8 → hold')), 'Any call to 10.0.0.0/8 is held for you.');
  });

  it('is understood or refused, whatever is written', () => {
    const words =
      'connect accept any port 443 id 7 → -> after 2 s ms EIO -111 hold never 10.0.0.0/8 :80 times'.split(
        ' ',
      );
    const line = fc.oneof(
      fc.string(),
      fc.array(fc.constantFrom(...words)).map((some) => some.join(' ')),
    );
    fc.assert(
      fc.property(line, (text) => {
        const parsed = parseRule(text);
        if (parsed.kind === 'wrong') return parsed.problem !== '' && parsed.wayOut !== '';
        ruleMatches(parsed.rule.match, call());
        return ruleText(parsed.rule).endsWith('.');
      }),
    );
  });
});

describe('a list of rules', () => {
  const on = (line: string) => ({ line, isEnabled: true });

  it('lets the first decide that fits and is enabled, and counts its hits', () => {
    const list = new RuleList([
      { line: 'connect → EIO', isEnabled: false },
      on('nonsense'),
      on('connect → ECONNREFUSED once'),
      on('any → hold'),
    ]);
    const lines = () => list.decide(call())?.line;
    assert.deepEqual([lines(), lines()], ['connect → ECONNREFUSED once', 'any → hold']);
    const states = list.states();
    assert.deepEqual(
      states.map(({ hits, isWrong }) => [hits, isWrong]),
      [
        [0, false],
        [0, true],
        [1, false],
        [1, false],
      ],
    );
    assert.match(states[1]!.text, /says nothing in a rule/);
  });

  it('counts on for a line that stays, wherever it stands', () => {
    const before = new RuleList([on('connect → EIO once'), on('poll → EIO')]);
    before.decide(call());
    const after = new RuleList([on('poll → EIO'), on('connect → EIO once')], before);
    assert.equal(after.states()[1]!.hits, 1);
    assert.equal(after.decide(call()), undefined);
  });

  it('has no more of them than a limit', () => {
    const rules = Array.from({ length: maxRules + 1 }, () => on('any → pass'));
    assert.throws(() => new RuleList(rules), { code: 'limit' });
  });
});
