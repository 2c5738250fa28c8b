import { de } from './de.ts';
import { en } from './en.ts';
import { hi } from './hi.ts';
import type { Language } from './language.ts';

/** To add a language, add a file and an entry here. */
const LANGUAGES = { en, de, hi } as const satisfies Readonly<Record<string, Language>>;

export type LanguageCode = keyof typeof LANGUAGES;

export const LANGUAGE_CODES = Object.keys(LANGUAGES) as [LanguageCode, ...LanguageCode[]];

export const languageOf = (code: LanguageCode): Language => LANGUAGES[code];

export type { DocumentTexts, Language } from './language.ts';
