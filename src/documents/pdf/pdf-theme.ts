/** The default look, for everything that a seller's settings leave open. */
import type { TextStyle } from './pdf-text.ts';

export const DEFAULT_ACCENT = '#3056d3';
const INK = '#1a1f36';
const GREY = '#5b6478';
export const RULE = '#e0e4eb';

export const TITLE: TextStyle = { size: 20, color: INK, bold: true };
export const HEADLINE: TextStyle = { size: 15, color: INK, bold: true };
export const BODY: TextStyle = { size: 9, color: INK };
export const STRONG: TextStyle = { size: 9, color: INK, bold: true };
export const QUIET: TextStyle = { size: 9, color: GREY };
export const SMALL: TextStyle = { size: 8, color: GREY };
export const LABEL: TextStyle = { size: 8, color: GREY, bold: true };
export const TOTAL: TextStyle = { size: 11, color: INK, bold: true };
