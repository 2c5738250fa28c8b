/** The texts around a document on its page; they are not part of the document. */
import type { LanguageCode } from '../languages/index.ts';

export interface PageTexts {
  readonly direction: 'ltr' | 'rtl';
  readonly download_pdf: string;
  readonly paid: string;
  readonly cancelled: string;
  readonly credited: string;
  /** {amount} */
  readonly still_due: string;
}

export const PAGE_TEXTS: Readonly<Record<LanguageCode, PageTexts>> = {
  en: {
    direction: 'ltr',
    download_pdf: 'Download PDF',
    paid: 'Paid',
    cancelled: 'Cancelled',
    credited: 'Credited',
    still_due: '{amount} due',
  },
  de: {
    direction: 'ltr',
    download_pdf: 'PDF herunterladen',
    paid: 'Bezahlt',
    cancelled: 'Storniert',
    credited: 'Gutgeschrieben',
    still_due: '{amount} offen',
  },
  hi: {
    direction: 'ltr',
    download_pdf: 'PDF डाउनलोड करें',
    paid: 'भुगतान हो गया',
    cancelled: 'रद्द',
    credited: 'क्रेडिट किया गया',
    still_due: '{amount} देय',
  },
};
