/**
 * Replaces packages in the Workers' bundles that a library imports for features we do not use (wrangler.toml, `alias`). A
 * call throws; sanitize-html then drops the attribute that it wanted to parse.
 */

/** Of postcss: sanitize-html reads style attributes with it; sanitise-css.ts reads them instead. */
export function parse(): never {
  throw new Error('style attributes are read by sanitise-css.ts');
}

/** Of source-map-js: css-tree writes source maps with it. */
export class SourceMapGenerator {
  constructor() {
    throw new Error('sanitised CSS has no source map');
  }
}
