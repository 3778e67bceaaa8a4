/** How an operation says no: an error name of the wire, as a value. */
import type { XsErrorName } from '../wire/errno';

export class Failure {
  /** What the ERROR message carries. */
  readonly payload: string;

  constructor(readonly name: XsErrorName) {
    this.payload = `${name}\0`;
  }
}

/** The failures that this server answers with: one object each, so that none is made per request. */
export const fail = {
  EINVAL: new Failure('EINVAL'),
  EACCES: new Failure('EACCES'),
  EEXIST: new Failure('EEXIST'),
  ENOENT: new Failure('ENOENT'),
  ENOMEM: new Failure('ENOMEM'),
  ENOSPC: new Failure('ENOSPC'),
  ENOSYS: new Failure('ENOSYS'),
  EIO: new Failure('EIO'),
  EBUSY: new Failure('EBUSY'),
  EAGAIN: new Failure('EAGAIN'),
  E2BIG: new Failure('E2BIG'),
  EPERM: new Failure('EPERM'),
} as const;
