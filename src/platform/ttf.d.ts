/** A font as a Data module: bytes where esbuild inlines it, a buffer where Wrangler uploads it beside the script. */
declare module '*.ttf' {
  const font: Uint8Array | ArrayBuffer;
  export default font;
}
