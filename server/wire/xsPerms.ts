/**
 * Permissions of a xenstore node: a list of `letter` + `domid`. The first entry names the owner,
 * who may do everything, and its letter is what every domain not listed may do.
 * Follows docs/misc/xenstore.txt, section "Permissions", and xs_perm_to_string/xs_strings_to_perms.
 */

export const PERM_READ = 1;
export const PERM_WRITE = 2;

export interface XsPerm {
  readonly domid: number;
  readonly read: boolean;
  readonly write: boolean;
}

const letters = { n: [false, false], r: [true, false], w: [false, true], b: [true, true] } as const;

export function formatXsPerm({ read, write, domid }: XsPerm): string {
  return `${read ? (write ? 'b' : 'r') : write ? 'w' : 'n'}${domid}`;
}

/**
 * Parses one entry. The number is read as strtol with base 0 does it (blanks, sign, decimal, 0x…, 0…),
 * must be the whole rest of the text, and keeps its lower 32 bits; undefined when the entry is malformed.
 */
export function parseXsPerm(text: string): XsPerm | undefined {
  const access = letters[text[0] as keyof typeof letters] as readonly [boolean, boolean] | undefined;
  const match = /^[ \t-\r]*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i.exec(text.slice(1));
  if (!access || !match) return undefined;
  const [, sign, digits] = match as unknown as [string, string, string];
  const magnitude = /^0[0-7]/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  const number = sign === '-' ? -magnitude : magnitude;
  return { domid: Number(BigInt.asIntN(32, saturated(number))), read: access[0], write: access[1] };
}

const LONG_MAX = 2n ** 63n - 1n;

/** As strtol does it with a number that is too large for a C long. */
function saturated(number: bigint): bigint {
  if (number > LONG_MAX) return LONG_MAX;
  return number < -LONG_MAX ? -LONG_MAX - 1n : number;
}
