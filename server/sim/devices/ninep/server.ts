/** A file server that speaks 9P2000.u: a request goes in, its answer comes out. Shares are for reading only. */
import {
  NINEP_HEADER_BYTES,
  NINEP_VERSION,
  NinepReader,
  NinepType,
  NinepWriter,
  ninepHeader,
} from '../../../wire/ninep/messages';
import type { SharedFile } from './files';

/** Of one mount; a guest that opens more is refused. */
const maxFids = 1_024;
/** Of one walk, by the protocol. */
const maxNames = 16;
/** What an answer to a read needs beside its bytes. */
const readOverheadBytes = NINEP_HEADER_BYTES + 4;
const folderMode = 0x8000_0000;
const folderQid = 0x80;
const leastMsizeBytes = 256;

const errno = { ENOENT: 2, EBADF: 9, EINVAL: 22, ENFILE: 23, EROFS: 30, EOPNOTSUPP: 95 } as const;
type Errno = keyof typeof errno;

/** What is answered in the place of what was asked for. */
class Refusal extends Error {
  constructor(
    readonly errno: Errno,
    text: string,
  ) {
    super(text);
  }
}

export class NinepServer {
  readonly #root: SharedFile;
  readonly #fids = new Map<number, SharedFile>();
  /** Of all messages of the mount; agreed on by its first one. */
  msizeBytes: number;

  constructor(root: SharedFile, maxMsizeBytes: number) {
    this.#root = root;
    this.msizeBytes = maxMsizeBytes;
  }

  /** Of a whole message. */
  answer(request: Buffer): Buffer {
    const { type, tag } = ninepHeader(request)!;
    const fields = new NinepReader(request);
    try {
      const reply = this.#perform(type, tag, fields);
      if (fields.isWhole) return reply.message();
      throw new Refusal('EINVAL', 'the message is shorter than its fields');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return new NinepWriter('Rerror', tag).text(error.message).u32(errno[error.errno]).message();
    }
  }

  #perform(type: number, tag: number, fields: NinepReader): NinepWriter {
    switch (type) {
      case NinepType.Tversion:
        return this.#version(tag, fields);
      case NinepType.Tattach:
        return this.#attach(tag, fields);
      case NinepType.Twalk:
        return this.#walk(tag, fields);
      case NinepType.Topen:
        return this.#open(tag, fields);
      case NinepType.Tread:
        return this.#read(tag, fields);
      case NinepType.Tclunk:
        this.#fids.delete(fields.u32());
        return new NinepWriter('Rclunk', tag);
      default:
        throw new Refusal('EOPNOTSUPP', 'not supported');
    }
  }

  /** A mount begins: nothing of the one before it is left. */
  #version(tag: number, fields: NinepReader): NinepWriter {
    const [wantedBytes, version] = [fields.u32(), fields.text()];
    this.#fids.clear();
    this.msizeBytes = Math.max(Math.min(this.msizeBytes, wantedBytes), leastMsizeBytes);
    return new NinepWriter('Rversion', tag)
      .u32(this.msizeBytes)
      .text(version === NINEP_VERSION ? version : 'unknown');
  }

  /** Whoever asks is allowed all there is: `afid`, names and numbers of users mean nothing here. */
  #attach(tag: number, fields: NinepReader): NinepWriter {
    this.#keep(fields.u32(), this.#root);
    return qid(new NinepWriter('Rattach', tag), this.#root);
  }

  #walk(tag: number, fields: NinepReader): NinepWriter {
    const from = this.#file(fields.u32());
    const [newFid, count] = [fields.u32(), fields.u16()];
    if (count > maxNames) throw new Refusal('EINVAL', `${count} names are too many`);
    const found: SharedFile[] = [];
    let at = from;
    for (let step = 0; step < count; step++) {
      const name = fields.text();
      const next = at.children?.find((child) => child.name === name);
      if (!next) break;
      found.push((at = next));
    }
    if (count > 0 && found.length === 0) throw new Refusal('ENOENT', 'no such file');
    // A walk that goes part of the way tells how far, and makes no fid.
    if (found.length === count) this.#keep(newFid, at);
    const reply = new NinepWriter('Rwalk', tag).u16(found.length);
    for (const file of found) qid(reply, file);
    return reply;
  }

  #open(tag: number, fields: NinepReader): NinepWriter {
    const file = this.#file(fields.u32());
    if (fields.u8() !== 0) throw new Refusal('EROFS', 'this share is for reading');
    return qid(new NinepWriter('Ropen', tag), file).u32(this.msizeBytes - readOverheadBytes);
  }

  #read(tag: number, fields: NinepReader): NinepWriter {
    const file = this.#file(fields.u32());
    const [offset, count] = [fields.u64(), fields.u32()];
    const most = Math.min(count, this.msizeBytes - readOverheadBytes);
    const from = Number(offset > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : offset);
    const bytes = file.children
      ? wholeStats(file.children, from, most)
      : file.bytes.subarray(from, from + most);
    return new NinepWriter('Rread', tag).u32(bytes.length).bytes(bytes);
  }

  #file(fid: number): SharedFile {
    const file = this.#fids.get(fid);
    if (file) return file;
    throw new Refusal('EBADF', `there is no fid ${fid}`);
  }

  #keep(fid: number, file: SharedFile): void {
    if (!this.#fids.has(fid) && this.#fids.size >= maxFids)
      throw new Refusal('ENFILE', 'too many open files');
    this.#fids.set(fid, file);
  }
}

/** `type[1] version[4] path[8]`. */
function qid(to: NinepWriter, { number, children }: SharedFile): NinepWriter {
  return to
    .u8(children ? folderQid : 0)
    .u32(0)
    .u64(BigInt(number));
}

/** What is read of a folder: the entries from `offset` on, as many as fit whole. */
function wholeStats(children: readonly SharedFile[], offset: number, most: number): Buffer {
  const parts: Buffer[] = [];
  let [at, length] = [0, 0];
  for (const child of children) {
    const stat = statOf(child);
    if (at >= offset && length + stat.length > most) break;
    if (at >= offset) {
      parts.push(stat);
      length += stat.length;
    }
    at += stat.length;
  }
  return Buffer.concat(parts);
}

/** An entry as 9P2000.u has it: with a text and three numbers at its end that 9P2000 has not. */
function statOf(file: SharedFile): Buffer {
  const { name, bytes, children } = file;
  const mode = children ? (folderMode | 0o555) >>> 0 : 0o444;
  const body = qid(new NinepWriter('Rread', 0).u16(0).u32(0), file)
    .u32(mode)
    .u32(0)
    .u32(0)
    .u64(BigInt(children ? 0 : bytes.length))
    .text(name)
    .text('root')
    .text('root')
    .text('root')
    .text('')
    .u32(0)
    .u32(0)
    .u32(0)
    .message()
    .subarray(NINEP_HEADER_BYTES);
  const size = Buffer.alloc(2);
  size.writeUInt16LE(body.length);
  return Buffer.concat([size, body]);
}
