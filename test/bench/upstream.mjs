// A Corbado that costs next to nothing: it accepts everything at once.
import { createServer } from 'node:http'

const token = JSON.stringify({
  id: 'ctk-940364795071150919',
  tokenType: 'passkey-list',
  data: { identifier: 'user-1' },
  connectTokenStatus: 'initial',
  secret: 'ctk1_sxmexzS7RFBaJSA4V4kBFPs45bkxMK',
  expires: 4102444800,
})
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json')
    response.end(request.url === '/v2/connectTokens' ? token : '{"verificationResult":"success"}')
  })
})
server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }))
process.once('disconnect', () => process.exit())
