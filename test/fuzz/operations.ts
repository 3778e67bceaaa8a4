/** Random xenstore requests for comparing two servers: few names, so that they meet each other. */
import fc from 'fast-check';
import type { XsTypeName } from '../../server/wire/xsMessage';

export interface Operation {
  /** Which of the connections asks. */
  readonly conn: number;
  readonly type: XsTypeName | number;
  /** With `|` for NUL, as RawConnection takes it. */
  readonly payload: string;
  /** Servers count transactions from 1 on each connection: a small number often names one. */
  readonly txId: number;
}

export const CONNECTIONS = 3;

const name = fc.constantFrom('a', 'b', 'c', 'dir', 'x1');
const absolute = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/f/${names.join('/')}`);
const relative = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
const special = fc.constantFrom('@introduceDomain', '@releaseDomain', '@other');
const oddPath = fc.constantFrom(
  ...['', '/', '//', '/f/', '/f//a', '/f/a.b', '/f/a b', '/f/\u00e9', '/f/a+b', '.', '/local/domain/1/x'],
  ...[
    '/local/domain/0/a',
    '/tool',
    '/tool/xenstored',
    '/f',
    '/f/-_@9',
    `/${'y'.repeat(2047)}`,
    `/${'y'.repeat(2048)}`,
  ],
);
const path = fc.oneof(
  { arbitrary: absolute, weight: 12 },
  { arbitrary: relative, weight: 3 },
  { arbitrary: oddPath, weight: 2 },
  { arbitrary: special, weight: 1 },
);
/**
 * What gets permissions. For `@other` 4.17's C xenstored answers with the errno of some earlier call;
 * a root that is given away disappears there with its owner.
 */
const ownPath = path.filter((text) => text !== '@other' && text !== '/');
const value = fc.oneof(
  fc.constantFrom('', 'v', 'v|', '|', 'a|b|\u00ff', 'x'.repeat(100)),
  fc.string({ maxLength: 8 }).filter((text) => /^[ -~]*$/.test(text)),
);
const letter = fc.constantFrom('n', 'r', 'w', 'b', 'r', 'b', 'x', '');
/** 3 and 5 come and go, with what they own; entries for others of them would be a known difference (see there). */
const owner = fc.tuple(letter, fc.constantFrom('0', '0', '1', '3', '5', '7')).map((parts) => parts.join(''));
const further = fc
  .tuple(letter, fc.constantFrom('0', '1', '2', '7', '0x1', '-1', ''))
  .map((parts) => parts.join(''));
const perms = fc
  .tuple(owner, fc.array(further, { maxLength: 5 }))
  .map(([first, others]) => [first, ...others].map((entry) => `${entry}|`).join(''));
const token = fc.constantFrom('', 't', 'u', 'a/b', '\u00ff');
const domid = fc.constantFrom('0', '1', '2', '3', '5');
const visitor = fc.constantFrom('3', '5', '3', '5', '0');

const onePath: readonly XsTypeName[] = ['READ', 'DIRECTORY', 'GET_PERMS', 'MKDIR', 'RM'];

type Request = Pick<Operation, 'type' | 'payload'>;

function request(type: XsTypeName, ...parts: fc.Arbitrary<string>[]): fc.Arbitrary<Request> {
  return fc.tuple(...parts).map((texts) => ({ type, payload: texts.map((text) => `${text}|`).join('') }));
}

const usual: fc.Arbitrary<Request> = fc.oneof(
  {
    arbitrary: fc.tuple(path, value).map(([p, v]) => ({ type: 'WRITE' as const, payload: `${p}|${v}` })),
    weight: 8,
  },
  ...onePath.map((type) => ({ arbitrary: request(type, path), weight: 3 })),
  { arbitrary: request('DIRECTORY_PART', path, fc.constantFrom('0', '2', '3', '99', '-1', 'x')), weight: 2 },
  {
    arbitrary: fc
      .tuple(ownPath, perms)
      .map(([p, list]) => ({ type: 'SET_PERMS' as const, payload: `${p}|${list}` })),
    weight: 3,
  },
  { arbitrary: request('WATCH', path, token), weight: 3 },
  { arbitrary: request('UNWATCH', path, token), weight: 2 },
  { arbitrary: fc.constant({ type: 'RESET_WATCHES' as const, payload: '|' }), weight: 1 },
  { arbitrary: fc.constant({ type: 'TRANSACTION_START' as const, payload: '|' }), weight: 4 },
  { arbitrary: request('TRANSACTION_END', fc.constantFrom('T', 'T', 'T', 'F', 'X', 't', '')), weight: 4 },
  { arbitrary: request('GET_DOMAIN_PATH', domid), weight: 1 },
);

const domainLife: fc.Arbitrary<Request> = fc.oneof(
  request('INTRODUCE', domid, fc.constant('1'), fc.constantFrom('9', '9', '9', '0')),
  request('RELEASE', visitor),
  request('RESUME', domid),
  request('IS_DOMAIN_INTRODUCED', domid),
  request('SET_TARGET', domid, domid),
);

/**
 * The right type with a wrong number of strings, and types that do not exist. The requests with one
 * path stay out: there 4.17's C xenstored answers with the errno of some earlier call, and ends
 * (an assertion, or a null pointer) when that happens to be none or ENOENT.
 */
const malformed: fc.Arbitrary<Request> = fc.record({
  type: fc.oneof(
    fc.constantFrom<XsTypeName>(
      'WRITE',
      'WATCH',
      'UNWATCH',
      'SET_PERMS',
      'TRANSACTION_END',
      'DIRECTORY_PART',
    ),
    fc.constantFrom(15, 16, 20, 27, 255, 65_535, 0xffffffff),
  ),
  payload: fc.constantFrom(
    '/f/a',
    '|',
    '/f/a||',
    '/f/a|b',
    '/f/a|b|c',
    '/f/a|b|c|',
    '/f/a|0|junk',
    '/f/a|n0|r3',
  ),
});

export const operation: fc.Arbitrary<Operation> = fc
  .tuple(
    fc.nat(CONNECTIONS - 1),
    fc.oneof(
      { arbitrary: usual, weight: 40 },
      { arbitrary: domainLife, weight: 3 },
      { arbitrary: malformed, weight: 3 },
    ),
    fc.constantFrom(0, 0, 0, 1, 1, 2, 3),
  )
  .map(([conn, what, txId]) => {
    const mustBeFree = what.type === 'TRANSACTION_START' && txId < 3;
    const mustName = what.type === 'TRANSACTION_END' && txId === 0;
    return { conn, ...what, txId: mustBeFree ? 0 : mustName ? 1 : txId };
  });
