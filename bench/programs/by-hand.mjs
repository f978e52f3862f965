// Corbado's two calls as written by hand over undici's Pool, with none of the checks.
import { Pool } from 'undici'
import { users } from './program.mjs'

const { CORBADO_PROJECT_ID, CORBADO_API_SECRET, CORBADO_BACKEND_API } = process.env
const pool = new Pool(CORBADO_BACKEND_API, { connections: 128 })
const headers = {
  authorization: `Basic ${btoa(`${CORBADO_PROJECT_ID}:${CORBADO_API_SECRET}`)}`,
  'content-type': 'application/json',
}

async function post(path, body) {
  const answer = await pool.request({ method: 'POST', path, headers, body: JSON.stringify(body) })
  return answer.body.json()
}

/** Creates a connect token for this user. */
export async function createConnectToken(user, type) {
  const { secret, expires } = await post('/v2/connectTokens', { type, data: { identifier: user.identifier } })
  return { connectToken: secret, expiresAt: expires }
}

/** Verifies a login and returns its user, or undefined. */
export async function verifyLogin(signedPasskeyData) {
  const claims = JSON.parse(Buffer.from(signedPasskeyData.split('.')[1], 'base64url').toString())
  const answer = await post('/v2/passkey/verifySignedData', { signedPasskeyData, username: claims.webauthnId })
  return answer.verificationResult === 'success' ? users.get(claims.webauthnId) : undefined
}
