/** What is wrong with a message, whoever sent it. */
import { XS_HEADER_BYTES, XsType, xsTypeName, writeXsHeader } from '../wire/xsMessage';
import type { DebugConnection } from './connection';
import type { Trouble } from './happening';
import type { Message } from './message';

const maxEvidenceBytes = 64;

/** Undefined for nearly all messages. */
export function messageTrouble(connection: DebugConnection, message: Message): Trouble | undefined {
  const { kind, type, said, request } = message;
  const trouble = (filter: Trouble['filter'], rule: string, text: string): Trouble => ({
    kind: 'trouble',
    filter,
    connection,
    message,
    rule,
    text,
    evidence: hexOf(message),
  });
  if (kind === 'request' && (xsTypeName(type) === undefined || type === XsType.WATCH_EVENT)) {
    return trouble(
      'protocol',
      'protocol.type',
      `A request has the type ${type}, which is none of a request.`,
    );
  }
  if (kind === 'reply' && !request) {
    return trouble(
      'protocol',
      'protocol.unasked',
      `A reply answers request ${message.reqId}, which nobody sent.`,
    );
  }
  if (kind === 'reply' && said.error !== undefined) {
    const asked = said.path === undefined ? said.operation : `${said.operation} ${said.path}`;
    return trouble('errorReply', `error.${said.error}`, `The store answers ${said.error} to ${asked}.`);
  }
  return undefined;
}

export function brokenTrouble(connection: DebugConnection, sentence: string): Trouble {
  return {
    kind: 'trouble',
    filter: 'protocol',
    connection,
    message: connection.inHand,
    rule: 'protocol.length',
    text: sentence,
    evidence: '',
  };
}

/** The first bytes of the message, header and all, 16 in a line. */
export function hexOf({ type, reqId, txId, payload }: Message): string {
  const header = Buffer.alloc(XS_HEADER_BYTES);
  writeXsHeader(header, 0, type, reqId, txId, payload.length);
  const bytes = Buffer.concat([header, payload.subarray(0, maxEvidenceBytes)]);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    lines.push(
      bytes
        .subarray(at, at + 16)
        .toString('hex')
        .replace(/(..)(?=.)/g, '$1 '),
    );
  }
  return lines.join('\n');
}
