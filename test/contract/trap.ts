import { createServer } from 'node:http'

/** A server that nobody must ever visit. */
export interface Trap {
  readonly url: string
  readonly hits: number
  close(): void
}

/** Starts a trap on a free port of 127.0.0.1. */
export async function startTrap(): Promise<Trap> {
  let hits = 0
  const server = createServer((_request, response) => {
    hits += 1
    response.end('{"verificationResult":"success"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The trap does not listen')
  return {
    url: `http://127.0.0.1:${address.port}`,
    get hits() {
      return hits
    },
    close: () => void server.close(),
  }
}
