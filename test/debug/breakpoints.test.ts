/** What may be written for a breakpoint, and what is said when it may not. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isProblem, parseConditions, pathPattern } from '../../server/debug/breakpoints/conditions';
import { parseErrorNames } from '../../server/debug/breakpoints/errorFilters';
import { parseHitCount } from '../../server/debug/breakpoints/hitCount';
import { breakpointNames, nearestName } from '../../server/debug/breakpoints/names';
import { parseBreakpoint, type BreakpointText } from '../../server/debug/breakpoints/operationBreakpoint';
import { DebugConnection } from '../../server/debug/connection';
import type { Happening } from '../../server/debug/happening';
import { rawFrame, type RawFrame } from '../support/rawConnection';

/** What a connection of domain 3 makes of a request. */
function request(frame: RawFrame): Happening {
  let number = 0;
  const happenings: Happening[] = [];
  const connection: DebugConnection = new DebugConnection(
    1,
    { transport: 'ring', domid: 3, privileged: false },
    {
      nowMs: () => 0,
      nextNumber: () => ++number,
      message: (message) => happenings.push({ kind: 'message', connection, message, trouble: undefined }),
      broken: () => undefined,
    },
  );
  const bytes = rawFrame(frame);
  connection.received(bytes, 0, bytes.length);
  return happenings[0]!;
}

function meets(text: BreakpointText, happening: Happening): boolean {
  const breakpoint = parseBreakpoint(1, text);
  assert.ok(!isProblem(breakpoint), JSON.stringify(breakpoint));
  return breakpoint.meets(happening);
}

const write = request({ type: 'WRITE', payload: 'data/x|4', txId: 7 });

describe('breakpoints on operations', () => {
  for (const name of [
    'XS_WRITE',
    'xs_write',
    'XS_*',
    'XS_WRITE at request',
    'XS_WRITE dom=3',
    'XS_WRITE dom=d3 tx=7',
    'XS_WRITE path=data/x',
    'XS_WRITE path=/local/domain/3/data/*',
    'XS_WRITE path=/local/...',
    '*',
  ]) {
    it(`${name} meets a write of domain 3`, () => assert.equal(meets({ name }, write), true));
  }
  for (const name of [
    'XS_READ',
    'XS_WRITE at reply',
    'XS_* dom=4',
    'XS_WRITE path=/local/*',
    'XS_WRITE tx=8',
    'RING_RECONNECT',
  ]) {
    it(`${name} does not`, () => assert.equal(meets({ name }, write), false));
  }

  it('take further conditions from the condition field', () => {
    assert.equal(meets({ name: 'XS_WRITE', condition: 'path=**/x dom==3' }, write), true);
    assert.equal(meets({ name: 'XS_WRITE', condition: 'path=**/y' }, write), false);
  });

  it('count only what they meet', () => {
    const breakpoint = parseBreakpoint(1, { name: 'XS_WRITE', hitCondition: '% 2' });
    assert.ok(!isProblem(breakpoint));
    const other = request({ type: 'READ', payload: 'a|' });
    const answers = [write, other, write, write, write].map((happening) => breakpoint.meets(happening));
    assert.deepEqual(answers, [false, false, true, false, true]);
  });

  for (const [text, problem] of [
    [{ name: '' }, /Name an operation/],
    [{ name: 'XS_WRTE' }, /Did you mean XS_WRITE\?/],
    [{ name: 'write' }, /Did you mean XS_WRITE\?/],
    [{ name: 'RECONNECT' }, /Did you mean RING_RECONNECT\?/],
    [{ name: 'PV_*' }, /No operation is called like “PV_\*”/],
    [{ name: 'XS_READ at commit' }, /“at commit” is unknown/],
    [{ name: 'XS_READ domain=3' }, /There is no key “domain”; the keys are dom, path, tx and error\./],
    [{ name: 'XS_READ dom=web' }, /dom takes the number of a domain, not “web”/],
    [{ name: 'XS_READ /local' }, /“\/local” is no condition/],
    [{ name: 'XS_READ', condition: 'error=EFOO' }, /no error “EFOO”/],
    [{ name: 'XS_READ', condition: 'tx=last' }, /tx takes the number/],
    [{ name: 'XS_READ', hitCondition: '% 0' }, /“% 0” is no hit count/],
  ] as const) {
    it(`say what is wrong with ${JSON.stringify(text)}`, () => {
      const breakpoint = parseBreakpoint(1, text);
      assert.ok(isProblem(breakpoint));
      assert.match(breakpoint.problem, problem);
    });
  }

  it('never throw, whatever is written', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (name, condition, hitCondition) => {
        const breakpoint = parseBreakpoint(1, { name: `XS_* ${name}`, condition, hitCondition });
        if (!isProblem(breakpoint)) breakpoint.meets(write);
        assert.ok(breakpointNames.includes(nearestName(name)));
      }),
    );
  });
});

describe('hit counts', () => {
  for (const [text, stops] of [
    ['3', [3]],
    ['== 3', [3]],
    ['=3', [3]],
    ['> 3', [4, 5, 6]],
    ['>=3', [3, 4, 5, 6]],
    ['< 3', [1, 2]],
    ['<= 3', [1, 2, 3]],
    ['%3', [3, 6]],
  ] as const) {
    it(`${text} stops at ${stops.join(', ')} of six`, () => {
      const test = parseHitCount(text);
      assert.ok(typeof test === 'function');
      assert.deepEqual(
        [1, 2, 3, 4, 5, 6].filter((hits) => test(hits)),
        stops,
      );
    });
  }
});

describe('names of errors', () => {
  for (const [text, stops] of [
    ['', ['EACCES', 'ENOENT', 'EAGAIN']],
    ['EACCES', ['EACCES']],
    ['eacces, enoent', ['EACCES', 'ENOENT']],
    ['!ENOENT', ['EACCES', 'EAGAIN']],
    ['error == EAGAIN', ['EAGAIN']],
    ['error != EAGAIN', ['EACCES', 'ENOENT']],
  ] as const) {
    it(`“${text}” stops at ${stops.join(', ')}`, () => {
      const test = parseErrorNames(text);
      assert.ok(typeof test === 'function');
      assert.deepEqual(
        (['EACCES', 'ENOENT', 'EAGAIN'] as const).filter((name) => test(name)),
        stops,
      );
    });
  }

  it('that do not exist are refused', () => assert.ok(isProblem(parseErrorNames('EFOO'))));
});

describe('conditions', () => {
  it('hold when there are none', () => {
    const condition = parseConditions('  ');
    assert.ok(typeof condition === 'function');
    assert.equal(condition(write), true);
  });

  it('take paths as they are, apart from stars and dots', () => {
    assert.ok(pathPattern('/a/*/c').test('/a/b/c'));
    assert.ok(!pathPattern('/a/*').test('/a/b/c'));
    assert.ok(pathPattern('/a/**').test('/a/b/c'));
    assert.ok(!pathPattern('/a.b').test('/axb'));
  });
});
