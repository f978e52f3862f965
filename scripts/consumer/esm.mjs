// What an ESM user imports, by every documented path.
import assert from 'node:assert/strict'
import * as core from '@corbado-connect/core'
import * as errors from '@corbado-connect/core/errors'
import * as emulator from '@corbado-connect/emulator'
import * as express from '@corbado-connect/express'
import * as expressRedis from '@corbado-connect/express/redis'
import * as fastify from '@corbado-connect/fastify'
import * as fastifyRedis from '@corbado-connect/fastify/redis'

assert.equal(typeof core.createConnect, 'function')
assert.equal(errors.CorbadoError, core.CorbadoError)
assert.equal(typeof emulator.startEmulator, 'function')
for (const adapter of [express, fastify]) {
  assert.equal(typeof adapter.corbadoConnect, 'function')
  assert.equal(adapter.CorbadoError, core.CorbadoError, 'one copy of the core')
}
for (const subpath of [expressRedis, fastifyRedis]) assert.equal(typeof subpath.redisReplayStore, 'function')
