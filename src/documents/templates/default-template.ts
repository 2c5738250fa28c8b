/** The default page for sellers without a template. It is written like their templates and passes the same checks. */
export const DEFAULT_HTML = `<header class="head">
  <div class="brand">
    {{#logo}}<img class="logo" src="{{logo}}" alt="{{seller.name}}">{{/logo}}
    {{^logo}}<p class="seller-name">{{seller.name}}</p>{{/logo}}
    <p class="title">{{title}}</p>
  </div>
  <h1 class="headline">{{headline}}</h1>
  <dl class="facts">
    {{#facts}}<div><dt>{{label}}</dt><dd>{{value}}</dd></div>
    {{/facts}}
  </dl>
</header>

<section class="parties">
  <div>
    <h2>{{labels.seller}}</h2>
    <p class="party-name">{{seller.name}}</p>
    {{#seller.details}}<p>{{.}}</p>
    {{/seller.details}}
  </div>
  <div>
    <h2>{{labels.buyer}}</h2>
    <p class="party-name">{{buyer.name}}</p>
    {{#buyer.details}}<p>{{.}}</p>
    {{/buyer.details}}
  </div>
</section>

<table class="lines">
  <thead>
    <tr>
      <th scope="col">{{labels.description}}</th>
      {{#has_hsn_sac}}<th scope="col">{{labels.hsn_sac}}</th>{{/has_hsn_sac}}
      <th scope="col" class="number">{{labels.quantity}}</th>
      <th scope="col" class="number">{{labels.unit_price}}</th>
      {{#has_tax_rate}}<th scope="col" class="number">{{labels.tax_rate}}</th>{{/has_tax_rate}}
      <th scope="col" class="number">{{labels.amount}}</th>
    </tr>
  </thead>
  <tbody>
    {{#lines}}<tr class="line">
      <td class="what"><span class="name">{{name}}</span>{{#details}}<span class="detail">{{.}}</span>{{/details}}</td>
      {{#has_hsn_sac}}<td class="code{{^hsn_sac}} none{{/hsn_sac}}"><span class="label">{{labels.hsn_sac}}</span>{{hsn_sac}}</td>{{/has_hsn_sac}}
      <td class="number{{^quantity}} none{{/quantity}}"><span class="label">{{labels.quantity}}</span>{{quantity}}</td>
      <td class="number{{^unit_price}} none{{/unit_price}}"><span class="label">{{labels.unit_price}}</span>{{unit_price}}</td>
      {{#has_tax_rate}}<td class="number{{^tax_rate}} none{{/tax_rate}}"><span class="label">{{labels.tax_rate}}</span>{{tax_rate}}</td>{{/has_tax_rate}}
      <td class="number amount"><span class="label">{{labels.amount}}</span>{{amount}}</td>
    </tr>
    {{#tiers}}<tr class="tier">
      <td class="what">{{label}}</td>
      {{#has_hsn_sac}}<td class="none"></td>{{/has_hsn_sac}}
      <td class="number"><span class="label">{{labels.quantity}}</span>{{quantity}}</td>
      <td class="number"><span class="label">{{labels.unit_price}}</span>{{unit_price}}</td>
      {{#has_tax_rate}}<td class="none"></td>{{/has_tax_rate}}
      <td class="number"><span class="label">{{labels.amount}}</span>{{amount}}</td>
    </tr>
    {{/tiers}}
    {{/lines}}
  </tbody>
</table>

<dl class="totals">
  <div><dt>{{labels.subtotal}}</dt><dd>{{subtotal}}</dd></div>
  {{#discounts}}<div><dt>{{label}}</dt><dd>{{amount}}</dd></div>
  {{/discounts}}
  {{#taxes}}<div><dt>{{label}}</dt><dd>{{amount}}</dd></div>
  {{/taxes}}
  <div class="total"><dt>{{#is_credit_note}}{{labels.total_credit}}{{/is_credit_note}}{{^is_credit_note}}{{labels.total}}{{/is_credit_note}} ({{currency}})</dt><dd>{{total}}</dd></div>
</dl>

{{#has_taxes}}<section class="block">
  <h2>{{labels.tax_summary}}</h2>
  <table class="small">
    <thead><tr><th scope="col">{{labels.tax}}</th><th scope="col" class="number">{{labels.taxable_amount}}</th><th scope="col" class="number">{{labels.tax_amount}}</th></tr></thead>
    <tbody>{{#taxes}}<tr><td>{{label}}{{#country}} ({{country}}){{/country}}</td><td class="number">{{taxable_amount}}</td><td class="number">{{amount}}</td></tr>{{/taxes}}</tbody>
  </table>
</section>{{/has_taxes}}

{{#has_conversions}}<section class="block">
  <h2>{{labels.conversion}}</h2>
  <table class="small">
    <tbody>{{#conversions}}<tr><td>{{rate}}</td><td class="number">{{source}}, {{date}}</td></tr>{{/conversions}}</tbody>
  </table>
</section>{{/has_conversions}}

{{#has_unpriced}}<section class="block">
  <h2>{{labels.unpriced}}</h2>
  <table class="small">
    <tbody>{{#unpriced}}<tr><td>{{name}}</td><td class="number">{{quantity}}</td></tr>{{/unpriced}}</tbody>
  </table>
</section>{{/has_unpriced}}

{{#payment_instructions}}<section class="block">
  <h2>{{labels.payment}}</h2>
  <p class="words">{{payment_instructions}}</p>
</section>{{/payment_instructions}}

<footer class="notes">{{#legal_notes}}<p>{{.}}</p>{{/legal_notes}}</footer>
`;

export const DEFAULT_CSS = `
.head { border-bottom: 1px solid #e0e4eb; padding-bottom: 24px; }
.brand { display: flex; align-items: center; justify-content: space-between; gap: 16px; margin-bottom: 28px; }
.brand p { margin: 0; }
.logo { max-height: 48px; max-width: 220px; width: auto; height: auto; }
.seller-name { font-weight: 600; font-size: 16px; }
.title { color: #5b6478; font-size: 14px; }
.headline { font-size: 30px; line-height: 1.2; letter-spacing: -0.02em; font-weight: 650; margin: 0 0 20px; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(170px, 1fr)); gap: 14px 24px; margin: 0; }
.facts div { min-width: 0; }
dt, h2, th, .label { color: #5b6478; font-size: 12px; font-weight: 500; }
dd { margin: 2px 0 0; overflow-wrap: anywhere; }
.parties { display: grid; grid-template-columns: 1fr 1fr; gap: 24px; padding: 24px 0 32px; }
.parties div { min-width: 0; overflow-wrap: anywhere; }
.parties p { margin: 0; color: #3c4257; }
.parties .party-name { color: #1a1f36; font-weight: 600; }
h2 { margin: 0 0 6px; }
.block h2 { margin-bottom: 8px; color: #1a1f36; font-size: 15px; font-weight: 600; }
table { width: 100%; border-collapse: collapse; }
th { text-align: start; padding: 0 0 8px; border-bottom: 1px solid #c9cfda; }
td { padding: 12px 0; vertical-align: top; border-top: 1px solid #e0e4eb; overflow-wrap: anywhere; }
th + th, td + td { padding-inline-start: 16px; }
tbody tr:first-child td { border-top: 0; }
.number { text-align: end; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
.amount { font-weight: 500; }
.name { font-weight: 500; }
.detail { display: block; color: #5b6478; font-size: 13px; }
.label { display: none; }
.code { white-space: nowrap; }
.lines { border-bottom: 1px solid #e0e4eb; }
.tier td { border-top: 0; padding-top: 0; color: #5b6478; font-size: 13px; }
.tier .what { padding-inline-start: 16px; }
.totals { margin: 8px 0 0; margin-inline-start: auto; max-width: 360px; }
.totals div { display: flex; justify-content: space-between; gap: 24px; padding: 7px 0; }
.totals dt { font-size: 14px; font-weight: 400; overflow-wrap: anywhere; }
.totals dd { margin: 0; text-align: end; font-variant-numeric: tabular-nums; overflow-wrap: normal; white-space: nowrap; }
.totals .total { border-top: 1px solid #c9cfda; margin-top: 4px; padding-top: 12px; }
.totals .total dt, .totals .total dd { color: #1a1f36; font-weight: 650; font-size: 17px; }
.block { margin-top: 32px; break-inside: avoid; }
.small td { padding: 7px 0; font-size: 14px; }
.small td + td { padding-inline-start: 16px; }
.words { margin: 0; white-space: pre-line; overflow-wrap: anywhere; }
.notes { margin-top: 32px; color: #5b6478; font-size: 13px; }
.notes p { margin: 0 0 6px; }
tr { break-inside: avoid; }
@media (max-width: 600px) {
  .headline { font-size: 25px; }
  .facts { grid-template-columns: 1fr 1fr; }
  .parties { grid-template-columns: 1fr; gap: 20px; }
  .lines thead { display: none; }
  .lines tr { display: block; padding: 12px 0; border-top: 1px solid #e0e4eb; }
  .lines td { display: flex; justify-content: space-between; gap: 16px; padding: 2px 0; border: 0; text-align: end; }
  .lines td + td { padding-inline-start: 0; }
  .lines .what { display: block; padding-inline-start: 0; text-align: start; padding-bottom: 4px; }
  .lines .none { display: none; }
  .lines .label { display: inline; }
  .lines .tier { border-top: 0; padding: 0 0 12px; padding-inline-start: 16px; }
  .totals { max-width: none; }
}
@media print {
  .headline { font-size: 24px; }
  td { padding: 8px 0; }
  dt, h2, th, .detail, .tier td, .notes { font-size: 11px; }
  .block h2 { font-size: 13px; }
  .small td, .totals dt { font-size: 12px; }
  .small td { padding: 5px 0; }
  .totals div { padding: 4px 0; }
  .totals .total dt, .totals .total dd { font-size: 15px; }
  .block, .notes { margin-top: 22px; }
}
`;
