/**
 * Has the C library keep what is freed. Each piece of a stream is a buffer that the collector frees soon, tens of
 * MiB at once. glibc gives that back to the kernel and asks for it again at once, and every page of it costs a
 * fault: up to a quarter of all processor time of a stream of PV Calls.
 */
import { loadLibrary } from './libraries/loadLibrary';
import { mallocTable } from './libraries/tables/libc';

/** Of malloc.h. */
const M_TRIM_THRESHOLD = -1;
const M_MMAP_THRESHOLD = -3;

/** About what the collector lets pile up; with half of it most of the gain is lost. */
const maxKeptBytes = 32 * 1024 * 1024;
/** Larger buffers go back to the kernel one by one. More than a piece of any stream, and not more than that. */
const maxHeapPieceBytes = 1024 * 1024;

let isKept: boolean | undefined;

/** For the whole process, once. False where the C library has no such thing, as musl: then all stays as it was. */
export function keepFreedMemory(): boolean {
  return (isKept ??= ask());
}

function ask(): boolean {
  const malloc = loadLibrary(mallocTable, []);
  if (malloc.kind !== 'loaded') return false;
  const { mallopt } = malloc.functions;
  // Each of them stops glibc from finding both by itself, so it takes the two.
  return mallopt(M_MMAP_THRESHOLD, maxHeapPieceBytes) === 1 && mallopt(M_TRIM_THRESHOLD, maxKeptBytes) === 1;
}
