/** The limits of an AI call as it comes over the wire. What it is stored as stands in generation-row.ts. */
import { METADATA_LIMITS } from '../core/read-fields.ts';

/**
 * Of provider and model their bytes in UTF-8 are bounded too: together with user and type, of which any character may take
 * four bytes, they are a key of the day's statistics, and a key of Postgres has at most 2,704 bytes.
 */
export const PROVIDER_CHARACTERS_MAX = 64;
export const MODEL_CHARACTERS_MAX = 255;
export const TYPE_CHARACTERS_MAX = 128;
/** Ids of the sender's and the vendor's: session, application, request, response. */
export const ID_CHARACTERS_MAX = 255;
/** sku, error_code. */
export const CODE_CHARACTERS_MAX = 128;
/** service_tier, ip_address. */
export const WORD_CHARACTERS_MAX = 64;
/** Texts for people to read: longer ones are cut, in UTF-16 units, for no remark on a call is worth the call. */
export const PROSE_UNITS_MAX = 2048;
export const DURATION_MS_MAX = 2_147_483_647;
/** Of a kind of tokens in one call; any integer of so many digits is exact as a double. */
export const TOKEN_DIGITS_MAX = 12;
/** Of request_data and response_data each, as canonical JSON; more is cut (src/ai/payload.ts). */
export const PAYLOAD_LIMITS = { levels: 8 * METADATA_LIMITS.levels, bytes: 16 * 1024 } as const;
