/** The file store on R2. */
import type { R2Bucket } from '@cloudflare/workers-types';
import type { FileStore } from '../core/ports.ts';

export const fileStoreOf = (bucket: R2Bucket): FileStore => ({
  async get(key) {
    const found = await bucket.get(key);
    if (!found) return null;
    const media_type = found.httpMetadata?.contentType ?? 'application/octet-stream';
    return { bytes: new Uint8Array(await found.arrayBuffer()), media_type };
  },
  async putIfAbsent(key, { bytes, media_type }) {
    const stored = await bucket.put(key, bytes, {
      onlyIf: { etagDoesNotMatch: '*' },
      httpMetadata: { contentType: media_type },
    });
    return stored !== null;
  },
  async list(prefix) {
    const keys: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await bucket.list({ prefix, ...(cursor !== undefined && { cursor }) });
      keys.push(...page.objects.map((object) => object.key));
      if (!page.truncated) return keys;
      cursor = page.cursor;
    }
  },
  delete: (keys) => bucket.delete([...keys]),
});
