import assert from 'node:assert/strict';
import { openRingLink, ringOfUri, ringProblems, ringRemedies } from '../../extension/rings/ringProblems';
import type { RingFinding } from '../../server/rpc/api';

const finding = (rule: string, evidence: readonly string[]): RingFinding =>
  ({
    id: rule,
    ring: 'xenstore:3',
    kind: 'xenstore',
    domid: 3,
    severity: 'error',
    rule,
    text: `it is ${rule}`,
    evidence,
  }) as RingFinding;

describe('what is wrong with a ring, as a text', () => {
  it('says each finding on a line of its own, with its evidence below', () => {
    const { text, lines } = ringProblems('The ring', [
      finding('full', ['one', 'two']),
      finding('index-insane', []),
    ]);
    const said = text.split('\n');
    assert.equal(said[0], 'The ring');
    assert.deepEqual(
      lines.map((line) => said[line]),
      ['error: it is full (rule full)', 'error: it is index-insane (rule index-insane)'],
    );
    assert.deepEqual(said.slice(lines[0]! + 1, lines[0]! + 3), ['    one', '    two']);
  });

  it('says that nothing is wrong when that is so', () => {
    assert.match(ringProblems('The ring', []).text, /^The ring\n\nNothing is wrong/);
  });

  it('leads to its ring, and to a reconnect where there is one', () => {
    const place = { host: 'simulator', ring: 'xenstore:3' };
    assert.deepEqual(ringOfUri({ authority: 'simulator', path: '/xenstore:3' }), place);
    const [command, given] = openRingLink(place).split('?');
    assert.equal(command, 'command:xenscope.ring.open');
    assert.deepEqual(JSON.parse(decodeURIComponent(given!)), [place]);
    const commands = (ring: string) => ringRemedies({ ...place, ring }).map(({ command: name }) => name);
    assert.deepEqual(commands('xenstore:3'), ['xenscope.ring.open', 'xenscope.ring.reconnect']);
    assert.deepEqual(commands('console:3'), ['xenscope.ring.open']);
  });
});
