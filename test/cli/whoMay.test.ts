import assert from 'node:assert/strict';
import { systemClock } from '../../server/cli/systemClock';
import { whoMay, withRights } from '../../server/cli/whoMay';
import { XenscopeError } from '../../server/host/errors';
import type { StoreClient } from '../../server/host/storeClient';
import { openStoreClient } from '../../server/store/client/storeClient';
import { Xenstored } from '../../server/store/xenstored';
import { parseXsPerm } from '../../server/wire/xsPerms';
import type { XsPerm } from '../../server/wire/xsPerms';

function perms(text: string): [XsPerm, ...XsPerm[]] {
  return text.split(' ').map((word) => parseXsPerm(word)!) as [XsPerm, ...XsPerm[]];
}

describe('who may', () => {
  it('names the owner, those listed, and all others', () => {
    assert.equal(whoMay(perms('n0')), 'It belongs to domain 0; other domains may do nothing.');
    assert.equal(
      whoMay(perms('r1 b2 w3 n4')),
      'It belongs to domain 1; domain 2 may read and write, domain 3 may write only, ' +
        'domain 4 may do nothing, every other domain may read only.',
    );
  });

  describe('explains a refusal', () => {
    let server: Xenstored;
    let dom0: StoreClient;
    let guest: StoreClient;
    beforeEach(() => {
      server = new Xenstored({ clock: systemClock });
      dom0 = openStoreClient({ dial: server.connect({ domid: 0 }), clock: systemClock });
      guest = openStoreClient({ dial: server.connect({ domid: 3 }), clock: systemClock });
    });
    afterEach(async () => {
      await Promise.all([dom0.close(), guest.close()]);
      await server.close();
    });

    async function refusal(path: string): Promise<XenscopeError> {
      const error: unknown = await guest.write(path, 'x').then(
        () => assert.fail('it was not refused'),
        (reason: unknown) => reason,
      );
      const explained = await withRights(guest, path, error);
      assert.ok(explained instanceof XenscopeError);
      assert.equal(explained.storeError, 'EACCES');
      return explained;
    }

    it('with the rights, where they may be read', async () => {
      await dom0.write('/node', '1');
      await dom0.setPerms('/node', perms('n0 r3'));
      assert.equal(
        (await refusal('/node')).message,
        'Cannot write /node: permission denied (EACCES). It belongs to domain 0; ' +
          'domain 3 may read only, every other domain may do nothing.',
      );
    });

    it('and says so where they may not', async () => {
      await dom0.write('/node', '1');
      assert.match(
        (await refusal('/node')).message,
        /\(EACCES\)\. Its permissions may not be read either\.$/,
      );
    });

    it('and leaves every other error as it is', async () => {
      const other = new XenscopeError('away', 'It is away.');
      assert.equal(await withRights(guest, '/node', other), other);
    });
  });
});
