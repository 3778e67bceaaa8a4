import { clientCases } from './cases/client';

describe('conformance: client', () => {
  for (const { id, behaviour, run } of clientCases) it(`case ${id}: ${behaviour}`, run);
});
