/** A party as a tax authority identifies it. */
export interface Address {
  readonly line1: string;
  readonly line2?: string | undefined;
  readonly city?: string | undefined;
  readonly region?: string | undefined;
  readonly postal_code?: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

export const TAX_ID_TYPES = ['gstin', 'eu_vat', 'other'] as const;

export interface TaxId {
  readonly type: (typeof TAX_ID_TYPES)[number];
  readonly value: string;
}
