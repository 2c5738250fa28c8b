/** External services that a verb may receive besides the stores: files, e-mail, fonts. */

export interface StoredFile {
  readonly bytes: Uint8Array;
  readonly media_type: string;
}

/** Files by key. An existing file is never overwritten: its key identifies its content, by hash or by name. */
export interface FileStore {
  get(key: string): Promise<StoredFile | null>;
  /** False if the key already exists. */
  putIfAbsent(key: string, file: StoredFile): Promise<boolean>;
  list(prefix: string): Promise<readonly string[]>;
  /** Ignores keys that do not exist. */
  delete(keys: readonly string[]): Promise<void>;
}

export interface EmailAttachment {
  readonly filename: string;
  readonly media_type: string;
  readonly bytes: Uint8Array;
}

export interface EmailMessage {
  /** The same for every attempt, without angle brackets: a receiver can recognize a second copy. */
  readonly message_id: string;
  readonly from: { readonly email: string; readonly name: string };
  readonly reply_to: string | null;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly EmailAttachment[];
}

export interface Mailer {
  /** Throws if the provider refused the message or did not answer; it is then unknown whether it was sent. */
  send(message: EmailMessage): Promise<void>;
}

export interface FontFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Outside {
  readonly files: FileStore;
  readonly mailer: Mailer;
  /** The fonts that ship with the product; others are in `files` under `fonts/`. */
  readonly loadFonts: () => Promise<readonly FontFile[]>;
  /** The URL at which customers reach this installation, without a trailing slash. */
  readonly publicUrl: string;
  /** The sender of e-mails. */
  readonly emailFrom: string;
}
