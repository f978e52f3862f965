// A certificate for the TLS upstream, made for this run. The programs trust it through NODE_EXTRA_CA_CERTS and verify it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** @returns {{ key: string, certificate: string } | undefined} file names; undefined where `openssl` is not installed */
export function makeCertificate() {
  const folder = mkdtempSync(join(tmpdir(), 'corbado-connect-bench-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate],
  ])
  return made.status === 0 ? { key, certificate } : undefined
}
