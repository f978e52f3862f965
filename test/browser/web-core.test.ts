import { once } from 'node:events'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { ConnectService, PasskeyLoginSource } from '@corbado/web-core'
import { startEmulator } from '@corbado-connect/emulator'
import { build } from 'esbuild'
import t, { type Test } from 'tap'
import { launchChromium, noChromium, openPasskeyPage } from '../support/chromium.js'

declare global {
  interface Window {
    createConnect(projectId: string, frontendApiUrl: string): ConnectService
    connect: ConnectService
    typed: PasskeyLoginSource
  }
}

/** Corbado's browser client as it is published, and nothing else. */
const pageScript = `
  import { ConnectService, PasskeyLoginSource } from '@corbado/web-core'
  window.typed = PasskeyLoginSource.TextField
  window.createConnect = (projectId, url) => new ConnectService(projectId, 'unused', false, url)
`

/** One load in a thousand would send a beacon to its maker: this is its own switch against it. */
const pageHtml = `<!doctype html><html lang="en"><title>Passkeys</title><link rel="icon" href="data:,">
<script>window.__fpjs_d_m = true</script><script src="/script.js"></script>`

async function servePage(t: Test): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: pageScript, resolveDir: dirname(createRequire(import.meta.url).resolve('@corbado/web-core')) },
    bundle: true,
    write: false,
    logLevel: 'error',
  })
  const script = outputFiles[0]?.text ?? ''
  const server = createServer((request, response) => {
    const isScript = request.url === '/script.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html').end(isScript ? script : pageHtml)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  // A passkey's relying party is a name: 127.0.0.1 cannot be one.
  return `http://localhost:${typeof address === 'object' ? address?.port : ''}`
}

t.test('@corbado/web-core, unmodified, against the emulator', { skip: noChromium }, async (t) => {
  const emulator = await startEmulator()
  t.teardown(() => emulator.close())
  const origin = await servePage(t)
  emulator.setAllowedOrigins([origin])
  const browser = await launchChromium()
  t.teardown(() => browser.close())
  const { page, credentialIds, setUserVerified } = await openPasskeyPage(browser)
  const contacted = new Set<string>()
  page.on('request', (request) => contacted.add(new URL(request.url()).origin))

  /** The application's backend, by hand. */
  async function backendApi(path: string, body: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${emulator.url}/v2/${path}`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${btoa(`${emulator.projectId}:${emulator.apiSecret}`)}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    })
    return response.json()
  }
  const verify = async (signedPasskeyData: string, username: string): Promise<unknown> =>
    (await backendApi('passkey/verifySignedData', { signedPasskeyData, username })).verificationResult
  const token = async (type: string, identifier: string): Promise<string> => {
    const data = type === 'passkey-append' ? { identifier, displayName: 'Jane Doe' } : { identifier }
    return String((await backendApi('connectTokens', { type, data })).secret)
  }

  /** What every page of an application does first. */
  async function open(): Promise<void> {
    await page.goto(origin)
    await page.evaluate(
      ([projectId, url]) => {
        window.connect = window.createConnect(projectId, url)
      },
      [emulator.projectId, emulator.browserUrl] as const,
    )
  }
  const append = async (identifier: string) =>
    page.evaluate(
      async (secret) => {
        await window.connect.appendInit(new AbortController())
        const started = await window.connect.startAppend(secret, 0)
        if (started.err) return { ok: false, error: started.val.type, operation: undefined }
        const done = await window.connect.completeAppend(started.val.attestationOptions, 'manual')
        if (done.err) return { ok: false, error: done.val.type, operation: undefined }
        return { ok: true, error: undefined, operation: done.val.passkeyOperation }
      },
      await token('passkey-append', identifier),
    )
  const list = async (identifier: string) =>
    page.evaluate(
      async (secret) => (await window.connect.manageList(secret, true)).unwrap().passkeys,
      await token('passkey-list', identifier),
    )
  const remove = async (identifier: string, id: string) =>
    page.evaluate(async ([secret, credentialID]) => (await window.connect.manageDelete(secret, credentialID)).ok, [
      await token('passkey-delete', identifier),
      id,
    ] as const)
  const login = (identifier: string) =>
    page.evaluate(async (identifier) => {
      const started = await window.connect.loginStart(identifier, window.typed, 0)
      if (started.err) return { error: started.val.type, signedPasskeyData: '' }
      if (started.val.assertionOptions === '')
        return { fallback: started.val.fallbackOperationError, signedPasskeyData: '' }
      const done = await window.connect.loginContinue(started.val)
      if (done.err) return { error: done.val.type, signedPasskeyData: '' }
      return { signedPasskeyData: done.val.signedPasskeyData, clientState: window.connect.encodeClientState() }
    }, identifier)
  const conditionalLogin = () =>
    page.evaluate(async () => {
      const nothing = (): void => {}
      const done = await window.connect.conditionalUILogin(nothing, nothing, nothing, 0)
      return done.err ? { error: done.val.type, signedPasskeyData: '' } : done.val
    })
  const claimsOf = (jwt: string): unknown => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())

  await open()
  t.match(await append('jane@doe.com'), {
    ok: true,
    operation: { operationType: 'append', identifierValue: 'jane@doe.com', ceremonyType: 'local' },
  })
  t.match(await append('jane@doe.com'), { ok: false, error: 5 }, 'a second one on the same device is excluded')
  const passkeys = await list('jane@doe.com')
  t.match(passkeys, [{ id: /^cre-/, transport: ['internal'], status: 'active', sourceBrowser: 'Chrome' }])
  t.equal((await credentialIds()).length, 1, 'signalAllAccepted keeps what the list names')

  const typed = await login('jane@doe.com')
  t.match(claimsOf(typed.signedPasskeyData), { webauthnId: 'jane@doe.com', isCUI: false, credential: passkeys[0]?.id })
  t.equal(await verify(typed.signedPasskeyData, 'john'), 'user_mismatch')
  t.equal(await verify(typed.signedPasskeyData, 'jane@doe.com'), 'success')
  t.equal(await verify(typed.signedPasskeyData, 'jane@doe.com'), 'invalid_challenge')
  t.match(JSON.parse(atob(typed.clientState ?? '')), {
    lastLogin: { data: { identifierValue: 'jane@doe.com', operationType: 'verify' } },
    clientEnvHandle: { data: /^ceh-/ },
  })
  t.match(await login('nobody'), { fallback: { initFallback: true, error: { code: 'no_cbo_user' } } })

  await open()
  const conditional = await conditionalLogin()
  t.match(claimsOf(conditional.signedPasskeyData), { webauthnId: 'jane@doe.com', isCUI: true })
  t.equal(await verify(conditional.signedPasskeyData, 'jane@doe.com'), 'success')

  await setUserVerified(false)
  t.match(await login('jane@doe.com'), { error: 2 }, 'the user cancels')
  await setUserVerified(true)

  t.equal(await remove('john', passkeys[0]?.id ?? ''), false, 'John may not delete Jane’s')
  t.equal(await remove('jane@doe.com', passkeys[0]?.id ?? ''), true)
  t.match(await login('jane@doe.com'), { fallback: { initFallback: true } }, 'nothing to log in with')
  t.match(
    await conditionalLogin(),
    { signedPasskeyData: '', fallbackOperationError: { error: { code: 'cui_credential_deleted' } } },
    'the device still has it, Corbado does not',
  )
  t.same(await list('jane@doe.com'), [])
  t.same(await credentialIds(), [], 'signalAllAccepted has removed it from the device')

  emulator.setAllowedOrigins([])
  t.match(await append('jane@doe.com'), { ok: false, error: 1 }, 'a page that is not allowed')
  t.strictSame([...contacted].sort(), [emulator.browserUrl, origin].sort(), 'nothing else was contacted')
})
