export type TaxRegime = 'none' | 'in' | 'eu';

/** Legal notes required on the document; the sentences are in the language files. */
export type LegalNote = 'eu_reverse_charge' | 'in_reverse_charge_no' | 'in_export' | 'outside_scope';
