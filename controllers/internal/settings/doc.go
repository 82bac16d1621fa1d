// Package settings compares the settings of a service or of a client at the
// backend with what an AuthorizationServer or an OAuthClient declares, and says
// what they have to become. It owns the list of settings that can be declared; it
// is pure, and knows neither how settings are read and written nor what is done
// about a difference.
//
// Of a service only what the spec sets is declared, never a default, so that what
// people keep at Authlete stays theirs: a setting that the spec leaves out is
// neither compared nor changed, nor is a member of the service that this project
// does not know. Issuer, endpoints and clientIdAliasEnabled are always declared:
// the server is found under them, and OAuthClients are registered with an alias
// as their client_id. Lists are sets. spec.scopes names the scopes beside the
// standard ones; of those it says something only where it names them.
//
// The same holds for a client that was adopted. A client that the operator made
// has the defaults of all fields that its spec leaves out.
//
// What Authlete's API has no service setting for is not declared there:
// display.logoURI, tokens.authorizationCodeSeconds and signing.
package settings
