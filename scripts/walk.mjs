// The journey of a user against the running app, over real HTTP. Any surprise throws.
import assert from 'node:assert/strict'

/** The sample token of Corbado's documentation: real, signed, and expired since July 2025. */
const expiredSample =
  'eyJhbGciOiJSUzI1NiIsImtpZCI6InBraS01MTc3MzQ2NzY5MTkxNjgyNTg5IiwidHlwIjoiSldUIn0.eyJpc3MiOiJwcm8tNzgxNTI5NjI5Mzk0MDg4MTYyMCIsInN1YiI6InVzci02NzYxMzgwNzg3MzIzNDUzMTciLCJleHAiOjE3NTMyMDkwNzMsIm5iZiI6MTc1MzIwODc2MywiaWF0IjoxNzUzMjA4NzczLCJqdGkiOiJiTWpveWJnRENCQVhvbEh0bWlvTnN5dHlWQ2FSS24iLCJwcm9jZXNzSWQiOiJKY1ptbWFTUlFJMVZQRFRaTW1WMSIsInVzZXJuYW1lIjoiIiwiY3JlZGVudGlhbCI6ImNyZS0xMzU2NjYzMDA1MjA0MDQ2MDc3NCIsImNoYWxsZW5nZUlkIjoid2FzLTU0MzYzNzg4NTAxNzYzNzYyMTgiLCJ3ZWJhdXRobklkIjoiYzM2NGE4NTItMDA3MS03MGE0LTBmZTgtZWQ1NzI4YWE5NTIyIiwiaXNDVUkiOmZhbHNlfQ.dFvzxf7t0rdFueaLXLRD0K4hNIXhpm-vMWOaq_PRM_S3J4EO8TYg5fglAPHtdaMhvKPsKxxXtiOVt2DR5t7-AZSmlxdqyRJavV-ffRflJ5ZihfAqGrSMvD8-eN6xv81Nv46SSTKvWvDvImeCwxIvLxzuz4uOPGOVbqRqFYBgXJ4OMkXEN9SiS2ygA-KSvkJ7W1mdgumI4nWjHxNXn_BbtKZihQur6rf4WuZq1heo_SACvAZ8JJPSlUOMRESrjn1RhbBnhAL3v-0ppaMnHlLiLB5tLcvmdohJ6Ws9kcebVJE9d53Hfrzm2thyyg3MgFj0gZdjBzF-0ugqhsjXKIzLrQ'

const credentials = { email: 'jane@example.com', password: 'correct horse battery staple' }
const connectTokenTypes = ['passkey-append', 'passkey-list', 'passkey-delete']

/** @param bearer whether the client is a mobile app with an access token, not a browser with a cookie */
export async function walk({ appUrl, corbado, bearer }) {
  const client = newClient(appUrl, corbado, bearer)
  console.log(
    `\nThe journey of ${bearer ? 'a mobile app (access token)' : 'a browser (cookie)'} at ${appUrl}, with an offline Corbado at ${corbado.url}`,
  )

  client.step('A connect token without a session is refused')
  await client.post('/auth/createConnectToken', { type: 'passkey-append' }, 401, 'CORBADO_NOT_AUTHENTICATED')

  client.step('Sign in with a password')
  client.keepSession(await client.post('/login', credentials, 200))

  client.step('Who am I')
  const { body: me } = await client.get('/me', 200)
  assert.equal(me.email, credentials.email)

  for (const type of connectTokenTypes) {
    client.step(`A connect token of type ${type}`)
    const { body } = await client.post('/auth/createConnectToken', { type }, 200, undefined, 1)
    assert.match(body.connectToken, /^ctk1_[A-Za-z0-9]{30}$/)
    assert.ok(body.expiresAt > Date.now() / 1000)
  }

  client.step('Sign out')
  await client.post('/logout', {}, 200)
  client.forgetSession()
  await client.get('/me', 401)

  client.step('Sign in with a passkey: the signedPasskeyData that Corbado gave to the frontend is verified')
  const signedPasskeyData = await corbado.signIn(me.identifier)
  client.keepSession(await client.post('/auth/verifySignedPasskeyData', { signedPasskeyData }, 200, undefined, 1))

  client.step('A route that needs the session')
  const { body: again } = await client.get('/me', 200)
  assert.deepEqual(again, me)

  client.step('The same signedPasskeyData again is refused, without a call to Corbado')
  await client.post('/auth/verifySignedPasskeyData', { signedPasskeyData }, 409, 'CORBADO_TOKEN_ALREADY_USED')

  client.step('A tampered one is refused: Corbado finds the signature wrong')
  const tampered = tamper(await corbado.signIn(me.identifier))
  await client.post(
    '/auth/verifySignedPasskeyData',
    { signedPasskeyData: tampered },
    401,
    'CORBADO_PASSKEY_REJECTED',
    1,
  )

  client.step("The expired sample of Corbado's documentation is refused, without a call to Corbado")
  await client.post(
    '/auth/verifySignedPasskeyData',
    { signedPasskeyData: expiredSample },
    401,
    'CORBADO_PASSKEY_REJECTED',
  )

  client.step('Sign out')
  await client.post('/logout', {}, 200)
  client.forgetSession()
  await client.get('/me', 401)
  console.log('\nThe journey is complete: every answer was the expected one.')
}

/** Changes one claim and leaves the signature as it was. */
function tamper(jwt) {
  const [header, payload, signature] = jwt.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url'))
  claims.isCUI = !claims.isCUI
  return [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
}

/** A browser or a mobile app, as far as HTTP can tell, that counts what reached Corbado. */
function newClient(appUrl, corbado, bearer) {
  let session = {}
  let steps = 0

  async function send(method, path, body, expectedStatus, expectedCode, expectedCalls = 0) {
    const calls = corbado.requests().length
    const headers = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      // What sets a browser apart from an app.
      ...(bearer ? {} : { 'sec-fetch-site': 'same-origin' }),
      ...session,
    }
    console.log(
      `   → ${method} ${path}${body === undefined ? '' : ` ${shorten(JSON.stringify(body))}`}${describe(session)}`,
    )
    const response = await fetch(appUrl + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const answer = text === '' ? undefined : JSON.parse(text)
    const cookies = response.headers.getSetCookie()
    console.log(
      `   ← ${response.status} ${shorten(text)}${cookies.map((cookie) => `\n     Set-Cookie: ${shorten(cookie)}`).join('')}`,
    )
    for (const request of corbado.requests().slice(calls))
      console.log(`     meanwhile, app → Corbado: ${request.method} ${request.path} ← ${request.status}`)
    assert.equal(
      response.status,
      expectedStatus,
      `${method} ${path} answered ${response.status}, not ${expectedStatus}`,
    )
    if (expectedCode !== undefined) assert.equal(answer.code, expectedCode)
    assert.equal(corbado.requests().length - calls, expectedCalls, `calls to Corbado for ${path}`)
    return { body: answer, cookies }
  }

  return {
    step(title) {
      steps += 1
      console.log(`\n${String(steps).padStart(2)} ${title}`)
    },
    get: (path, status) => send('GET', path, undefined, status),
    post: (path, body, status, code, calls) => send('POST', path, body, status, code, calls),
    keepSession({ body, cookies }) {
      if (bearer) {
        assert.deepEqual([body.success, body.tokenType, cookies.length], [true, 'Bearer', 0])
        session = { authorization: `Bearer ${body.accessToken}` }
        return
      }
      assert.equal(body.success, true)
      assert.match(cookies[0] ?? '', /^__Host-[^;]+; .*HttpOnly; Secure; SameSite=Lax$/)
      session = { cookie: cookies[0].split(';')[0] }
    },
    forgetSession() {
      session = {}
    },
  }
}

function describe(session) {
  const [header] = Object.entries(session)
  return header === undefined ? '' : `\n     ${header[0]}: ${shorten(header[1])}`
}

/** Keeps enough of a secret to recognise it. */
function shorten(text) {
  return text
    .replace(/ctk1_[A-Za-z0-9]+/g, (token) => `${token.slice(0, 9)}…`)
    .replace(/eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, (jwt) => `${jwt.slice(0, 8)}…${jwt.slice(-4)}`)
    .replace(/"password":"[^"]*"/, '"password":"…"')
}
