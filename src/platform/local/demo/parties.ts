/** The seller and the buyers of the demo. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const BUYER = {
  name: 'Trace & Co.',
  legal_name: 'Trace & Co. Inc.',
  billing_email: 'billing@example.com',
  currency: 'USD',
  address: {
    line1: '500 Market Street, Suite 1200',
    city: 'San Francisco',
    region: 'CA',
    postal_code: '94105',
    country: 'US',
  },
};

/** The customer that is billed by model calls. */
export const AI_BUYER = {
  name: 'Inference Works',
  legal_name: 'Inference Works LLC',
  billing_email: 'accounts@example.net',
  currency: 'USD',
  address: {
    line1: '77 Massachusetts Avenue',
    city: 'Cambridge',
    region: 'MA',
    postal_code: '02139',
    country: 'US',
  },
};

export async function readSeller(): Promise<Record<string, unknown>> {
  const logo = await readFile(join(import.meta.dirname, 'logo.png'), 'base64');
  return {
    legal_name: 'Tallyhall GmbH',
    address: { line1: 'Karl-Liebknecht-Straße 29', city: 'Berlin', postal_code: '10178', country: 'DE' },
    tax_ids: [{ type: 'eu_vat', value: 'DE123456788' }],
    email: 'accounts@example.org',
    series: 'TH',
    credit_note_series: 'TH-CN',
    logo: `data:image/png;base64,${logo}`,
    payment_instructions:
      'IBAN DE02 1203 0000 0000 2020 51 · BIC BYLADEM1001\nPlease name the invoice number.',
  };
}
