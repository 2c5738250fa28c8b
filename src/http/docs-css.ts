/** The styles of `GET /docs`. */
export const DOCS_CSS = `
:root { color-scheme: light dark; --line: #8884; --quiet: #687082; --link: #3056d3; --box: #8881; }
@media (prefers-color-scheme: dark) { :root { --quiet: #a3acbd; --link: #9db4ff; } }
*, *::before, *::after { box-sizing: border-box; }
html { scroll-padding-top: 16px; }
body { max-width: 860px; margin: 0 auto; padding: 24px 16px 64px; font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  overflow-wrap: anywhere; -webkit-text-size-adjust: 100%; }
h1 { margin: 0; font-size: 28px; line-height: 1.2; }
h2 { margin: 48px 0 8px; font-size: 22px; }
h3 { margin: 0; font-size: 16px; }
h4 { margin: 16px 0 4px; font-size: 13px; color: var(--quiet); }
p { margin: 4px 0; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
code, pre { font: 14px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 8px 0; padding: 12px; background: var(--box); border-radius: 8px; white-space: pre-wrap; }
small, em { font-size: 14px; }
small { color: var(--quiet); }
em { font-style: normal; font-weight: 600; }
ul { margin: 4px 0; padding-inline-start: 20px; }
nav { margin: 24px 0 0; padding: 12px 16px; border: 1px solid var(--line); border-radius: 8px; }
nav > a { display: block; }
nav > a, summary { padding: 4px 0; cursor: pointer; }
nav ul { list-style: none; padding-inline-start: 12px; }
nav li { padding: 3px 0; }
nav a, h2 a, h3 a { color: inherit; text-decoration: none; }
nav a:hover, h2 a:hover, h3 a:hover { text-decoration: underline; }
article { padding: 20px 0; border-top: 1px solid var(--line); }
article:target { border-top: 3px solid var(--link); }
h3 b, nav b { font-size: 13px; color: #0b6b3a; }
b.post, b.patch { color: #9a4a00; }
@media (prefers-color-scheme: dark) { h3 b, nav b { color: #6ddb9c; } b.post, b.patch { color: #ffb066; } }
.key { padding: 1px 8px; border: 1px solid var(--line); border-radius: 999px; font-size: 13px; white-space: nowrap; }
.fields { list-style: none; padding: 0 0 0 12px; border-inline-start: 2px solid var(--line); }
.fields > li { padding: 4px 0; }
.fields p { font-size: 15px; }
`;
