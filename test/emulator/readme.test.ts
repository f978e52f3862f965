import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { transform } from 'esbuild'
import t from 'tap'
import { chromiumPath } from '../support/chromium.js'

const readmeUrl = new URL('../../../packages/emulator/README.md', import.meta.url)

// The documentation tests compile the examples; these are promised to work as well.
t.test('the examples of the README run', async (t) => {
  const page = readFileSync(readmeUrl, 'utf8')
  const blocks = [...page.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)
  t.equal(blocks.length, 7)
  for (const [index, block] of blocks.entries()) {
    if (block.includes('playwright-core') && chromiumPath() === undefined) {
      t.pass('skipped: no Chromium found')
      continue
    }
    // Below the repository's root, where the packages are found.
    const file = new URL(`readme-${index}.mjs`, import.meta.url)
    writeFileSync(file, (await transform(block, { loader: 'ts' })).code)
    const child = spawn(process.execPath, [fileURLToPath(file)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Without tap's preload: an example runs as a reader would run it.
      env: { PATH: process.env.PATH, CHROMIUM: chromiumPath() },
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk
      })
    }
    const [status] = await once(child, 'close')
    t.equal(status, 0, `${block.split('\n')[0]} …\n${status === 0 ? '' : output}`)
  }
})
