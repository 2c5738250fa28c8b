/**
 * ISO 4217 (list one, the codes active in 2026) with the number of decimals of each. The product has its own
 * table (law 5): `Intl` gives the decimals for display, which differ from the standard and between runtimes
 * (IDR 0 or 2, IQD 0 or 3), and an amount would be off by a factor of a hundred. Codes that have no minor
 * unit by definition (gold, SDR, test) do not count as money here.
 */
const WITH_0 = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF';

const WITH_2 =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW ' +
  'CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF ' +
  'IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK ' +
  'MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP ' +
  'SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG ' +
  'YER ZAR ZMW ZWG';

const WITH_3 = 'BHD IQD JOD KWD LYD OMR TND';

const WITH_4 = 'CLF UYW';

const EXPONENTS: ReadonlyMap<string, number> = new Map(
  [WITH_0.split(' '), [], WITH_2.split(' '), WITH_3.split(' '), WITH_4.split(' ')].flatMap(
    (codes, exponent) => codes.map((code): [string, number] => [code, exponent]),
  ),
);

/** True for an active ISO 4217 code in capitals. */
export const isCurrency = (code: string): boolean => EXPONENTS.has(code);

/** The decimals of a currency's amounts: JPY 0, USD 2, KWD 3. Throws for a code that isCurrency rejects. */
export function exponentOf(currency: string): number {
  const exponent = EXPONENTS.get(currency);
  if (exponent === undefined) throw new Error(`not an ISO 4217 currency: ${currency}`);
  return exponent;
}

/** Every code, in alphabetical order. */
export const listCurrencies = (): string[] => [...EXPONENTS.keys()].sort();
