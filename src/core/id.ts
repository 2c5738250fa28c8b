const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** True for a UUID in lower case, the form that this product writes. */
export const isUuid = (text: string): boolean => UUID.test(text);

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

// Random bytes are drawn for many ids at once: a call into the runtime's crypto costs more than the id
// itself.
const pool = new Uint8Array(10 * 256);
let poolOffset = pool.length;

/** A UUIDv7 (RFC 9562 §5.7): 48 bits of `now` in milliseconds, then 74 random bits. */
export function uuidv7(now: number): string {
  if (poolOffset === pool.length) {
    crypto.getRandomValues(pool);
    poolOffset = 0;
  }
  const hex = (index: number, mask = 0xff, set = 0): string =>
    HEX[((pool[poolOffset + index] ?? 0) & mask) | set] ?? '';
  const time = now.toString(16).padStart(12, '0');
  const id =
    `${time.slice(0, 8)}-${time.slice(8)}-${hex(0, 0x0f, 0x70)}${hex(1)}-${hex(2, 0x3f, 0x80)}${hex(3)}-` +
    `${hex(4)}${hex(5)}${hex(6)}${hex(7)}${hex(8)}${hex(9)}`;
  poolOffset += 10;
  return id;
}
