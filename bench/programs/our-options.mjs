// The options of our two programs: every check on, and limits that the load never reaches.
import { accessTokenSession, cookieSession, memoryReplayStore } from '@corbado-connect/core'
import { sessions, users } from './program.mjs'

const { BENCH_SESSION = 'trivial', BENCH_REDIS_PORT } = process.env
const { CORBADO_PROJECT_ID, CORBADO_API_SECRET, CORBADO_BACKEND_API } = process.env
const secret = 'a secret of the benchmark, long enough'
const strategies = {
  trivial: () => ({
    getUser: ({ http }) => sessions.get(http.header('x-session')),
    createSession: () => ({ success: true }),
  }),
  cookie: () => cookieSession({ secret }),
  'access-token': () => accessTokenSession({ secret }),
}

const unlimited = { max: 1_000_000, windowMs: 60_000 }

export const options = {
  session: strategies[BENCH_SESSION](),
  findUser: (identifier) => users.get(identifier) ?? null,
  client: {
    projectId: CORBADO_PROJECT_ID,
    apiSecret: CORBADO_API_SECRET,
    backendApi: CORBADO_BACKEND_API,
    upstreamLimit: { max: 1_000_000, windowMs: 10_000 },
  },
  rateLimit: { connectToken: unlimited, verify: unlimited },
  // The default store refuses more than 100,000 logins at a time.
  replayStore: memoryReplayStore({ maxEntries: 1_000_000 }),
}

if (BENCH_REDIS_PORT !== undefined) {
  const { redisReplayStore } = await import('@corbado-connect/core/redis')
  const { Redis } = await import('ioredis')
  const redis = new Redis({ port: Number(BENCH_REDIS_PORT) })
  options.rateLimit.redis = redis
  options.replayStore = redisReplayStore(redis)
}
