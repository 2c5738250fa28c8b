/**
 * In the Workers' bundles this stands in for packages that a library names and that we never have it use (wrangler.toml,
 * `alias`). What is called all the same throws: sanitize-html then drops the attribute that it wanted to read.
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
