// CommonJS reaches the same modules by require.
const assert = require('node:assert/strict')
const Fastify = require('fastify')
const { corbadoConnect, cookieSession } = require('@corbado-connect/fastify')
const express = require('@corbado-connect/express')

const app = Fastify()
app.register(corbadoConnect, {
  client: { projectId: 'pro-1', apiSecret: 'corbado1_x' },
  session: cookieSession({ secret: 'x'.repeat(32) }),
  findUser: () => null,
})
app.ready().then(() => {
  assert.equal(typeof app.corbadoConnect.requireUser, 'function')
  assert.equal(typeof express.corbadoConnect, 'function')
  return app.close()
})
