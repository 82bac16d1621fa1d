import { Auth } from '@auth/core'
import { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SCOPE, open, report } from './harness.mjs'

const origin = new URL(REDIRECT_URI).origin
const config = {
  trustHost: true, basePath: '/auth', secret: 'a secret of the test, for cookies of the test',
  providers: [{ id: 'server', name: 'Server', type: 'oidc', issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET,
    authorization: { params: { scope: SCOPE } } }],
  callbacks: {
    // What applications write to see more than name and address: tokens and groups go into the session.
    jwt({ token, account, profile }) {
      return account ? { ...token, account, profile } : token
    },
    session({ session, token }) {
      return { ...session, account: token.account, profile: token.profile }
    },
  },
}

const jar = new Map()
async function call(path, form) {
  const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }
  const request = form
    ? new Request(new URL(path, origin), { method: 'POST', headers, body: new URLSearchParams(form) })
    : new Request(new URL(path, origin), { headers })
  const response = await Auth(request, config)
  for (const cookie of response.headers.getSetCookie()) {
    const [, name, value] = cookie.match(/^([^=]+)=([^;]*)/)
    jar.set(name, value)
  }
  return response
}

const { csrfToken } = await (await call('/auth/csrf')).json()
const start = await call('/auth/signin/server', { csrfToken })
const callback = await open(start.headers.get('location'))
const end = await call(callback)
if (end.headers.get('location')?.includes('error')) throw new Error(end.headers.get('location'))
const session = await (await call('/auth/session')).json()

// Refresh and revocation are left to the application by this library.
report({ idToken: session.profile, user: session.user, first: session.account?.access_token })
