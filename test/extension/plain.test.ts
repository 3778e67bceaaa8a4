import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { appendWords, plain } from '../../extension/plain';

/** What VS Code takes for a link in a message: vs/base/common/linkedText. */
const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;
const icon = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/;

/** Files of the extension, by name. */
function filesWith(text: RegExp): string[] {
  const root = join(__dirname, '../../extension');
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .filter((file) => text.test(readFileSync(join(root, file), 'utf8')));
}

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
    const others = filesWith(/show(Error|Warning|Information)Message|setStatusBarMessage/);
    assert.deepEqual(others, ['say.ts']);
  });
});

describe('foreign words in a hover', () => {
  /** As VS Code does it, as far as spaces go. */
  function shown(text: string): string {
    let all = '';
    appendWords(
      {
        appendText: (words) => (all += words.replaceAll(' ', '&nbsp;')),
        appendMarkdown: (words) => (all += words),
      },
      text,
    );
    return all;
  }

  it('end their lines between words', () => {
    assert.equal(shown('0 of 32,768 bytes wait'), '0&nbsp;of 32,768 bytes wait');
    assert.deepEqual([shown('one'), shown('')], ['one', '']);
  });

  it('are no list, no indented code and no end of a line', () => {
    assert.equal(shown('1. a b'), '1.&nbsp;a b');
    assert.equal(shown('- a b'), '-&nbsp;a b');
    assert.equal(shown('    a  b c d '), '&nbsp;&nbsp;&nbsp;&nbsp;a&nbsp;&nbsp;b&nbsp;c d&nbsp;');
  });
});

describe('failures of the extension', () => {
  it('are worded in one place', () => {
    assert.deepEqual(filesWith(/new Failure\(/), ['errors.ts']);
  });
});
