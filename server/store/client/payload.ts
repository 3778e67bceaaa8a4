/** Payloads of requests and replies: strings that each end with a NUL. */
import { XenscopeError } from '../../host/errors';

/**
 * NUL-terminated strings, one after the other. A NUL inside would change the meaning of the
 * request, and a character beyond one octet would be cut to another one: both are refused.
 */
export function strings(what: string, ...texts: string[]): Buffer {
  for (const text of texts) {
    if (/[\0\u0100-\uffff]/.test(text)) {
      throw new XenscopeError(
        'input',
        `Cannot ${JSON.stringify(what).slice(1, -1)}: the text holds a character that a xenstore path cannot hold.`,
        { wayOut: 'Paths are made of A-Z, a-z, 0-9, - and _ between slashes.' },
      );
    }
  }
  return Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1');
}

/** The strings of a reply; a missing last NUL is forgiven. */
export function splitStrings(payload: Buffer): string[] {
  const texts = payload.toString('latin1').split('\0');
  if (texts.at(-1) === '') texts.pop();
  return texts;
}
