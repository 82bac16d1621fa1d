// Package v1alpha1 is the Kubernetes API of the project: the custom resources
// AuthorizationServer, OAuthUser and OAuthClient of the group authserver.dev.
//
// It owns the types and their schema, validation rules included, the types and
// reasons of the conditions, and accessors that apply defaults. It does no I/O
// and imports nothing else of this project, so that anybody may use it as a
// client library. Defaults live in the Effective accessors rather than in the
// schema: what a person did not write stays unwritten in the object.
//
// +kubebuilder:object:generate=true
// +groupName=authserver.dev
package v1alpha1
