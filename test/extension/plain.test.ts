import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { plain } from '../../extension/plain';

/** What VS Code takes for a link in a message: vs/base/common/linkedText. */
const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const icon = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/;

describe('foreign words in a message', () => {
  const hostile = [
    '"[Free disk](command:workbench.action.terminal.sendSequence?%7B%7D)" is there now.',
    '[[a](command:b)](command:c)',
    '[a](https://example.org "b")',
    '$(error) $(loading~spin) all is well',
  ];

  for (const text of hostile)
    it(`make neither a link nor an icon: ${text}`, () => {
      assert.ok(link.test(text) || icon.test(text), 'it would be one');
      assert.doesNotMatch(plain(text), link);
      assert.doesNotMatch(plain(text), icon);
      assert.equal(plain(text).replaceAll('\u200b', ''), text, 'the words are the same');
    });

  it('are left alone where nothing is to be feared', () => {
    const text = 'Changes /a from "(x)" to "[y]" at $5 (five).';
    assert.equal(plain(text), text);
  });

  it('go out through one place', () => {
    const root = join(__dirname, '../../extension');
    const sinks = /show(Error|Warning|Information)Message|setStatusBarMessage/;
    const others = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && file !== 'say.ts')
      .filter((file) => sinks.test(readFileSync(join(root, file), 'utf8')));
    assert.deepEqual(others, []);
  });
});
