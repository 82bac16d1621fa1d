package cel_test

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// Kinds as the rules name them.
const (
	serverKind = authv1alpha1.KindAuthorizationServer
	userKind   = authv1alpha1.KindOAuthUser
	clientKind = authv1alpha1.KindOAuthClient
)

// server returns the smallest valid AuthorizationServer, changed by mutate.
func server(mutate ...func(*authv1alpha1.AuthorizationServer)) *authv1alpha1.AuthorizationServer {
	s := &authv1alpha1.AuthorizationServer{
		ObjectMeta: metav1.ObjectMeta{Name: "case", Namespace: namespace},
		Spec: authv1alpha1.AuthorizationServerSpec{
			Issuer: "https://login.example.com",
			Backend: authv1alpha1.Backend{
				Type: authv1alpha1.BackendEmbedded,
				Embedded: &authv1alpha1.EmbeddedBackend{
					Storage: authv1alpha1.Storage{Type: authv1alpha1.StorageMemory},
				},
			},
		},
	}
	for _, m := range mutate {
		m(s)
	}
	return s
}

// user returns the smallest valid OAuthUser, changed by mutate.
func user(mutate ...func(*authv1alpha1.OAuthUser)) *authv1alpha1.OAuthUser {
	u := &authv1alpha1.OAuthUser{
		ObjectMeta: metav1.ObjectMeta{Name: "case", Namespace: namespace},
		Spec: authv1alpha1.OAuthUserSpec{
			ServerRef: authv1alpha1.ServerReference{Name: "demo"},
			Username:  "jane",
		},
	}
	for _, m := range mutate {
		m(u)
	}
	return u
}

// application returns the smallest valid OAuthClient, changed by mutate.
func application(mutate ...func(*authv1alpha1.OAuthClient)) *authv1alpha1.OAuthClient {
	c := &authv1alpha1.OAuthClient{
		ObjectMeta: metav1.ObjectMeta{Name: "case", Namespace: namespace},
		Spec: authv1alpha1.OAuthClientSpec{
			ServerRef:    authv1alpha1.ServerReference{Name: "demo"},
			RedirectURIs: []authv1alpha1.RedirectURI{"https://app.example.com/callback"},
		},
	}
	for _, m := range mutate {
		m(c)
	}
	return c
}

// created is the attempt to create an AuthorizationServer changed by mutate.
func created(mutate func(*authv1alpha1.AuthorizationServer)) attempt {
	return attempt{object: server(mutate)}
}

// createdUser is the attempt to create an OAuthUser changed by mutate.
func createdUser(mutate func(*authv1alpha1.OAuthUser)) attempt {
	return attempt{object: user(mutate)}
}

// createdClient is the attempt to create an OAuthClient changed by mutate.
func createdClient(mutate func(*authv1alpha1.OAuthClient)) attempt {
	return attempt{object: application(mutate)}
}

// changedUser is the attempt to change the user u.
func changedUser(u *authv1alpha1.OAuthUser, change func(*authv1alpha1.OAuthUser)) attempt {
	return attempt{object: u, change: func() { change(u) }}
}

// changedClient is the attempt to change the client c.
func changedClient(c *authv1alpha1.OAuthClient, change func(*authv1alpha1.OAuthClient)) attempt {
	return attempt{object: c, change: func() { change(c) }}
}
