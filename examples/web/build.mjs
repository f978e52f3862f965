// Bundles the page for the browser into dist/page.
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

await build({
  entryPoints: ['main.ts', 'style.css', 'icon.svg'].map((name) => here(`src/page/${name}`)),
  outdir: here('dist/page'),
  bundle: true,
  format: 'esm',
  target: 'es2022',
  loader: { '.svg': 'copy' },
  minify: true,
  sourcemap: true,
  logLevel: 'warning',
})
