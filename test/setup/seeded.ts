/** All randomness of the tests: one seed, and from it one sequence per file, independent of other files. */
import { createHash } from 'node:crypto';

const SEED_DEFAULT = 4217;
const given = process.env['TEST_SEED'];
export const SEED = given === undefined ? SEED_DEFAULT : Number(given);
if (!Number.isSafeInteger(SEED)) throw new Error(`TEST_SEED must be a whole number, not ${given}`);

let sequence = 'no file';
let drawn = 0;

/** Starts the sequence of a file; test/setup/seed.ts calls it before each file. */
export function startSequence(file: string): void {
  sequence = file;
  drawn = 0;
}

/** At most 32, the length of a SHA-256. */
export const randomBytes = (length: number): Buffer =>
  createHash('sha256').update(`${SEED} ${sequence} ${drawn++}`).digest().subarray(0, length);

/** In [0, 1). */
export const random = (): number => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;

/** A UUID of version 4. */
export function randomUUID(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
