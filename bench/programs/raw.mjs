// The baseline: both routes by hand on node:http, no framework, no checks.
import { createServer } from 'node:http'
import { createConnectToken, verifyLogin } from './by-hand.mjs'
import { measured, sessions } from './program.mjs'

function readJson(request) {
  return new Promise((resolve, reject) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => (text += chunk))
    request.once('end', () => resolve(JSON.parse(text)))
    request.once('error', reject)
  })
}

async function answer(request) {
  const body = await readJson(request)
  if (request.url === '/auth/createConnectToken') {
    const user = sessions.get(request.headers['x-session'])
    return user === undefined ? undefined : createConnectToken(user, body.type)
  }
  return (await verifyLogin(body.signedPasskeyData)) === undefined ? undefined : { success: true }
}

const server = createServer(async (request, response) => {
  const result = await answer(request)
  if (result === undefined) return response.writeHead(401).end()
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(result))
})
server.listen(0, 'localhost', () => measured(server.address().port))
