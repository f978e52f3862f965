export { type Emulator, type Passkey, startEmulator } from './emulator.js'
export type {
  Fault,
  FaultAction,
  FaultHandle,
  FaultTarget,
  Garbage,
  Moment,
  StatusAnswer,
} from './faults/faults.js'
export type { EmulatorOptions } from './options.js'
export type { Seed, SeedPasskey, SeedUser } from './seed.js'
export type { Clock } from './state/clock.js'
export { fingerprint } from './state/fingerprint.js'
export type { VerificationResult } from './state/logins.js'
export type { RequestFilter } from './state/request-counts.js'
export type { RecordedRequest } from './state/requests.js'
export type { SignedPasskeyDataClaims, SignInOverrides } from './state/signed-passkey-data.js'
export type { Permission, RouteName } from './wire/operations.js'
