import * as client from 'openid-client'
import { ISSUER, CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, SCOPE, open, report } from './harness.mjs'

// The method of authentication is the library's default, the secret in the body. Plain http is for the test's loopback only.
const config = await client.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, { execute: [client.allowInsecureRequests] })

const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const nonce = client.randomNonce()
const callback = await open(client.buildAuthorizationUrl(config, {
  redirect_uri: REDIRECT_URI, scope: SCOPE, state, nonce,
  code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
}))
const tokens = await client.authorizationCodeGrant(config, new URL(callback), {
  pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true,
})
const idToken = tokens.claims()
const userinfo = await client.fetchUserInfo(config, tokens.access_token, idToken.sub)

const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
const after = await client.fetchUserInfo(config, refreshed.access_token, idToken.sub)

const introspected = await client.tokenIntrospection(config, refreshed.access_token)
await client.tokenRevocation(config, refreshed.refresh_token)

report({ idToken, userinfo, refreshedIDToken: refreshed.claims(), refreshedUserInfo: after, introspected,
  first: tokens.access_token, revoked: refreshed.access_token })
