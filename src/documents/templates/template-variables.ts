/**
 * All variables of HTML templates in one list. It is the source of a template's check, its documentation, and the
 * type of the view with which a template is filled.
 */
import { type DocumentTexts, languageOf } from '../languages/index.ts';

export interface TextVariable {
  readonly kind: 'text';
  readonly description: string;
}
export interface FlagVariable {
  readonly kind: 'flag';
  readonly description: string;
}
export interface GroupVariable<Fields extends Variables = Variables> {
  readonly kind: 'group';
  readonly description: string;
  readonly fields: Fields;
}
/** A list's section repeats for each item. In a list of texts `{{.}}` is the item; otherwise its fields have names. */
export interface ListVariable<Item extends TextVariable | GroupVariable = TextVariable | GroupVariable> {
  readonly kind: 'list';
  readonly description: string;
  readonly item: Item;
}
export type Variable = TextVariable | FlagVariable | GroupVariable | ListVariable;
export interface Variables {
  readonly [name: string]: Variable;
}

export type ValueOf<V extends Variable> = V extends TextVariable
  ? string
  : V extends FlagVariable
    ? boolean
    : V extends GroupVariable<infer Fields>
      ? ViewOf<Fields>
      : V extends ListVariable<infer Item>
        ? readonly ValueOf<Item>[]
        : never;
export type ViewOf<Fields extends Variables> = { readonly [Name in keyof Fields]: ValueOf<Fields[Name]> };

const text = (description: string): TextVariable => ({ kind: 'text', description });
const flag = (description: string): FlagVariable => ({ kind: 'flag', description });
const texts = (description: string): ListVariable<TextVariable> => ({
  kind: 'list',
  description,
  item: text('One of them'),
});
const group = <Fields extends Variables>(description: string, fields: Fields): GroupVariable<Fields> => ({
  kind: 'group',
  description,
  fields,
});
const list = <Fields extends Variables>(
  description: string,
  fields: Fields,
): ListVariable<GroupVariable<Fields>> => ({
  kind: 'list',
  description,
  item: { kind: 'group', description: 'One of them', fields },
});

/** Labels only: texts with placeholders are already filled where they are used. */
const LABELS = Object.entries(languageOf('en').texts).filter(([, words]) => !words.includes('{'));
export type Label = keyof DocumentTexts;

const party = (who: string) => ({
  name: text(`Legal name of the ${who}`),
  details: texts(`Address, e-mail address and tax numbers of the ${who}, one per line`),
});

const LINE = {
  number: text('1, 2, 3, …'),
  name: text('What is charged for'),
  details: texts('Further details, such as other days or a conversion'),
  hsn_sac: text('Indian code of goods or services; empty if none'),
  quantity: text('Quantity and unit; empty for a fee'),
  unit_price: text('Price per unit; empty if the price has tiers'),
  tax_rate: text('Tax rate; empty if none'),
  amount: text('Amount before discount and tax'),
  tiers: list('How a tiered price was applied', {
    label: text('Range of the tier'),
    quantity: text('Quantity in the tier'),
    unit_price: text('Price per unit in the tier'),
    amount: text('Exact amount of the tier'),
  }),
};

export const TEMPLATE_VARIABLES = {
  title: text('Kind of document: Invoice, Tax invoice, Credit note'),
  headline: text('The amount and its due date'),
  number: text('Document number'),
  invoice_number: text('The same as number'),
  is_credit_note: flag('Whether it is a credit note'),
  issue_date: text('Date of issue'),
  due_date: text('Due date; empty if none'),
  period: text('First and last day of the billing period'),
  period_start: text('First day of the billing period'),
  period_end: text('Last day of the billing period'),
  timezone: text('Time zone of these dates'),
  currency: text('ISO 4217 code'),
  place_of_supply: text('Place of supply; empty if none'),
  reason: text('Reason for a credit note; empty otherwise'),
  facts: list('What the law requires at the head: number, dates, place of supply, corrected invoice', {
    label: text('Label'),
    value: text('Value'),
  }),
  logo: text("The seller's logo as a data: URL for <img src>; empty if none"),
  seller: group('The seller, who issues the document', party('seller')),
  buyer: group('The buyer, who receives the document', party('buyer')),
  seller_name: text('The same as seller.name'),
  customer_name: text('The same as buyer.name'),
  organisation_name: text('The same as buyer.name'),
  lines: list('The lines', LINE),
  line_items: list('The same lines, with the unit separate from the quantity', {
    ...LINE,
    quantity: text('Quantity without its unit; empty for a fee'),
    description: text('The same as name'),
    unit: text('The unit; empty for a fee'),
    total: text('The same as amount'),
  }),
  has_hsn_sac: flag('Whether any line has such a code'),
  has_tax_rate: flag('Whether any line has a tax rate'),
  subtotal: text('Sum of the lines'),
  discounts: list('Discounts', { label: text('Name of the discount'), amount: text('The amount, negative') }),
  discount_total: text('Sum of the discounts'),
  has_taxes: flag('Whether there are taxes'),
  taxes: list('Taxes, one per rate', {
    label: text('Name and rate'),
    name: text('Name'),
    country: text('Country that levies the tax'),
    rate: text('Rate'),
    taxable_amount: text('Amount on which the tax is due'),
    amount: text('Tax amount'),
  }),
  tax_total: text('Sum of the taxes'),
  total: text('Total to pay, or total credited'),
  amount_due: text('Amount still due if known, otherwise the total; empty on a credit note'),
  has_conversions: flag('Whether prices were converted from another currency'),
  conversions: list('Exchange rates', {
    rate: text('Rate, as 1 unit of one currency = n units of the other'),
    date: text('Date of the rate'),
    source: text('Source of the rate'),
  }),
  has_unpriced: flag('Whether there is usage without a price'),
  unpriced: list('Usage without a price', { name: text('The metric'), quantity: text('Quantity and unit') }),
  legal_notes: texts('Sentences that the law requires'),
  payment_instructions: text("The seller's payment instructions, such as bank details; empty if none"),
  labels: group(
    "Labels in the document's language",
    Object.fromEntries(LABELS.map(([name, words]) => [name, text(`Label for ‘${words}’`)])) as Record<
      Label,
      TextVariable
    >,
  ),
} as const satisfies Variables;

export type DocumentView = ViewOf<typeof TEMPLATE_VARIABLES>;

/** Aliases: each has the value of the variable at its path. */
export const ALIASES: Readonly<Record<string, readonly string[]>> = {
  invoice_number: ['number'],
  seller_name: ['seller', 'name'],
  customer_name: ['buyer', 'name'],
  organisation_name: ['buyer', 'name'],
  amount_due: ['total'],
};

export const ALL_VARIABLES: GroupVariable = group('A document', TEMPLATE_VARIABLES);

/** Every name as documented: `lines.tiers.amount` is the amount of a line's tier. */
export function listVariables(fields: Variables = TEMPLATE_VARIABLES, prefix = ''): [string, string][] {
  return Object.entries(fields).flatMap(([name, variable]): [string, string][] => {
    const own: [string, string] = [prefix + name, variable.description];
    const inner = variable.kind === 'list' ? variable.item : variable;
    return inner.kind === 'group' ? [own, ...listVariables(inner.fields, `${prefix}${name}.`)] : [own];
  });
}

/** Every name with its meaning. */
export const describeAllVariables = (): Record<string, string> => Object.fromEntries(listVariables());
