export * from '@corbado-connect/core'
export type { Exchange, FastifyContext } from './http.js'
export { defineOptions, type FastifyConnectOptions } from './options.js'
export {
  type CorbadoConnect,
  type CorbadoConnectPlugin,
  corbadoConnect,
  type Register,
  type RegisteredUser,
} from './plugin.js'
