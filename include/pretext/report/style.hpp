// SPDX-License-Identifier: MIT
#pragma once

namespace pretext::report {

/// The style of every page: one column, light and dark, from a phone to paper. Each series has a colour that
/// people of any colour vision tell apart from the others, and from the third on a pattern of dashes.
inline constexpr const char* style = R"css(
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --sheet: #fff; --ink: #1d232a; --soft: #59636e; --rule: #dfdcd5; --faint: #ebe8e2;
  --right: #007a5c; --wrong: #c03c00; --glow: #e4f3ee; --link: #0a5f9e;
  --s0: #0b55c0; --s1: #c24a08; --s2: #148056; --s3: #a01a70; --s4: #20262c; --s5: #8f74d8;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #14181d; --sheet: #1b2026; --ink: #e9e7e2; --soft: #a3adb7; --rule: #343b43; --faint: #272d34;
    --right: #4fd1a5; --wrong: #ff9466; --glow: #1c3a33; --link: #7cc0f5;
    --s0: #74b8fb; --s1: #f48350; --s2: #3fe0a0; --s3: #cb86a8; --s4: #e8e6e0; --s5: #a17cff;
  }
}

* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere;
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif;
}
header, main, footer { max-width: 55rem; margin: 0 auto; padding: 0 1.25rem; box-sizing: content-box; }
header { padding-top: 3.5rem; }
h1 {
  font-size: clamp(1.75rem, 1.2rem + 2.4vw, 2.6rem); line-height: 1.15; letter-spacing: -0.02em;
  margin: 0 0 1rem; text-wrap: balance;
}
h2 { font-size: 1.45rem; line-height: 1.25; letter-spacing: -0.01em; margin: 0 0 0.75rem; }
p { margin: 0 0 1rem; max-width: 44rem; }
.lead { font-size: 1.2rem; line-height: 1.55; margin-bottom: 1.5rem; }
a { color: var(--link); text-underline-offset: 0.2em; text-decoration-thickness: 1px; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0; padding: 0; }
nav { font-size: 0.95rem; }
section { padding: 2.25rem 0 0; margin-top: 2rem; border-top: 1px solid var(--rule); }
footer { margin-top: 3rem; padding-bottom: 3rem; color: var(--soft); font-size: 0.85rem; }
footer::before { content: ""; display: block; border-top: 1px solid var(--rule); margin-bottom: 1.25rem; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; }

.tiles, .facts { margin: 0 0 1.5rem; font-variant-numeric: tabular-nums; }
.tiles { display: grid; gap: 0.75rem; }
.tiles { grid-template-columns: repeat(auto-fit, minmax(min(100%, 9.5rem), 1fr)); }
.tiles div, pre { background: var(--sheet); border: 1px solid var(--rule); border-radius: 10px; }
.tiles div { padding: 0.9rem 1rem; display: flex; flex-direction: column; }
.tiles dt { order: 2; font-weight: 600; font-size: 0.95rem; line-height: 1.4; }
.tiles dd {
  order: 1; margin: 0; font-size: clamp(1.375rem, 1rem + 1.6vw, 1.75rem); line-height: 1.3; font-weight: 650;
  letter-spacing: -0.02em;
}
.tiles .aside {
  order: 3; font-size: 0.875rem; font-weight: 400; letter-spacing: 0; line-height: 1.45; color: var(--soft);
}
.facts { font-size: 0.95rem; }
.facts div {
  display: grid; grid-template-columns: minmax(7rem, 12rem) 1fr; gap: 0 1.5rem; padding: 0.45rem 0;
  border-bottom: 1px solid var(--faint);
}
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
pre {
  margin: 0 0 1.5rem; padding: 0.9rem 1.1rem; white-space: pre-wrap;
  font: 0.875rem/1.55 ui-monospace, "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
code { font: inherit; }

figure { margin: 0 0 2rem; min-width: 0; }
figcaption { margin-bottom: 0.75rem; max-width: 44rem; }
figcaption b { display: block; font-weight: 600; }
figcaption span { display: block; color: var(--soft); font-size: 0.925rem; line-height: 1.5; }
figure img { max-width: 100%; height: auto; border-radius: 6px; }
.scroll { overflow-x: auto; }
.pair { display: grid; gap: 0 2.5rem; }
.pair { grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.narrow, .pair .wide { display: none; }
.pair .narrow { display: block; }
@media (max-width: 44rem) { .wide { display: none; } .narrow { display: block; } }

table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: 0.95rem; }
th, td {
  padding: 0.5rem 0.75rem; text-align: left; vertical-align: baseline; border-bottom: 1px solid var(--faint);
  overflow-wrap: normal;
}
th:first-child { padding-left: 0; position: sticky; left: 0; background: var(--paper); }
thead th {
  color: var(--soft); font-weight: 600; font-size: 0.85rem; vertical-align: bottom;
  border-bottom: 1px solid var(--rule);
}
tbody th { font-weight: 600; min-width: 5.5rem; max-width: 16rem; overflow-wrap: anywhere; }
.number { text-align: right; white-space: nowrap; }
.best { background: var(--glow); }
.best strong { color: var(--right); }
.spread { color: var(--soft); font-size: 0.85em; }
@media (max-width: 44rem) { table { font-size: 0.875rem; } th, td { padding: 0.45rem 0.5rem; } }

.legend {
  display: flex; flex-wrap: wrap; gap: 0.15rem 1.25rem; list-style: none; margin: 0 0 0.6rem; padding: 0;
  font-size: 0.875rem;
}
.legend li { display: flex; align-items: center; gap: 0.45rem; }
.key { width: 24px; height: 12px; flex: none; }
.plot {
  display: block; width: 100%; height: auto; overflow: visible; font-size: 13px;
  font-variant-numeric: tabular-nums;
}
.plot text { fill: var(--ink); }
.plot .tick, .plot .label, .plot .note { fill: var(--soft); }
.plot .name, .plot .group, .plot .value { font-weight: 600; }
.plot .name { fill: var(--c); fill: color-mix(in srgb, var(--c) 80%, var(--ink)); }
.grid { stroke: var(--faint); }
.axis { stroke: var(--soft); }
.reference { stroke: var(--soft); stroke-width: 1.25; stroke-dasharray: 5 4; }
.line {
  fill: none; stroke: var(--c); stroke-width: 2.25; stroke-linejoin: round; stroke-linecap: round;
  stroke-dasharray: var(--d);
}
.band { fill: var(--c); fill-opacity: 0.16; }
.dot { fill: var(--c); stroke: var(--paper); stroke-width: 1.25; }
.bar { fill: var(--c); }
.above { fill: var(--s0); }
.below { fill: var(--s1); }
.whisker { fill: none; stroke: var(--ink); stroke-width: 1.25; }
.s0 { --c: var(--s0); --d: none; }
.s1 { --c: var(--s1); --d: none; }
.s2 { --c: var(--s2); --d: 7 5; }
.s3 { --c: var(--s3); --d: 2 5; }
.s4 { --c: var(--s4); --d: 10 5 2 5; }
.s5 { --c: var(--s5); --d: 4 4; }

.gallery, .neighbours {
  list-style: none; margin: 0 0 1.5rem; padding: 0; display: grid; gap: 0.85rem 0.75rem;
  font-size: 0.8125rem; line-height: 1.35;
}
.gallery { grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--size)), 1fr)); }
.gallery { gap: calc(var(--size) * 0.14) calc(var(--size) * 0.12); }
.fours { grid-template-columns: repeat(8, minmax(0, 1fr)); }
@media (max-width: 44rem) { .fours { grid-template-columns: repeat(4, minmax(0, 1fr)); } }
.neighbours { grid-auto-flow: column; grid-template-columns: minmax(5.5rem, 7rem); }
.neighbours { grid-auto-columns: minmax(4.75rem, 1fr); }
.neighbours .card:first-child { padding-right: 0.75rem; border-right: 1px solid var(--rule); }
.card { display: flex; flex-direction: column; min-width: 0; }
.card img {
  width: 100%; height: auto; aspect-ratio: 1; object-fit: contain; border-radius: 6px; margin-bottom: 0.35rem;
}
.card img:last-child { margin-bottom: 0; }
.pixels { image-rendering: pixelated; }
.right img, .wrong img { padding: 3px; border: 2px solid var(--right); border-radius: 8px; }
.wrong img { border: 2px dashed var(--wrong); }
.answer { color: var(--soft); }
.sign { font-weight: 700; color: var(--right); margin-right: 0.3em; }
.wrong .sign { color: var(--wrong); }

@media print {
  :root { --paper: #fff; }
  body { font-size: 10.5pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  header { padding-top: 0; }
  nav { display: none; }
  .scroll { overflow: visible; }
  .neighbours { grid-template-columns: minmax(0, 1.2fr); grid-auto-columns: minmax(0, 1fr); }
  h2 { break-after: avoid; }
  figure, tr, .card, .neighbours, .tiles div { break-inside: avoid; }
}
)css";

}  // namespace pretext::report
