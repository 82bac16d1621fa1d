import { InMemoryWebStorage, OidcClient, UserManager, WebStorageStateStore } from 'oidc-client-ts'
import { ISSUER, CLIENT_ID, REDIRECT_URI, SCOPE, open, report } from './harness.mjs'

// Storage stands in for that of a browser; everything else is the library's default.
const storage = new InMemoryWebStorage()
const settings = {
  authority: ISSUER, client_id: CLIENT_ID, redirect_uri: REDIRECT_URI, scope: SCOPE,
  stateStore: new WebStorageStateStore({ store: storage }), userStore: new WebStorageStateStore({ store: storage }),
}
const client = new OidcClient(settings)
const request = await client.createSigninRequest({ request_type: 'si:r' })
const response = await client.processSigninResponse(await open(request.url))

// The user manager is what applications use. It takes over what the callback gave.
const manager = new UserManager(settings)
const endpoint = await manager.metadataService.getUserInfoEndpoint()
const read = async (token) => (await fetch(endpoint, { headers: { Authorization: `Bearer ${token}` } })).json()
const userinfo = await read(response.access_token)
const { User } = await import('oidc-client-ts')
await manager.storeUser(new User(response))
const refreshed = await manager.signinSilent()
const after = await read(refreshed.access_token)
await manager.revokeTokens(['access_token', 'refresh_token'])

report({ idToken: response.profile, userinfo, refreshedIDToken: refreshed.profile, refreshedUserInfo: after,
  first: response.access_token, revoked: refreshed.access_token })
