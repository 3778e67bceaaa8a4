/** What stands in a message of 9P, in a few words, as far as the bytes go: the fields of those that a mount is made of. */
import { NINEP_HEADER_BYTES, NINEP_NO_FID, NinepReader } from './messages';
import type { NinepTypeName } from './messages';

/** Names of a walk that are told. */
const maxNames = 16;
/** Characters of one text. */
const maxTextChars = 60;

type Tell = (reader: NinepReader) => string;

const tell: Readonly<Partial<Record<NinepTypeName, Tell>>> = {
  Tversion: version,
  Rversion: version,
  Tattach: (it) => {
    const [fid, auth] = [it.u32(), it.u32()];
    const by = auth === NINEP_NO_FID ? '' : `, authorised by fid ${auth}`;
    return `fid ${fid}${by}, user ${quoted(it.text())}, tree ${quoted(it.text())}`;
  },
  Rerror: (it) => `${quoted(it.text())}, errno ${it.u32()}`,
  Twalk: (it) => {
    const [fid, newFid, count] = [it.u32(), it.u32(), it.u16()];
    const names: string[] = [];
    while (names.length < Math.min(count, maxNames) && it.isWhole) names.push(quoted(it.text()));
    const more = count > names.length ? ` and ${count - names.length} more` : '';
    return `fid ${fid} to fid ${newFid}: ${names.join(' / ') || 'itself'}${more}`;
  },
  Rwalk: (it) => `${it.u16()} walked`,
  Topen: (it) => `fid ${it.u32()}, mode ${it.u8()}`,
  Tread: (it) => `fid ${it.u32()}, ${at(it)}`,
  Rread: (it) => `${it.u32()} bytes`,
  Tclunk: (it) => `fid ${it.u32()}`,
};

function version(it: NinepReader): string {
  const msize = it.u32();
  return `${quoted(it.text())}, messages of at most ${msize} bytes`;
}

function at(it: NinepReader): string {
  const offset = it.u64();
  return `${it.u32()} bytes from ${offset}`;
}

/** `message` begins with its header; of one that is cut short nothing is claimed. */
export function ninepText(name: string, message: Buffer): string {
  const say = Object.hasOwn(tell, name) ? tell[name as NinepTypeName] : undefined;
  if (!say || message.length <= NINEP_HEADER_BYTES) return '';
  const reader = new NinepReader(message);
  const text = say(reader);
  return reader.isWhole ? text : '…';
}

/** Names are chosen by the guest: what cannot be printed becomes a dot. */
function quoted(text: string): string {
  const shown = text.slice(0, maxTextChars).replace(/[^\x20-\x7e\u00a1-\ud7ff]/gu, '·');
  return `“${shown}${text.length > maxTextChars ? '…' : ''}”`;
}
