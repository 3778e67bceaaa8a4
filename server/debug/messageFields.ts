/** What can be looked at in a message. */
import { xsErrors } from '../wire/errno';
import { XS_HEADER, xsTypeName } from '../wire/xsMessage';
import type { DebugConnection } from './connection';
import { numberText, type Field } from './field';
import { sentence } from './listingLine';
import { messageBytes, text, type Message } from './message';

const maxStrings = 256;
const bytesPerRow = 16;

/** The message in the words of the protocol. Their names are those that `evaluate` takes behind `msg.`. */
export function messageFields(message: Message): Field[] {
  const { number, kind, atMs, said, request } = message;
  const fields = [
    field('number', `#${number}`),
    field('kind', kind),
    field('operation', said.operation),
    field('time', new Date(atMs).toISOString()),
  ];
  if (said.path !== undefined) fields.push(field('path', said.path));
  if (said.absolutePath !== undefined && said.absolutePath !== said.path) {
    fields.push(field('absolutePath', said.absolutePath));
  }
  if (said.error !== undefined) fields.push(field('error', `${said.error}: ${xsErrors[said.error].text}`));
  else if (said.value !== undefined) fields.push(field('value', `"${said.value}"`));
  if (request) {
    fields.push(
      {
        name: 'request',
        value: sentence(request, 'short'),
        type: 'message',
        children: () => messageFields(request),
      },
      field('latency', `${(atMs - request.atMs).toFixed(3)} ms`),
    );
  }
  return fields;
}

function field(name: string, value: string): Field {
  return { name, value, evaluateName: `msg.${name}` };
}

/** The header, word by word. */
export function headerFields(message: Message): Field[] {
  const { type, reqId, txId, payload } = message;
  const words = { type, req_id: reqId, tx_id: txId, len: payload.length };
  return Object.values(XS_HEADER.fields).map(({ name }) => {
    const value = words[name as keyof typeof words];
    const meaning = name === 'type' ? ` ${xsTypeName(value) ?? 'unknown'}` : '';
    return { name, value: `${numberText(value)}${meaning}`, type: 'uint32_t', evaluateName: `msg.${name}` };
  });
}

/** The payload cut at its NULs, and as bytes. */
export function payloadFields({ payload }: Message): Field[] {
  const strings = payload.toString('latin1').split('\0');
  if (strings.at(-1) === '') strings.pop();
  const fields: Field[] = strings.slice(0, maxStrings).map((string, at) => ({
    name: `[${at}]`,
    value: `"${text(Buffer.from(string, 'latin1'))}"`,
    type: 'string',
  }));
  if (strings.length > maxStrings) {
    fields.push({ name: 'more', value: `${strings.length - maxStrings} more strings` });
  }
  return [
    ...fields,
    { name: 'bytes', value: `${payload.length} bytes`, type: 'octets', children: () => byteRows(payload) },
  ];
}

function byteRows(bytes: Buffer): Field[] {
  const rows: Field[] = [];
  for (let at = 0; at < bytes.length; at += bytesPerRow) {
    const row = bytes.subarray(at, at + bytesPerRow);
    const octets = row.toString('hex').replace(/(..)(?=.)/g, '$1 ');
    const characters = row.toString('latin1').replace(/[^\x20-\x7e]/g, '.');
    rows.push({ name: at.toString(16).padStart(4, '0'), value: `${octets.padEnd(47)}  ${characters}` });
  }
  return rows;
}

export function transactionFields(message: Message, connection: DebugConnection): Field[] {
  if (message.txId === 0) return [{ name: 'transaction', value: 'none: it acts on the store at once' }];
  const transaction = connection.transaction(message.txId);
  const fields: Field[] = [{ name: 'id', value: numberText(message.txId), evaluateName: 'msg.tx_id' }];
  if (!transaction) return [...fields, { name: 'state', value: 'over, or never begun' }];
  fields.push({ name: 'requests', value: String(transaction.requests) });
  const { start } = transaction;
  if (start) {
    fields.push({
      name: 'begun',
      value: `by #${start.number}, ${(message.atMs - start.atMs).toFixed(1)} ms before`,
      children: () => messageFields(start),
    });
  }
  return fields;
}

/** Where the bytes of a message lie in the stream of its direction. */
export function spanOf(message: Message): { readonly from: number; readonly to: number } {
  return { from: message.offset, to: message.offset + messageBytes(message) };
}
