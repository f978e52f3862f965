export * from '@corbado-connect/core'
export type { Exchange, ExpressContext } from './http.js'
export { defineOptions, type ExpressConnectOptions } from './options.js'
export { type CorbadoConnectRouter, corbadoConnect } from './router.js'
