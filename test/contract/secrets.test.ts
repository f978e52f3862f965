import { channel, tracingChannel } from 'node:diagnostics_channel'
import { inspect } from 'node:util'
import { startEmulator } from '@corbado-connect/emulator'
import { accessTokenSession, browserOrNative, cookieSession } from '@corbado-connect/fastify'
import t from 'tap'
import { ada } from '../support/people.js'
import {
  askForToken,
  browser,
  connectTokenPath,
  cookieHeader,
  logIn,
  member,
  send,
  verifyPath,
} from '../support/requests.js'
import type { Options } from '../support/servers.js'
import { clientFor, contract, optionsFor } from './contract.js'
import { answered } from './verify-outcomes.js'

const upstream = await startEmulator({ apiSecret: 'corbado1_canaryOfTheApiSecret' })
t.teardown(() => upstream.close())

const sessionSecret = 'canary of the session secret, long enough'
const upstreamText = 'canary-of-upstream'

/** Everything that this process writes to its two outputs while `run` is at work. */
async function written(run: () => Promise<void>): Promise<string> {
  const texts: string[] = []
  const streams = [process.stdout, process.stderr]
  const originals = streams.map((stream) => stream.write)
  for (const stream of streams) {
    // Held back from the runner too: what stands there is none of its protocol.
    stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      texts.push(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
      const done = rest.find((value) => typeof value === 'function')
      if (done !== undefined) done()
      return true
    }
  }
  try {
    await run()
  } finally {
    for (const [index, stream] of streams.entries()) {
      const original = originals[index]
      if (original !== undefined) stream.write = original
    }
  }
  return texts.join('')
}

/** A secret in the forms in which it could come out. */
function formsOf(secret: string): string[] {
  const parts = secret.split('.').filter((part) => part.length > 40)
  return [secret, ...parts.slice(1), Buffer.from(secret).toString('base64'), encodeURIComponent(secret)]
}

contract('no secret in anything that is written', async ({ t, framework, see }) => {
  const secrets: string[] = [upstream.apiSecret, sessionSecret, upstreamText]
  const shown: string[] = []
  const show = (...values: unknown[]) => {
    for (const value of values) shown.push(inspect(value, { depth: 8, showHidden: true }), json(value))
  }
  const published: string[] = []
  const onMessage = (message: unknown, name: string | symbol) => {
    published.push(String(name))
    show(message)
  }
  const calls = tracingChannel('corbado-connect:call')
  const channels = [
    channel('corbado-connect:event'),
    calls.start,
    calls.end,
    calls.asyncStart,
    calls.asyncEnd,
    calls.error,
  ]
  for (const one of channels) one.subscribe(onMessage)
  t.teardown(() => {
    for (const one of channels) one.unsubscribe(onMessage)
  })
  const signIn = async (overrides = {}) => {
    const token = await upstream.signIn(ada.identifier, overrides)
    secrets.push(token)
    return token
  }
  const session = browserOrNative({
    browser: cookieSession({ secret: sessionSecret }),
    native: accessTokenSession({ secret: sessionSecret }),
  })
  const leaky = (): Options['session'] => ({
    ...session,
    createSession() {
      const cause = Object.assign(new Error(`nested ${secrets.at(-1)}`), { token: secrets.at(-1) })
      throw new Error(`could not store ${secrets.at(-1)}`, { cause })
    },
  })
  const silent: Partial<Options> = { session }

  const output = await written(async () => {
    for (const overrides of [
      silent,
      { ...silent, session: leaky() },
      { session, findUser: () => Promise.reject(new Error(secrets.at(-1))) },
    ]) {
      const { onEvent: _, ...options } = optionsFor(upstream, overrides)
      const surroundings = { log: (line: string) => void shown.push(line) }
      const loud = await framework.start(options, surroundings)
      const audited = await framework.start({ ...options, onEvent: (event) => show(event) }, surroundings)
      for (const app of [loud, audited]) {
        await scene(app)
        show(app.members, app.members.client)
        const step = await signIn({ signedBy: 'stranger' })
        show(await app.members.verifyPasskey({ user: ada, signedPasskeyData: step }).catch((error: unknown) => error))
        show(
          await app.members
            .verifyPasskey({ user: ada, signedPasskeyData: `${step}x` })
            .catch((error: unknown) => error),
        )
        await app.close()
      }
    }
    const { apiSecret: _, ...client } = clientFor(upstream)
    show(
      await framework
        .start(optionsFor(upstream, { client: { ...client, apiKey: `${upstream.apiSecret} ` } }))
        .catch((error: unknown) => error),
    )
  })

  /** A bit of everything that can happen on the routes. */
  async function scene(app: { port: number }): Promise<void> {
    upstream.reset()
    const inBrowser = await logIn(app, await signIn())
    const inApp = await logIn(app, await signIn(), {})
    if (inBrowser.status === 200)
      secrets.push(cookieHeader(inBrowser).split('=')[1] ?? '', member(inApp, 'accessToken'))
    else show(inBrowser.text, inApp.text)
    const headers = { ...browser, cookie: cookieHeader(inBrowser) }
    const issued = await send(app, { path: connectTokenPath, headers, body: { type: 'passkey-append' } })
    if (issued.status === 200) secrets.push(member(issued, 'connectToken'))
    for (const fault of [
      answered(500, `<h1>${upstreamText}</h1>`),
      answered(400, { error: { type: 'validation_error', details: upstreamText }, message: upstreamText }),
      answered(200, { verificationResult: upstreamText, secret: upstreamText }),
      answered(401, upstreamText, { 'x-text': upstreamText }),
      answered(
        429,
        { error: { type: upstreamText }, requestData: { requestID: `${upstreamText}\n` } },
        { 'retry-after': '9' },
      ),
      { kind: 'reset' },
      { kind: 'garbage', bytes: `HTTP/1.1 200 ${upstreamText}\r\nx\r\n\r\n` },
    ] as const) {
      const placed = upstream.fault({ route: '*', ...fault })
      show((await logIn(app, await signIn())).text)
      show((await send(app, { path: connectTokenPath, headers, body: { type: 'passkey-list' } })).text)
      placed.remove()
    }
    const token = await signIn()
    for (const request of [
      { path: verifyPath, body: `{"signedPasskeyData":"${token}` },
      { path: verifyPath, body: `{"signedPasskeyData":"${token}"}${token}` },
      { path: verifyPath, body: token },
      { path: verifyPath, body: JSON.stringify(token) },
      { path: verifyPath, body: { signedPasskeyData: `${token}=` } },
      { path: verifyPath, body: { signedPasskeyData: { token } } },
      { path: verifyPath, body: `{"signedPasskeyData":"${token}"}`.padEnd(20_000, token) },
      { path: verifyPath, headers: { ...browser, 'content-type': 'text/plain' }, body: token },
      {
        path: verifyPath,
        headers: { ...browser, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        body: { signedPasskeyData: token },
      },
      { path: `${verifyPath}/`, body: { signedPasskeyData: token } },
      { path: '/me', method: 'GET', headers: { authorization: `Bearer ${token}` } },
    ]) {
      show((await send(app, request)).text)
    }
    await logIn(app, token)
    show((await logIn(app, token)).text, (await askForToken(app, null)).text)
  }

  const everything = [output, ...shown].join('\n')
  const found = secrets.filter((secret) => secret !== '' && formsOf(secret).some((form) => everything.includes(form)))
  t.strictSame(found, [], 'none of the secrets is found')
  t.ok(secrets.length > 60 && shown.length > 200, `${secrets.length} secrets, ${shown.length} texts were looked at`)
  t.match(everything, 'CORBADO_SESSION_FAILED', 'failures were told')
  t.equal(new Set(published).size, channels.length, 'every channel published something')
  // Fastify logs an error with its cause.
  if (framework.name === 'Fastify 5') t.match(everything, '[redacted]', 'with the token of the hook cut out')
  see('secrets', secrets.length)
})

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return ''
  }
}
