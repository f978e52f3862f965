// The page of react-components.test.ts: Corbado's React components, used the way their documentation shows.
import {
  CorbadoConnectAppend,
  CorbadoConnectLogin,
  CorbadoConnectPasskeyList,
  CorbadoConnectProvider,
} from '@corbado/connect-react'
import { ConnectService } from '@corbado/web-core'
import { createRoot } from 'react-dom/client'

const { projectId, frontendApi } = window.corbado
const query = new URLSearchParams(location.search)
const service = new ConnectService(projectId, 'unused', false, frontendApi)

/** What the components have told the application, in order. */
window.told = []
const tell = (what, ...details) => window.told.push([what, ...details])

/** Calls the application's own backend. */
async function call(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status}`)
  return response.json()
}

async function connectToken(type) {
  return (await call('/auth/createConnectToken', { type })).connectToken
}

async function verify(signedPasskeyData) {
  await call('/auth/verifySignedPasskeyData', { signedPasskeyData })
  tell('signed in')
}

const components = {
  login: () => (
    <CorbadoConnectLogin
      onLoaded={() => tell('loaded')}
      onFallback={(identifier) => tell('fallback', identifier)}
      onError={(error) => tell('error', error)}
      onComplete={verify}
    />
  ),
  append: () => (
    <CorbadoConnectAppend
      appendTokenProvider={() => connectToken('passkey-append')}
      onSkip={() => tell('skipped')}
      onComplete={() => tell('appended')}
    />
  ),
  list: () => <CorbadoConnectPasskeyList connectTokenProvider={connectToken} />,
}

const Component = components[query.get('show')]
createRoot(document.getElementById('root')).render(
  <CorbadoConnectProvider
    projectId={projectId}
    connectService={service}
    flags={{ 'conditional-ui-allowed': String(query.get('autofill') !== 'off') }}
  >
    <Component />
  </CorbadoConnectProvider>,
)
