/** The seller and the buyer, as an invoice names and taxes them. */
import type { Address, TaxId } from '../core/address.ts';
import type { LanguageCode } from '../documents/languages/index.ts';
import type { TaxRegime } from '../pricing/tax/legal-note.ts';

export interface Seller {
  readonly id: string;
  readonly legal_name: string;
  readonly address: Address | null;
  readonly tax_ids: readonly TaxId[];
  readonly email: string | null;
  readonly hsn_sac: string | null;
  readonly payment_instructions: string | null;
  readonly logo_sha256: string | null;
  readonly logo_media_type: 'image/png' | 'image/jpeg' | null;
  readonly series: string;
  readonly credit_note_series: string;
  readonly number_format: string;
  readonly financial_year_start_month: number;
  /** Invoice dates are in the seller's time zone. */
  readonly timezone: string;
}

export interface Buyer {
  readonly name: string;
  readonly billing_email: string;
  readonly legal_name: string | null;
  readonly address: Address | null;
  readonly tax_id: string | null;
  readonly place_of_supply: string | null;
  readonly language: LanguageCode;
  readonly tax_regime: TaxRegime;
  readonly exchange_rate_max_age_days: number | null;
}
