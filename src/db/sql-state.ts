/** The SQLSTATE of a driver error, or of an error that has one as its cause. */
function sqlState(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code;
  return cause === undefined ? undefined : sqlState(cause);
}

/** Postgres aborted a transaction in favour of another: a deadlock, or a serialization failure. */
export const isEndedForAnother = (error: unknown): boolean => /^40(P01|001)$/.test(sqlState(error) ?? '');
export const isUniqueViolation = (error: unknown): boolean => sqlState(error) === '23505';
/** A value that Postgres cannot read as its type. */
export const isDataException = (error: unknown): boolean => sqlState(error)?.startsWith('22') ?? false;
export const isExclusionViolation = (error: unknown): boolean => sqlState(error) === '23P01';
