// An upstream that answers like Corbado in microseconds: it accepts everything and checks nothing.
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { serveBenchmark } from './child.mjs'

const { BENCH_TLS_KEY, BENCH_TLS_CERTIFICATE, BENCH_DELAY_MS = '0' } = process.env
const delayMs = Number(BENCH_DELAY_MS)
const connectToken = JSON.stringify({
  id: 'ctk-940364795071150919',
  tokenType: 'passkey-list',
  data: { identifier: 'user-1' },
  connectTokenStatus: 'initial',
  secret: 'ctk1_sxmexzS7RFBaJSA4V4kBFPs45bkxMK',
  expires: 4102444800,
})
const verdict = '{"verificationResult":"success"}'
const headersFor = (body) => ({ 'content-type': 'application/json', 'content-length': body.length })

const answer = (request, response) => {
  const body = request.url === '/v2/connectTokens' ? connectToken : verdict
  const send = () => response.writeHead(200, headersFor(body)).end(body)
  request.resume().once('end', delayMs === 0 ? send : () => setTimeout(send, delayMs))
}
const server =
  BENCH_TLS_KEY === undefined
    ? http.createServer(answer)
    : https.createServer({ key: readFileSync(BENCH_TLS_KEY), cert: readFileSync(BENCH_TLS_CERTIFICATE) }, answer)
server.keepAliveTimeout = 60_000
server.listen(0, 'localhost', () => {
  const scheme = BENCH_TLS_KEY === undefined ? 'http' : 'https'
  serveBenchmark({ url: `${scheme}://localhost:${server.address().port}` })
})
