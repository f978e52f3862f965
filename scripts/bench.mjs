// npm run bench: sets up what it needs, then measures.
import { buildExamples, install, run } from './workspace.mjs'

await install({ quiet: true })
await buildExamples({ quiet: true })
await run('node', ['test/bench/run.mjs'])
