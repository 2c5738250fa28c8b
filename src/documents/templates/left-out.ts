/**
 * Replaces, in the Workers' bundles, packages that libraries import for features we do not use (wrangler.toml,
 * `alias`). A call throws; sanitize-html then drops the attribute it tried to parse.
 */

/** Stub of postcss, which sanitize-html uses for style attributes; sanitise-css.ts reads them instead. */
export function parse(): never {
  throw new Error('style attributes are read by sanitise-css.ts');
}

/** Stub of source-map-js, which css-tree uses to write source maps. */
export class SourceMapGenerator {
  constructor() {
    throw new Error('sanitised CSS has no source map');
  }
}
