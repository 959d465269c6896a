/** Longer input gets bytes of its own; none is kept. */
const USUAL = 65_536;
/** A view is made once for each length below this. */
const KEPT_VIEWS = 4_096;

/**
 * Bytes that are put together for one hash and written over for the next: making a buffer for each costs more than to hash a short
 * one (docs/bench.md). Nothing may wait between filling and hashing.
 */
export class Scratch {
  private readonly usual = Buffer.alloc(USUAL);
  private readonly views: (Buffer | undefined)[] = new Array<Buffer | undefined>(KEPT_VIEWS);

  /** Room for so many bytes; what stood there may still stand there. */
  reserve(size: number): Buffer {
    return size <= USUAL ? this.usual : Buffer.allocUnsafe(size);
  }

  /** The first bytes of what `reserve` gave. */
  first(bytes: Buffer, size: number): Buffer {
    if (bytes !== this.usual || size >= KEPT_VIEWS) return bytes.subarray(0, size);
    return (this.views[size] ??= bytes.subarray(0, size));
  }
}
