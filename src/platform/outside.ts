/** Files, e-mail and fonts as the bindings give them. Apart from bindings.ts: the ingest Worker carries none of it. */
import { Buffer } from 'node:buffer';
import type { Fetcher, R2Bucket } from '@cloudflare/workers-types';
import type { EmailMessage, FileStore, Mailer, Outside } from '../core/ports.ts';
import type { EmailBinding, LedgerEnv } from './bindings.ts';
import { BUNDLED_FONTS } from './bundled-fonts.ts';

export function outsideOf(env: LedgerEnv): Outside {
  return {
    files: fileStoreOf(env.FILES),
    mailer: env.MAILBOX ? localMailer(env.MAILBOX) : platformMailer(env.EMAIL),
    loadFonts: async () => BUNDLED_FONTS,
    publicUrl: env.PUBLIC_URL.replace(/\/+$/, ''),
    emailFrom: env.EMAIL_FROM,
  };
}

const fileStoreOf = (bucket: R2Bucket): FileStore => ({
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

const platformMailer = (binding: EmailBinding): Mailer => ({
  async send({ message_id, from, reply_to, to, subject, text, html, attachments }) {
    await binding.send({
      from,
      to,
      ...(reply_to !== null && { replyTo: reply_to }),
      subject,
      text,
      html,
      headers: { 'Message-ID': `<${message_id}>` },
      attachments: attachments.map(({ filename, media_type, bytes }) => ({
        filename,
        type: media_type,
        content: bytes.slice().buffer,
        disposition: 'attachment',
      })),
    });
  },
});

/** As JSON, with each attachment in base64: src/platform/local/mailbox.ts writes it as a file. */
const localMailer = (mailbox: Fetcher): Mailer => ({
  async send(message: EmailMessage) {
    const attachments = message.attachments.map(({ bytes, ...rest }) => ({
      ...rest,
      base64: Buffer.from(bytes).toString('base64'),
    }));
    const response = await mailbox.fetch('http://mailbox/', {
      method: 'POST',
      body: JSON.stringify({ ...message, attachments }),
    });
    if (!response.ok) throw new Error(`the mailbox answered ${response.status}: ${await response.text()}`);
  },
});
