/**
 * SHA-256 (FIPS 180-4) of short messages, synchronous and in TypeScript: a call into the runtime's crypto
 * costs about three times as much as hashing a 200-byte message, and ingest hashes every event.
 */

/**
 * The first 32 bits of the fractional parts of the square (or cube) roots of the first primes, computed
 * exactly with BigInt.
 */
function rootBits(count: number, degree: 2n | 3n): Int32Array {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0n)) primes.push(n);
  return Int32Array.from(primes, (prime) => {
    const scaled = prime << (32n * degree);
    let root = 0n;
    for (let bit = 1n << 36n; bit > 0n; bit >>= 1n) if ((root + bit) ** degree <= scaled) root += bit;
    return Number(BigInt.asIntN(32, root));
  });
}

const INITIAL = rootBits(8, 2n);
const ROUND = rootBits(64, 3n);

const encoder = new TextEncoder();
const schedule = new Int32Array(64);
const state = new Int32Array(8);
const shared = new Uint8Array(16 * 1024);

/** Fills `state` with the digest. Text is hashed as its UTF-8 bytes; a lone surrogate counts as U+FFFD. */
function digest(message: string | Uint8Array): void {
  const bytesMax = typeof message === 'string' ? message.length * 3 : message.length;
  const bytes = bytesMax + 72 <= shared.length ? shared : new Uint8Array(bytesMax + 72);
  let length = message.length;
  if (typeof message === 'string') length = encoder.encodeInto(message, bytes).written;
  else bytes.set(message);

  // Padding: a 1 bit, zeros up to 8 bytes before the end of a block, then the length in bits as a 64-bit
  // integer.
  const end = (length + 72) & ~63;
  bytes.fill(0, length, end);
  bytes[length] = 0x80;
  for (let i = 0, rest = length * 8; i < 7; i++, rest = Math.floor(rest / 256)) bytes[end - 1 - i] = rest;

  state.set(INITIAL);
  for (let block = 0; block < end; block += 64) compress(bytes, block);
}

function compress(bytes: Uint8Array, block: number): void {
  const w = schedule;
  const k = ROUND;
  for (let i = 0, at = block; i < 16; i++, at += 4) {
    // biome-ignore format: one word, read once
    w[i] = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15] as number;
    const y = w[i - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = ((w[i - 16] as number) + s0 + (w[i - 7] as number) + s1) | 0;
  }
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + (g ^ (e & (f ^ g))) + (k[i] as number) + (w[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) | (c & (a | b)))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  const s = state;
  s[0] = (s[0] as number) + a;
  s[1] = (s[1] as number) + b;
  s[2] = (s[2] as number) + c;
  s[3] = (s[3] as number) + d;
  s[4] = (s[4] as number) + e;
  s[5] = (s[5] as number) + f;
  s[6] = (s[6] as number) + g;
  s[7] = (s[7] as number) + h;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** The digest as 64 lower-case hexadecimal digits. */
export function sha256Hex(message: string | Uint8Array): string {
  digest(message);
  let text = '';
  for (let i = 0; i < 8; i++) {
    const word = state[i] as number;
    for (let shift = 24; shift >= 0; shift -= 8) text += HEX[(word >>> shift) & 255];
  }
  return text;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const PAIRS = Array.from({ length: 4096 }, (_, bits) => `${ALPHABET[bits >> 6]}${ALPHABET[bits & 63]}`);

/** The digest as 43 characters of base64url without padding (RFC 4648 §5). */
export function sha256Base64Url(message: string | Uint8Array): string {
  digest(message);
  let text = '';
  for (let bit = 0; bit < 252; bit += 12) {
    const at = bit >>> 5;
    const offset = bit & 31;
    const word = state[at] as number;
    const bits =
      offset <= 20
        ? word >>> (20 - offset)
        : (word << (offset - 20)) | ((state[at + 1] as number) >>> (52 - offset));
    text += PAIRS[bits & 4095];
  }
  return text + ALPHABET[((state[7] as number) & 15) << 2];
}
