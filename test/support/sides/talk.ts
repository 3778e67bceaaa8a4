/**
 * What a test and a program in another domain say to each other, a line at a time: the test asks, the
 * program answers. Values go as V8 writes them, which keeps bytes and odd numbers; the mark tells a line
 * of ours from whatever else the same console shows.
 */
import { deserialize, serialize } from 'node:v8';
import { XenscopeError } from '../../../server/host/errors';
import type { XenscopeErrorCode } from '../../../server/host/errors';

const mark = '=side=';

export interface Question {
  readonly what: string;
  readonly args: readonly unknown[];
}

export interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly code: XenscopeErrorCode | 'range' | 'other'; readonly message: string };
  /** Ports that were told since the answer before. */
  readonly heard: readonly number[];
}

export function lineOf(said: Question | Answer): string {
  return `${mark}${serialize(said).toString('base64')}\n`;
}

/** Undefined for a line of somebody else's. */
export function saidIn(line: string): unknown {
  if (!line.startsWith(mark)) return undefined;
  return deserialize(Buffer.from(line.slice(mark.length), 'base64')) as unknown;
}

export function errorOf(error: unknown): NonNullable<Answer['error']> {
  if (error instanceof XenscopeError) return { code: error.code, message: error.message };
  if (error instanceof RangeError) return { code: 'range', message: error.message };
  return { code: 'other', message: error instanceof Error ? error.stack! : String(error) };
}

export function thrown({ code, message }: NonNullable<Answer['error']>): Error {
  if (code === 'range') return new RangeError(message);
  return code === 'other' ? new Error(message) : new XenscopeError(code, message);
}
