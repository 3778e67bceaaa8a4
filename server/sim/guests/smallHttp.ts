/** As much of HTTP as two guests need who know each other: one request, one response, and the end. */
import type { Duplex } from 'node:stream';

/** Of a request, and of the lines before the body of a response. */
const maxHeadBytes = 8192;

export interface HttpResponse {
  readonly status: number;
  readonly bodyBytes: number;
}

/** Reads the request and answers it with what `bodyOf` has for its path; 404 where that has nothing. */
export async function answerHttp(
  stream: Duplex,
  bodyOf: (path: string) => string | undefined,
): Promise<string | undefined> {
  const { head } = await readHead(stream);
  const [, path] = /^GET (\/[^ ]*) HTTP\/1\.[01]\r\n/.exec(head) ?? [];
  const body = path === undefined ? undefined : bodyOf(path);
  const status = path === undefined ? '400 Bad Request' : body === undefined ? '404 Not Found' : '200 OK';
  const said = Buffer.from(body ?? `${status}\n`, 'latin1');
  stream.end(
    Buffer.concat([
      Buffer.from(`HTTP/1.0 ${status}\r\nContent-Type: text/plain\r\nContent-Length: ${said.length}\r\n\r\n`),
      said,
    ]),
  );
  return path;
}

/** Asks for a path and reads the answer to its end. Undefined where what comes is no whole response. */
export async function askHttp(
  stream: Duplex,
  path: string,
  host: string,
  onBytes: () => Promise<void> = () => Promise.resolve(),
): Promise<HttpResponse | undefined> {
  stream.write(`GET ${path} HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
  const { head, rest } = await readHead(stream);
  const status = Number(/^HTTP\/1\.[01] ([0-9]{3}) /.exec(head)?.[1]);
  const expected = Number(/\r\nContent-Length: ([0-9]{1,9})\r\n/i.exec(head)?.[1]);
  let bodyBytes = rest.length;
  while (bodyBytes < expected) {
    const bytes = await nextBytes(stream);
    if (!bytes) return undefined;
    bodyBytes += bytes.length;
    await onBytes();
  }
  return Number.isNaN(status) || bodyBytes !== expected ? undefined : { status, bodyBytes };
}

/** Up to the empty line, and what came behind it; all that came where there is none. */
async function readHead(stream: Duplex): Promise<{ head: string; rest: Buffer }> {
  let bytes: Buffer = Buffer.alloc(0);
  while (bytes.length < maxHeadBytes) {
    const next = await nextBytes(stream);
    if (!next) break;
    bytes = Buffer.concat([bytes, next]);
    const end = bytes.indexOf('\r\n\r\n');
    if (end >= 0) return { head: bytes.toString('latin1', 0, end + 4), rest: bytes.subarray(end + 4) };
  }
  return { head: bytes.toString('latin1'), rest: Buffer.alloc(0) };
}

/** Resolves when more may be written to a stream that has taken enough, or when it has closed. */
export function drained(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close'] as const;
    const over = () => {
      for (const event of events) stream.off(event, over);
      resolve();
    };
    for (const event of events) stream.on(event, over);
    if (stream.destroyed) over();
  });
}

/** What comes next; undefined at the end. Rejects with what broke the stream. */
export function nextBytes(stream: Duplex): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const events = ['readable', 'end', 'close'] as const;
    const over = () => {
      for (const event of events) stream.off(event, look);
      stream.off('error', fail);
    };
    const fail = (error: Error) => (over(), reject(error));
    const look = () => {
      const bytes = stream.read() as Buffer | null;
      if (!bytes && !stream.readableEnded && !stream.destroyed) return;
      over();
      if (stream.errored) reject(stream.errored);
      else resolve(bytes ?? undefined);
    };
    for (const event of events) stream.on(event, look);
    stream.on('error', fail);
    look();
  });
}
