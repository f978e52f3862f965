import { STATUS_CODES } from 'node:http'
import type { Emulator } from '@corbado-connect/emulator'
import t, { type Test } from 'tap'
import { ada, bob, HeaderSession, People } from '../support/people.js'
import type { Answer } from '../support/requests.js'
import { type App, type Framework, frameworks, type Options, type Surroundings } from '../support/servers.js'

/** One run of a part of the contract on one framework. */
export interface Scene {
  readonly t: Test
  readonly framework: Framework
  /** Starts an application that ends with the test. */
  start(options: Options, surroundings?: Surroundings): Promise<App>
  /** Whatever is seen under one name has to be the same on every framework. */
  see(name: string, value: unknown): void
  /** The answer is this error of ours, and the same on every framework. */
  refused(name: string, answer: Answer, code: keyof typeof messages, statusCode?: number): void
}

/** A part of the contract: it runs on every framework, and what was seen must not differ between them. */
export function contract(
  name: string,
  run: (scene: Scene) => Promise<void>,
  on: readonly Framework[] = frameworks,
): void {
  const seen = new Map<string, { by: string; value: unknown; times: number }>()
  t.test(name, async (t) => {
    for (const framework of on) {
      await t.test(framework.name, (t) => run(sceneOn(t, framework, seen)))
    }
    const missing = [...seen].filter(([, { times }]) => times !== on.length).map(([name]) => name)
    t.strictSame(missing, [], 'everything was seen once on every framework')
  })
}

function sceneOn(
  t: Test,
  framework: Framework,
  seen: Map<string, { by: string; value: unknown; times: number }>,
): Scene {
  const see: Scene['see'] = (name, value) => {
    const before = seen.get(name)
    if (before === undefined) {
      seen.set(name, { by: framework.name, value, times: 1 })
      return
    }
    before.times += 1
    t.strictSame(value, before.value, `${name}: the same as ${before.by}`)
  }
  return {
    t,
    framework,
    see,
    async start(options, surroundings) {
      const app = await framework.start(options, surroundings)
      t.teardown(() => app.close())
      return app
    },
    refused(name, answer, code, statusCode = messages[code][0]) {
      const { status, json, headers } = answer
      const body = {
        statusCode,
        code: `CORBADO_${code}`,
        error: STATUS_CODES[statusCode],
        message: messages[code][1],
      }
      t.strictSame({ status, json }, { status: statusCode, json: body }, name)
      t.equal(headers['cache-control'], 'no-store', `${name}: not stored`)
      t.equal(headers['content-type'], 'application/json; charset=utf-8', `${name}: JSON`)
      t.equal(headers['set-cookie'], undefined, `${name}: no cookie`)
      see(name, comparable(answer))
    },
  }
}

/** Headers of the connection and of the framework itself, and the length, which follows the body. */
const ignoredHeaders = ['date', 'connection', 'keep-alive', 'x-powered-by', 'content-length', 'transfer-encoding']

/** An answer without what is new in every answer: tokens, secrets and times. */
export function comparable({ status, headers, text }: Answer): unknown {
  const kept = Object.entries(headers).filter(([name]) => !ignoredHeaders.includes(name))
  const shown = JSON.stringify([status, Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1))), text])
  return JSON.parse(
    shown
      .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '<token>')
      .replaceAll(/ctk1_\w+/g, '<connect token>')
      .replaceAll(/(expiresAt\\":)\d+/g, '$1<time>'),
  )
}

/** Options that all tests share: no limits, no log, and a session that needs no cryptography. */
export function optionsFor(upstream: Emulator, overrides: Partial<Options> = {}): Options {
  return {
    client: clientFor(upstream),
    session: new HeaderSession(),
    findUser: new People(ada, bob).find,
    rateLimit: false,
    onEvent: () => {},
    ...overrides,
  }
}

/** How to reach the emulator. */
export function clientFor({ projectId, apiSecret, url }: Emulator): {
  projectId: string
  apiSecret: string
  backendApi: string
} {
  return { projectId, apiSecret, backendApi: url }
}

/** How many verifications have reached upstream. */
export const verifications = (upstream: Emulator): number => upstream.count({ route: 'passkeys.verifySignedData' })

/** How many creations of connect tokens have reached upstream. */
export const creations = (upstream: Emulator): number => upstream.count({ route: 'connectTokens.create' })

/** Status and message of every code, written down a second time: a change of one is a change of the contract. */
export const messages = {
  INVALID_REQUEST: [400, 'The request is not well-formed.'],
  NOT_AUTHENTICATED: [401, 'Sign in first.'],
  PASSKEY_REJECTED: [401, 'The passkey login was not accepted.'],
  ORIGIN_NOT_ALLOWED: [403, 'Requests from this origin are not allowed.'],
  TYPE_NOT_ALLOWED: [403, 'This type of connect token is not allowed.'],
  NOT_AUTHORIZED: [403, 'This operation is not allowed now.'],
  FRESH_LOGIN_REQUIRED: [403, 'Sign in again to do this.'],
  TOKEN_ALREADY_USED: [409, 'This passkey login is in use or was used before. Start the login again.'],
  PAYLOAD_TOO_LARGE: [413, 'The request body is too large.'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'Send application/json in UTF-8, without a content encoding.'],
  RATE_LIMITED: [429, 'Too many requests. Try again later.'],
  HOOK_FAILED: [500, 'The application could not answer this request.'],
  SESSION_FAILED: [500, 'The session could not be created. Start the login again.'],
  UPSTREAM_REJECTED: [502, 'The passkey service refused the request.'],
  UPSTREAM_INVALID_RESPONSE: [502, 'The passkey service gave an invalid answer.'],
  OUTCOME_UNKNOWN: [502, 'The outcome of the passkey login is unknown. Start the login again.'],
  UPSTREAM_UNAVAILABLE: [503, 'The passkey service is not available.'],
  UPSTREAM_BUSY: [503, 'The passkey service is busy. Try again later.'],
  STORE_UNAVAILABLE: [503, 'A store that this request needs is not available. Try again later.'],
  OVERLOADED: [503, 'Too many requests are under way. Try again later.'],
  SHUTTING_DOWN: [503, 'The server is shutting down. Try again.'],
  UPSTREAM_TIMEOUT: [504, 'The passkey service did not answer in time.'],
} as const satisfies Record<string, readonly [number, string]>
