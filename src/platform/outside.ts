/**
 * Files, e-mail and fonts from the bindings. Separate from bindings.ts, because the ingest Worker includes
 * none of it.
 */
import { Buffer } from 'node:buffer';
import type { Fetcher } from '@cloudflare/workers-types';
import type { EmailMessage, Mailer, Outside } from '../core/ports.ts';
import type { EmailBinding, LedgerEnv } from './bindings.ts';
import { BUNDLED_FONTS } from './bundled-fonts.ts';
import { fileStoreOf } from './file-store.ts';

export function outsideOf(env: LedgerEnv): Outside {
  return {
    files: fileStoreOf(env.FILES),
    mailer: env.MAILBOX ? localMailer(env.MAILBOX) : platformMailer(env.EMAIL),
    loadFonts: async () => BUNDLED_FONTS,
    publicUrl: env.PUBLIC_URL.replace(/\/+$/, ''),
    emailFrom: env.EMAIL_FROM,
  };
}

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
