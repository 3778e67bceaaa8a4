/** What a path must be to name a unix socket. */
import { XenscopeError } from '../host/errors';

/** sun_path of sockaddr_un without its NUL: 108 bytes on Linux, 104 on macOS and the BSDs. */
export function maxSocketPathBytes(platform: NodeJS.Platform = process.platform): number {
  if (platform === 'win32') return Infinity;
  return platform === 'linux' ? 107 : 103;
}

/** A longer one would be cut to another name by the system. */
export function tooLongForSocket(socketPath: string, platform?: NodeJS.Platform): XenscopeError | undefined {
  const bytes = Buffer.byteLength(socketPath);
  const maxBytes = maxSocketPathBytes(platform);
  if (bytes <= maxBytes) return undefined;
  return new XenscopeError(
    'input',
    `${socketPath} is too long for a socket: ${bytes} bytes, at most ${maxBytes} are possible.`,
    { wayOut: 'Choose a shorter path.' },
  );
}
