/** The style around a document; a template's own CSS follows it. */
export const PAGE_CSS = `
*, *::before, *::after { box-sizing: border-box; }
body { margin: 0; background: #f4f6f9; color: #1a1f36; font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans",
  "Noto Sans Devanagari", "Helvetica Neue", Arial, sans-serif; -webkit-text-size-adjust: 100%; padding: 32px 16px; }
.mb-bar { max-width: 820px; margin: 0 auto 16px; display: flex; align-items: center; gap: 12px; flex-wrap: wrap; }
.mb-state { margin: 0; padding: 6px 12px; border-radius: 999px; font-size: 14px; font-weight: 600; background: #fdf1d7; color: #7a4a00; }
.mb-paid { background: #daf3e2; color: #0b5a2b; }
.mb-credited, .mb-cancelled { background: #e4e8ef; color: #3c4257; }
.mb-button { margin-inline-start: auto; padding: 9px 16px; border-radius: 8px; background: #3056d3; color: #fff; font-size: 14px;
  font-weight: 600; text-decoration: none; }
.mb-button:hover { background: #2545ad; }
.mb-button:focus-visible { outline: 3px solid #a8b9f0; outline-offset: 2px; }
.mb-sheet { max-width: 820px; margin: 0 auto; padding: 48px; background: #fff; border: 1px solid #e0e4eb; border-radius: 12px; }
@media (max-width: 600px) {
  body { padding: 16px 0 0; }
  .mb-bar { padding: 0 16px; }
  .mb-sheet { padding: 24px 16px; border-width: 1px 0 0; border-radius: 0; }
}
@media print {
  body { background: #fff; padding: 0; font-size: 12px; }
  .mb-bar { display: none; }
  .mb-sheet { max-width: none; padding: 0; border: 0; border-radius: 0; }
}
`;
