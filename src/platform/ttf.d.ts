/** A font as a Data module: bytes if esbuild inlines it, a buffer if Wrangler uploads it beside the script. */
declare module '*.ttf' {
  const font: Uint8Array | ArrayBuffer;
  export default font;
}
