// Our plugin for Fastify.
import { corbadoConnect } from '@corbado-connect/fastify'
import Fastify from 'fastify'
import { options } from './our-options.mjs'
import { measured } from './program.mjs'

const app = Fastify()
await app.register(corbadoConnect, options)
await app.listen({ port: 0, host: 'localhost' })
measured(app.server.address().port)
