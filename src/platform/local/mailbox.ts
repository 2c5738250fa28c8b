/** E-mails of the local runtime: each is an .eml file, as a provider would have sent it. */
import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmailAttachment, EmailMessage } from '../../core/ports.ts';

interface ReceivedEmail extends Omit<EmailMessage, 'attachments'> {
  readonly attachments: readonly (Omit<EmailAttachment, 'bytes'> & { readonly base64: string })[];
}

/**
 * Writes one file per message id, so that a second copy of an e-mail replaces the first. An address at
 * `bounce.invalid` is refused, as a provider would refuse it: this is how to see a failure.
 */
export async function deliverToMailbox(folder: string, request: Request): Promise<Response> {
  const email = (await request.json()) as ReceivedEmail;
  if (email.to.endsWith('@bounce.invalid')) return new Response('no such domain', { status: 550 });
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer/index.js');
  const composer = new MailComposer({
    messageId: `<${email.message_id}>`,
    from: { name: email.from.name, address: email.from.email },
    to: { name: '', address: email.to },
    ...(email.reply_to !== null && { replyTo: { name: '', address: email.reply_to } }),
    subject: email.subject,
    text: email.text,
    html: email.html,
    attachments: email.attachments.map(({ filename, media_type, base64 }) => ({
      filename,
      contentType: media_type,
      content: Buffer.from(base64, 'base64'),
    })),
  });
  const bytes = await composer.compile().build();
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${email.message_id.replace(/[^A-Za-z0-9.@-]/g, '_')}.eml`);
  // Two attempts at one message may write at once: each writes its own file until it is complete.
  const part = `${path}.${randomUUID()}.part`;
  await writeFile(part, bytes);
  await rename(part, path);
  return new Response(null, { status: 204 });
}
