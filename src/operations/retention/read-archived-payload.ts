import { AppError } from '../../core/error.ts';
import type { Ctx } from '../../db/ctx.ts';
import { tenant } from '../../db/ledger.ts';
import { readLines, UnreadableArchive } from './archive-file.ts';
import { findArchive } from './archive-store.ts';

export interface ArchivedPayload {
  readonly input_summary: string | null;
  readonly output_summary: string | null;
  readonly request_data: unknown;
  readonly response_data: unknown;
}

export interface ReadArchivedPayloadInput {
  readonly organisation_id: string;
  /** From the call's row. */
  readonly archive_id: string;
  /** The id of the call. */
  readonly id: string;
}

/**
 * The payload of a call from its file; null if the file was deleted. A rewritten archive is followed to its
 * replacement. Throws `unavailable` if the file cannot be read.
 */
export async function readArchivedPayload(
  ctx: Ctx,
  { organisation_id, archive_id, id }: ReadArchivedPayloadInput,
): Promise<ArchivedPayload | null> {
  const find = (of: string) =>
    ctx.ledger.transaction(tenant(organisation_id), (tx) => findArchive(tx, { organisation_id, id: of }));
  let archive = await find(archive_id);
  // The archive may be abandoned between the lookup and the read; each round finds a newer one or none.
  for (;;) {
    while (archive?.replaced_by) archive = await find(archive.replaced_by);
    if (archive?.status !== 'kept') return null;
    try {
      const line = (await readLines(ctx.files, archive)).find((each) => each.id === id);
      if (!line) return null;
      const { input_summary, output_summary, request_data, response_data } = JSON.parse(
        line.text,
      ) as ArchivedPayload;
      return { input_summary, output_summary, request_data, response_data };
    } catch (cause) {
      if (!(cause instanceof UnreadableArchive)) throw cause;
      archive = await find(archive.id);
      if (archive?.status !== 'kept') continue;
      const detail = 'The payload cannot be read from its archive. Retry later.';
      throw new AppError('unavailable', detail, { cause, log: cause.message });
    }
  }
}
