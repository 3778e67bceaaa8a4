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
 * Parses one entry. The number is read as strtol with base 0 does it (decimal, 0x…, 0…, sign) and
 * must be the whole rest of the text; undefined when the entry is malformed.
 */
export function parseXsPerm(text: string): XsPerm | undefined {
  const access = letters[text[0] as keyof typeof letters] as readonly [boolean, boolean] | undefined;
  const match = /^([+-]?)(0x[0-9a-f]+|[0-9]+)$/i.exec(text.slice(1));
  if (!access || !match) return undefined;
  const [, sign, digits] = match as unknown as [string, string, string];
  const octal = /^0[0-7]+$/.test(digits);
  if (!octal && /^0[0-9]/.test(digits)) return undefined;
  const magnitude = octal ? parseInt(digits, 8) : Number(digits);
  return { domid: sign === '-' ? -magnitude : magnitude, read: access[0], write: access[1] };
}
