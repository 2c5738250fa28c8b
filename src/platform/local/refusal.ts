/** A failure that the user can fix: shown as one sentence, without a stack trace. */
const NAME = 'Refusal';

export function refusal(sentence: string): Error {
  const error = new Error(sentence);
  error.name = NAME;
  return error;
}

/** The one sentence to show for any failure. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const firstLine = error.message.split('\n')[0] ?? '';
  return error.name === NAME ? firstLine : `Meterbook failed: ${firstLine || error.name}.`;
}

/**
 * Runs a command's body: a failure ends as one sentence on stderr and exit code 1. METERBOOK_DEBUG=1 adds the
 * stack trace.
 */
export async function runCommand(body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    process.stderr.write(`${sentenceOf(error)}\n`);
    if (process.env.METERBOOK_DEBUG) console.error(error);
    process.exit(1);
  }
}
