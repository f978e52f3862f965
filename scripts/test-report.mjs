// A short report of a test run: one line per file, every failure in full, and the count. Its input is TAP.
import { Parser } from 'tap-parser'

const resultOfFile = /^(not ok|ok) \d+ - (\S+)(?: # (.*))?$/

export class TestReport {
  #write
  /** The lines of the file that is running. */
  #lines = []
  #awaitsDiagnostics = false
  #counts

  /** @param write called with each line of the report */
  constructor(write) {
    this.#write = write
  }

  /** Takes one line of TAP. */
  add(line) {
    this.#lines.push(line)
    if (this.#awaitsDiagnostics) {
      if (line === '  ...') this.#finishFile()
    } else if (resultOfFile.test(line)) {
      // The diagnostics of a failed file follow its result.
      if (line.startsWith('not ok')) this.#awaitsDiagnostics = true
      else this.#finishFile()
    } else if (line.startsWith('# {')) {
      this.#counts = line
    } else if (line.startsWith('# ') && !/^# (Subtest|time)/.test(line)) {
      // What tap itself has to say, for example about coverage.
      this.#write(line.slice(2))
    }
  }

  /**
   * Ends the report.
   *
   * @param exitCode of tap
   * @returns the last line, and whether the run has failed
   */
  end(exitCode) {
    const count = (name) => Number(new RegExp(`${name}: (\\d+)`).exec(this.#counts ?? '')?.[1] ?? 0)
    const passed = count('pass')
    // A crash or too little coverage fails a run without a failed assertion.
    const failed = Math.max(count('fail'), exitCode === 0 && passed > 0 ? 0 : 1)
    const skipped = count('skip') + count('todo')
    const summary = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
    return { summary, failed: failed > 0 }
  }

  #finishFile() {
    const lines = this.#lines
    this.#lines = []
    this.#awaitsDiagnostics = false
    const [, result, file, directive = ''] = lines.map((line) => resultOfFile.exec(line)).find(Boolean)
    const source = file.replace('test/build/', 'test/').replace(/\.js$/, '.ts')
    const seconds = /time=([\d.]+)ms/.exec(directive)?.[1]
    const time = seconds === undefined ? '' : `  ${(seconds / 1000).toFixed(1)} s`
    this.#write(`${result === 'ok' ? '✓' : '✗'} ${source}${time}`)
    const points = Parser.parse(`${lines.join('\n')}\n`)
    for (const line of skipsIn(points)) this.#write(`  – ${line}`)
    if (result === 'not ok') for (const line of failuresIn(points)) this.#write(`  ${line}`)
  }
}

/** The skipped tests of a file, with the reason. */
function skipsIn(points) {
  const skips = Parser.stringify(points, { flat: true }).matchAll(/^ok \d+ - (.*) # SKIP(.*)$/gm)
  return [...skips].map(([, name, reason]) => `skipped: ${name}:${reason}`)
}

/** The lines of TAP that say what failed, without those that only repeat that something inside them failed. */
function failuresIn(points) {
  const failed = []
  let name
  const kept = []
  for (const line of Parser.stringify(points, { flat: true }).split('\n')) {
    const found = /^(not )?ok \d+ - (.*?)(?: # time=\S+)?$/.exec(line)
    if (found) {
      const [, not, fullName] = found
      const todo = / # TODO/.test(line)
      const repeats = failed.some((other) => other.startsWith(`${fullName} > `))
      name = not && !todo && !repeats ? fullName : undefined
      if (name !== undefined) failed.push(name)
    }
    if (name !== undefined && !line.startsWith('#')) kept.push(line)
  }
  return kept
}
