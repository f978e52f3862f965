// npm run bench: sets up what it needs, then measures. Options: see docs/performance.md.
import { buildPackages, install, run } from './workspace.mjs'

await install({ quiet: true })
await buildPackages({ quiet: true })
await run('node', ['bench/run.mjs', ...process.argv.slice(2)])
