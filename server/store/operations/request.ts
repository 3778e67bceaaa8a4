/** A request as the operations see it, and the payload grammar that they share. */
import { isSpecialPath, domainPath } from '../../wire/xsPath';
import type { Failure } from '../failure';
import { fail } from '../failure';
import type { Session } from '../session';
import type { StorePath } from '../tree/storePath';
import type { StoreView } from '../view/storeView';

export interface Request {
  readonly type: number;
  readonly txId: number;
  /** The payload is `bytes` from `start` to `end`; only valid while the request is dispatched. */
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** The transaction that the request belongs to, or the store. */
  readonly view: StoreView;
}

/** The payload of the reply, one character per octet, or why there is none. */
export type Outcome = string | Failure;

export type Handler = (session: Session, request: Request) => Outcome;

export const OK = 'OK\0';

/** The payload when it is exactly one string, its NUL being the last byte; undefined otherwise. */
export function onlyString({ bytes, start, end }: Request): string | undefined {
  const nul = bytes.indexOf(0, start);
  return nul === end - 1 && nul >= start ? bytes.toString('latin1', start, nul) : undefined;
}

/** Everything up to a first NUL, and everything behind it; undefined without a NUL. */
export function stringAndRest({ bytes, start, end }: Request): [string, string] | undefined {
  const nul = bytes.indexOf(0, start);
  if (nul < 0 || nul >= end) return undefined;
  return [bytes.toString('latin1', start, nul), bytes.toString('latin1', nul + 1, end)];
}

/** All NUL-terminated strings; bytes after the last NUL do not count. */
export function strings({ bytes, start, end }: Request): string[] {
  const pieces = bytes.toString('latin1', start, end).split('\0');
  pieces.pop();
  return pieces;
}

/** A node's path from the wire: absolute, or relative to the caller's own directory. */
export function nodePath(session: Session, text: string): StorePath | Failure {
  return session.core.paths.parse(absoluteText(session, text)) ?? fail.EINVAL;
}

/** The node's path of a request that has nothing but one. */
export function onlyPath(session: Session, request: Request): StorePath | Failure {
  const text = onlyString(request);
  return text === undefined ? fail.EINVAL : nodePath(session, text);
}

export function absoluteText(session: Session, text: string): string {
  if (text.startsWith('/') || isSpecialPath(text)) return text;
  return `${domainPath(session.domid)}/${text}`;
}

const MAX_DOMID = 0xffff;

/** Decimal, octal or hexadecimal as strtoul reads it, and nothing else; an empty text is 0. */
export function domidFrom(text: string): number | undefined {
  if (text === '') return 0;
  const domid = /^0[0-7]*$/.test(text)
    ? parseInt(text, 8)
    : /^(?:[1-9][0-9]*|0x[0-9a-f]+)$/i.test(text)
      ? Number(text)
      : NaN;
  return domid <= MAX_DOMID ? domid : undefined;
}
