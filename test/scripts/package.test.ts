/** What `npm run package` promises of the pages that VS Code shows of an extension. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { brokenLinks, withoutBrokenLinks } from '../../scripts/lib/markdownLinks.mjs';
import { judgeVsix } from '../../scripts/lib/vsix.mjs';

const root = path.resolve(__dirname, '../..');

/** A zip file with one deflated entry for each name. */
function zip(files: Readonly<Record<string, string>>): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const packed = deflateRawSync(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(Buffer.byteLength(text), 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\0\0'), common, rest, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

describe('the pages in the package', () => {
  const isThere = (name: string) => name === 'docs/images/there.png';

  it('keep links to the web, and have those to files that are not shipped as text', () => {
    const page =
      '![a](docs/images/there.png) [web](https://a.example) [docs/x.md](docs/x.md#part) [here](#here)';
    assert.deepEqual(brokenLinks(page, isThere), ['docs/x.md#part']);
    assert.equal(withoutBrokenLinks(page, isThere), page.replace('[docs/x.md](docs/x.md#part)', 'docs/x.md'));
  });

  it('are the only pages of ours with links that were looked at', () => {
    const page = readFileSync(path.join(root, 'README.md'), 'utf8');
    assert.ok(brokenLinks(page, () => false).length > 5, 'the README has links, and they are found');
    assert.deepEqual(
      brokenLinks(
        withoutBrokenLinks(page, () => false),
        () => false,
      ),
      [...page.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1]),
      'pictures stay, so they have to be shipped',
    );
  });

  it('fail the package when they point to what is not in it', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'package-'));
    try {
      const file = path.join(folder, 'x.vsix');
      const wrongWith = (readme: string) => {
        const names = {
          'extension/docs/images/ring-panel.png': 'x',
          'extension/changelog.md': '[c](GONE.md)',
        };
        writeFileSync(file, zip({ 'extension/readme.md': readme, ...names }));
        return judgeVsix(file).find(({ title }) => title.startsWith('points to'))!.wrong;
      };
      assert.equal(
        wrongWith('![p](docs/images/ring-panel.png) ![q](docs/images/gone.png) [d](docs/store.md)'),
        'readme.md points to docs/images/gone.png, readme.md points to docs/store.md, changelog.md points to GONE.md',
      );
      assert.equal(wrongWith('![p](docs/images/ring-panel.png)'), 'changelog.md points to GONE.md');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
