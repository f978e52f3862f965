import { settings } from './settings.js'

settings('fastify-cookie')
