import type { LedgerTransaction } from '../db/ledger.ts';
import type { TaxInput } from '../pricing/tax/derive-taxes.ts';
import { listTaxRates } from '../pricing/tax/store.ts';
import { taxCountriesOf } from '../pricing/tax/tax-treatment.ts';
import type { Account } from './store.ts';

/** The parties, the tax point and the rates in force; reads no rates if no tax is due. */
export async function loadTaxInput(
  tx: LedgerTransaction,
  { buyer, seller }: Account,
  { currency, day }: { readonly currency: string; readonly day: string },
): Promise<TaxInput> {
  const parties = { regime: buyer.tax_regime, seller, buyer };
  const countries = taxCountriesOf(parties);
  const rates = countries.length === 0 ? [] : await listTaxRates(tx, countries, day);
  return { ...parties, currency, day, rates };
}
