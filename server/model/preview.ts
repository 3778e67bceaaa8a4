/** Values as text: one line for a row, and the escapes of the field's own tools. */

export const maxPreviewCharacters = 120;

/**
 * One line of printable text, shortened with `…`. UTF-8 letters stay; control characters and octets
 * that are no UTF-8 become `\x0a`; a backslash stays single, because a preview is read, not parsed.
 */
export function previewValue(value: Uint8Array): string {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  // Four octets make a character at most: what lies beyond cannot be shown in any case.
  const head = bytes.subarray(0, maxPreviewCharacters * 4 + 4);
  const decoded = decodeStart(head, head.length < bytes.length);
  const text = decoded === undefined ? escapeOctets(head) : escapeControls(decoded);
  const characters = [...text];
  if (characters.length <= maxPreviewCharacters && head.length === bytes.length) return text;
  return characters.slice(0, maxPreviewCharacters).join('') + '…';
}

/** Whether the octets are text that an editor can show and save again without loss. */
export function isText(value: Uint8Array): boolean {
  const text = decodeUtf8(value);
  // eslint-disable-next-line no-control-regex
  return text !== undefined && !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text);
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function decodeUtf8(value: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(value);
  } catch {
    return undefined;
  }
}

/** Where the text goes on beyond the head, the cut may have split its last character. */
function decodeStart(head: Buffer, isCut: boolean): string | undefined {
  const maxSplitBytes = isCut ? 3 : 0;
  for (let split = 0; split <= maxSplitBytes; split++) {
    const text = decodeUtf8(head.subarray(0, head.length - split));
    if (text !== undefined) return text;
  }
  return undefined;
}

function escapeControls(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (character) => hex(character.charCodeAt(0)));
}

function escapeOctets(bytes: Buffer): string {
  let text = '';
  for (const octet of bytes) text += octet >= 0x20 && octet <= 0x7e ? String.fromCharCode(octet) : hex(octet);
  return text;
}

function hex(code: number): string {
  return code > 0xff
    ? `\\u${code.toString(16).padStart(4, '0')}`
    : `\\x${code.toString(16).padStart(2, '0')}`;
}

/** A value as `xenstore-ls` prints it between quotes (sanitise_value of tools/xenstore/xenstore_client.c). */
export function escapeAsXenstoreLs(value: Uint8Array): string {
  let text = '';
  for (const octet of value) {
    if (octet === 0x5c) text += '\\\\';
    else if (octet >= 0x20 && octet <= 0x7e) text += String.fromCharCode(octet);
    else if (octet === 0x09) text += '\\t';
    else if (octet === 0x0a) text += '\\n';
    else if (octet === 0x0d) text += '\\r';
    else if (octet < 0o10) text += `\\${octet.toString(8).padStart(3, '0')}`;
    else text += `\\x${octet.toString(16).padStart(2, '0')}`;
  }
  return text;
}
