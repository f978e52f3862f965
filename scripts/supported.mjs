// Writes packages/emulator/SUPPORTED.md from the emulator's table of operations. `--print` prints it instead.
import { writeFileSync } from 'node:fs'
import { notImplemented, routes } from '../packages/emulator/dist/wire/operations.js'

const page = `# Supported operations

Which operations of Corbado's APIs the emulator answers. The name in the second column is the one that \`fault({ route })\` and
\`requests({ route })\` take. Every other path answers 501 with \`error.type\` \`emulator_not_implemented\`.

This page is generated: change \`src/wire/operations.ts\` and run \`node scripts/supported.mjs\`.

## Backend API

${table([...implemented((path) => !path.startsWith('/v2/connect/')), ...notImplemented.map(missing)])}

## Frontend API

${table(implemented((path) => path.startsWith('/v2/connect/')))}

The operations of Corbado Complete (\`/v2/auth/…\`, \`/v2/me…\`) are not supported.
`

if (process.argv.includes('--print')) process.stdout.write(page)
else writeFileSync(new URL('../packages/emulator/SUPPORTED.md', import.meta.url), page)

function implemented(isWanted) {
  return Object.entries(routes)
    .filter(([, { paths }]) => paths.some(isWanted))
    .map(([name, { method, paths, partly }]) => [
      paths.map((path) => shown(method, path)).join(', '),
      `\`${name}\``,
      partly === undefined ? 'yes' : `partly: ${partly}`,
    ])
}

function missing({ method, path }) {
  return [shown(method, path), '–', 'no']
}

function shown(method, path) {
  return `\`${method} ${path.replaceAll(/:([A-Za-z]+)/g, '{$1}')}\``
}

function table(rows) {
  return [['operation', 'name', 'supported'], ['---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}
