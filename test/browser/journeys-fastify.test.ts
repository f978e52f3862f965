import { journeys } from './journeys.js'

journeys('fastify-cookie')
