// Package admission judges OAuthUsers and OAuthClients as the API server would,
// by the schema and the rules of their CustomResourceDefinitions, without a
// cluster. What writes manifests asks it, so that limits exist once.
//
// crds are copies of config/crd/bases, which "make generate" makes.
package admission
