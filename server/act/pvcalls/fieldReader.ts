/** Reads what was typed into the fields of a form: each value, or one sentence of what is wrong with it. */
import { parseIpv4 } from '../../wire/pvcalls/address';
import type { Ipv4Address } from '../../wire/pvcalls/address';
import { formOf } from './forms';
import type { ComposerCommand } from './plan';

export interface FieldProblem {
  readonly field: string;
  readonly text: string;
}

const most32 = 2 ** 32 - 1;
const most64 = 2n ** 64n - 1n;

export class FieldReader {
  readonly problems: FieldProblem[] = [];
  readonly #command: ComposerCommand;
  readonly #fields: Readonly<Record<string, string>>;

  constructor(command: ComposerCommand, fields: Readonly<Record<string, string>>) {
    this.#command = command;
    this.#fields = fields;
  }

  /** As it was typed, or the form's default; empty where there is neither. */
  text(name: string): string {
    const typed = Object.hasOwn(this.#fields, name) ? String(this.#fields[name]).trim() : '';
    if (typed !== '') return typed;
    return formOf(this.#command)?.fields.find((field) => field.name === name)?.default ?? '';
  }

  /** A whole number from 0 to `most`; `missing` where nothing was typed. */
  number(name: string, missing: number, most = most32): number {
    const text = this.text(name);
    if (text === '') return missing;
    const value = wholeNumber(text);
    if (value !== undefined && value <= BigInt(most)) return Number(value);
    this.#wrong(name, `must be a whole number from 0 to ${most}, also in hexadecimal behind 0x.`);
    return missing;
  }

  /** Undefined where nothing was typed. */
  override(name: string, most = most32): number | undefined {
    return this.text(name) === '' ? undefined : this.number(name, 0, most);
  }

  /** A number of 64 bits; `missing` where nothing was typed, and without it that is wrong. */
  id(name: string, missing?: bigint): bigint {
    const text = this.text(name);
    const value = text === '' ? missing : wholeNumber(text);
    if (value !== undefined && value <= most64) return value;
    if (text === '') this.#wrong(name, 'is missing: say which socket is meant. SOCKET makes one.');
    else this.#wrong(name, 'must be a whole number of 64 bits at most, also in hexadecimal behind 0x.');
    return 0n;
  }

  flag(name: string): boolean {
    const text = this.text(name);
    if (text === '' || text === '0' || text === '1') return text === '1';
    this.#wrong(name, 'must be 0 or 1.');
    return false;
  }

  address(name: string): Ipv4Address {
    const text = this.text(name);
    const [, host = '', port = ''] = /^([^:]*):([0-9]{1,5})$/.exec(text) ?? [];
    if (parseIpv4(host) && Number(port) <= 0xffff) return { host, port: Number(port) };
    this.#wrong(
      name,
      text === ''
        ? 'is missing: write four numbers and a port, e.g. 127.0.0.1:80.'
        : 'is none of IPv4: write four numbers and a port, e.g. 127.0.0.1:80.',
    );
    return { host: '0.0.0.0', port: 0 };
  }

  /** Undefined where nothing was typed. */
  bytes(name: string, most: number): Buffer | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    const bytes = parseHex(text);
    if (bytes && bytes.length <= most) return bytes;
    this.#wrong(name, bytes ? `has room for ${most} bytes, and these are ${bytes.length}.` : hexHelp);
    return undefined;
  }

  wrong(name: string, text: string): void {
    this.problems.push({ field: name, text });
  }

  #wrong(name: string, text: string): void {
    const label = formOf(this.#command)?.fields.find((field) => field.name === name)?.label ?? name;
    this.wrong(name, `“${label}” ${text}`);
  }
}

export const hexHelp = 'must be pairs of hexadecimal digits, e.g. 02 00 1f 90.';

/** Undefined where it is none. Spaces, line ends, and a `0x` in front are left out. */
export function parseHex(text: string): Buffer | undefined {
  const digits = text.replace(/\s+/g, '').replace(/^0x/i, '');
  return digits.length % 2 === 0 && /^[0-9a-f]*$/i.test(digits) ? Buffer.from(digits, 'hex') : undefined;
}

/** What is longer than a number of 64 bits can be is none either. */
function wholeNumber(text: string): bigint | undefined {
  return /^(0x[0-9a-f]{1,16}|[0-9]{1,20})$/i.test(text) ? BigInt(text) : undefined;
}
