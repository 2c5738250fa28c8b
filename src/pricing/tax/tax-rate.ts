/** A country's tax on a category of goods or services in [effective_from, effective_to), in percent. */
export interface TaxRate {
  readonly country: string;
  readonly category: string;
  readonly rate: string;
  readonly effective_from: string;
  /** The day after the last day; null if open-ended. */
  readonly effective_to: string | null;
}

/** The rate of a country and category on a day; null if none is in force. */
export function findRate(
  rates: readonly TaxRate[],
  { country, category, day }: { country: string; category: string; day: string },
): string | null {
  const found = rates.find(
    (rate) =>
      rate.country === country &&
      rate.category === category &&
      rate.effective_from <= day &&
      (rate.effective_to === null || day < rate.effective_to),
  );
  return found?.rate ?? null;
}
