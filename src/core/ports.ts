/** What a verb may be given of the outside beside the stores: files, e-mail, fonts. */

export interface StoredFile {
  readonly bytes: Uint8Array;
  readonly media_type: string;
}

/** Files under keys. A file that is there is never written over: its key says its content, by hash or by name. */
export interface FileStore {
  get(key: string): Promise<StoredFile | null>;
  /** False where the key was taken already. */
  putIfAbsent(key: string, file: StoredFile): Promise<boolean>;
  list(prefix: string): Promise<readonly string[]>;
  /** Of keys that are not there it says nothing. */
  delete(keys: readonly string[]): Promise<void>;
}

export interface EmailAttachment {
  readonly filename: string;
  readonly media_type: string;
  readonly bytes: Uint8Array;
}

export interface EmailMessage {
  /** The same at every attempt, without angle brackets: a receiver can tell a second copy. */
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
  /** Throws where the provider refused it or did not answer: whether it left is unknown then. */
  send(message: EmailMessage): Promise<void>;
}

export interface FontFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Outside {
  readonly files: FileStore;
  readonly mailer: Mailer;
  /** The fonts that come with the product; others lie in `files` under `fonts/`. */
  readonly loadFonts: () => Promise<readonly FontFile[]>;
  /** Where customers reach this installation, without a slash at the end. */
  readonly publicUrl: string;
  /** From whom e-mails come. */
  readonly emailFrom: string;
}
