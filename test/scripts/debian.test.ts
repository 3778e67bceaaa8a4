/** Where the emulated Xen can be made: of the packages of one release of one system. */
import assert from 'node:assert/strict';
import { whyNotDebian12 } from '../../scripts/lib/debian.mjs';

describe('whether this is Debian 12 on x86-64', () => {
  const release = (id: string, version: string, name: string) =>
    `PRETTY_NAME="${name}"\nNAME="${id}"\n${version}ID=${id}\nID_LIKE=debian\n`;
  const bookworm = release('debian', 'VERSION_ID="12"\n', 'Debian GNU/Linux 12 (bookworm)');
  const why = (text: string, platform = 'linux', arch = 'x64') =>
    whyNotDebian12({ platform, arch, release: text });

  it('is so there, quoted or not', () => {
    assert.equal(why(bookworm), undefined);
    assert.equal(why(bookworm.replaceAll('"', '')), undefined);
  });

  it('says what else it is', () => {
    const trixie = release('debian', 'VERSION_ID="13"\n', 'Debian GNU/Linux 13 (trixie)');
    assert.equal(why(trixie), 'this is Debian GNU/Linux 13 (trixie)');
    assert.equal(
      why(release('debian', '', 'Debian GNU/Linux forky/sid')),
      'this is Debian GNU/Linux forky/sid',
    );
    assert.equal(why(release('ubuntu', 'VERSION_ID="12"\n', 'Ubuntu 12')), 'this is Ubuntu 12');
    assert.equal(why(''), 'this is another Linux');
    assert.equal(why(bookworm, 'linux', 'arm64'), 'this is arm64');
    assert.equal(why('', 'darwin', 'arm64'), 'this is darwin');
  });
});
