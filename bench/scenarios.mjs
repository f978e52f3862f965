// What is measured: each program beside its baseline, and the ratio that we want.

/**
 * @typedef {object} Scenario
 * @property {string} title
 * @property {keyof typeof import('./requests.mjs').requests} request
 * @property {string} baseline a program of bench/programs
 * @property {Record<string, number | null>} programs the goal of each, as CPU × baseline; null where there is none
 * @property {number} [status] what the program answers; default 200
 * @property {number} [baselineStatus] what the baseline answers; default 200
 * @property {boolean} [tls] whether the upstream speaks TLS
 * @property {'trivial' | 'cookie' | 'access-token'} [session] default trivial
 * @property {boolean} [redis] replay store and limiter in Redis
 */

const refusal = (title, request, status, baselineStatus = 200) => ({
  title,
  request,
  status,
  baselineStatus,
  baseline: 'trivial-fastify',
  programs: { fastify: 2, express: 3 },
})

/** @type {Record<string, Scenario>} */
export const scenarios = {
  'connect-token': {
    title: 'Create a connect token',
    request: 'connect-token',
    baseline: 'raw',
    programs: { fastify: 1.35, express: 2.6, 'stock-fastify': null, 'stock-express': null, guide: null },
  },
  verify: {
    title: 'Verify a login, plain HTTP to the upstream',
    request: 'verify',
    baseline: 'raw',
    programs: { fastify: 1.8, express: 3.2, guide: null },
  },
  'verify-tls': {
    title: 'Verify a login, TLS to the upstream (as in production)',
    request: 'verify',
    baseline: 'raw',
    tls: true,
    programs: { fastify: 1.7, express: 3.2, guide: null },
  },
  'expired-token': refusal('Refuse an expired token', 'expired-token', 401),
  'one-character': refusal('Refuse a token of one character', 'one-character', 400),
  'no-dots': refusal('Refuse 7,000 characters without dots', 'no-dots', 400),
  'malformed-json': refusal('Refuse malformed JSON', 'malformed-json', 400, 400),
  'cookie-session': {
    title: 'Create a connect token with cookieSession',
    request: 'connect-token',
    session: 'cookie',
    baseline: 'raw',
    programs: { fastify: null, express: null },
  },
  'access-token-session': {
    title: 'Create a connect token with accessTokenSession',
    request: 'connect-token',
    session: 'access-token',
    baseline: 'raw',
    programs: { fastify: null, express: null },
  },
  'redis-connect-token': {
    title: 'Create a connect token, limiter in Redis',
    request: 'connect-token',
    redis: true,
    baseline: 'raw',
    programs: { fastify: null, express: null },
  },
  'redis-verify': {
    title: 'Verify a login, replay store and limiter in Redis',
    request: 'verify',
    redis: true,
    baseline: 'raw',
    programs: { fastify: null, express: null },
  },
}

/** How the report calls the programs. */
export const labels = {
  raw: '`node:http` and undici by hand',
  fastify: '**Fastify plugin**',
  express: '**Express router**',
  'stock-fastify': 'Fastify and @fastify/rate-limit by hand',
  'stock-express': 'Express and express.json() by hand',
  guide: "Corbado's guide: Express and built-in fetch",
}
