// Our router for Express.
import { corbadoConnect } from '@corbado-connect/express'
import express from 'express'
import { options } from './our-options.mjs'
import { measured } from './program.mjs'

const app = express()
app.use(corbadoConnect(options))
const server = app.listen(0, 'localhost', () => measured(server.address().port))
