export type { Clock } from './clock.js'
export { type Emulator, type Passkey, startEmulator } from './emulator.js'
export type {
  Fault,
  FaultAction,
  FaultHandle,
  FaultTarget,
  Garbage,
  Moment,
  StatusAnswer,
} from './faults.js'
export { fingerprint } from './fingerprint.js'
export type { VerificationResult } from './logins.js'
export type { EmulatorOptions } from './options.js'
export type { RecordedRequest, RequestFilter } from './requests.js'
export type { RouteName } from './routes.js'
export type { SignedPasskeyDataClaims, SignInOverrides } from './signed-passkey-data.js'
