export type TaxRegime = 'none' | 'in' | 'eu';

/** Laws that must be named on the paper; the languages have the sentences. */
export type LegalNote = 'eu_reverse_charge' | 'in_reverse_charge_no' | 'in_export' | 'outside_scope';
