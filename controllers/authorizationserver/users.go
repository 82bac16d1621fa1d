package authorizationserver

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/index"
	"github.com/authserver-dev/operator/controllers/internal/shard"
	"github.com/authserver-dev/operator/controllers/internal/status"
	"github.com/authserver-dev/operator/controllers/oauthuser"
)

// maxShard keeps a shard's Secret below the API server's limit of 1 MiB, with room for metadata.
const maxShard = 1000 << 10

// collectUsers writes the users of the server into shards.
func (r *Reconciler) collectUsers(ctx context.Context, s *scope) (bool, error) {
	users, err := r.users(ctx, s.server)
	if err != nil {
		return false, err
	}
	for number := range s.input.Shards {
		content, err := encodeShard(users, number)
		if err != nil {
			return false, err
		}
		if len(content) > maxShard {
			status.Stall(s.server, authv1alpha1.ConditionUsersProjected, authv1alpha1.ReasonTooManyUsers,
				fmt.Sprintf("share %d of the users takes %d bytes, and a Secret holds %d: spread the users over several servers", number, len(content), maxShard))
			return false, nil
		}
		s.input.Shards[number] = content
	}
	count := int32(len(users))
	s.server.Status.Users = &count
	return true, r.countClients(ctx, s.server)
}

// users returns the users that the server serves, sorted by subject.
func (r *Reconciler) users(ctx context.Context, server *authv1alpha1.AuthorizationServer) ([]configv1alpha1.User, error) {
	var list authv1alpha1.OAuthUserList
	if err := r.Client.List(ctx, &list, client.InNamespace(server.Namespace), client.MatchingFields{index.UserServer: server.Name}); err != nil {
		return nil, fmt.Errorf("listing OAuthUsers: %w", err)
	}
	hashes, err := r.hashes(ctx, server.Namespace)
	if err != nil {
		return nil, err
	}
	served, err := serving(server, list.Items)
	if err != nil {
		return nil, err
	}
	var users []configv1alpha1.User
	for _, user := range served {
		hash := hashes[user.UID]
		if user.Spec.Password == nil {
			hash = ""
		}
		entry, err := project(server, user, hash)
		if err != nil {
			return nil, err
		}
		users = append(users, entry)
	}
	slices.SortFunc(users, func(a, b configv1alpha1.User) int { return cmp.Compare(a.Subject, b.Subject) })
	return users, nil
}

// serving picks the users that the server serves. Who may have which names is found out by the users' own reconciler; that
// what it says may be out of date must not let two people in under one name, so the older one counts here again.
func serving(server *authv1alpha1.AuthorizationServer, all []authv1alpha1.OAuthUser) ([]*authv1alpha1.OAuthUser, error) {
	var picked []*authv1alpha1.OAuthUser
	for i := range all {
		user := &all[i]
		selected, err := shard.Selected(server, user)
		if err != nil {
			return nil, err
		}
		if selected && user.DeletionTimestamp.IsZero() && status.IsTrue(user, authv1alpha1.ConditionUsernameUnique) &&
			status.IsTrue(user, authv1alpha1.ConditionClaimsValid) {
			picked = append(picked, user)
		}
	}
	slices.SortFunc(picked, index.ByAge)
	usernames, subjects := map[string]bool{}, map[string]bool{}
	return slices.DeleteFunc(picked, func(user *authv1alpha1.OAuthUser) bool {
		username, subject := user.Spec.UsernameKey(), user.EffectiveSubject()
		taken := usernames[username] || subjects[subject]
		if !taken {
			usernames[username], subjects[subject] = true, true
		}
		return taken
	}), nil
}

// hashes returns the password hashes by the UID of the user that owns them.
func (r *Reconciler) hashes(ctx context.Context, namespace string) (map[types.UID]string, error) {
	var secrets corev1.SecretList
	if err := r.Client.List(ctx, &secrets, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("listing Secrets: %w", err)
	}
	found := map[types.UID]string{}
	for i := range secrets.Items {
		secret := &secrets.Items[i]
		owner := metav1.GetControllerOf(secret)
		if owner != nil && owner.Kind == authv1alpha1.KindOAuthUser && secret.Name == oauthuser.HashSecretName(owner.Name) {
			found[owner.UID] = string(secret.Data[oauthuser.HashKey])
		}
	}
	return found, nil
}

// countClients counts the clients that are registered at the server.
func (r *Reconciler) countClients(ctx context.Context, server *authv1alpha1.AuthorizationServer) error {
	var list authv1alpha1.OAuthClientList
	if err := r.Client.List(ctx, &list, client.InNamespace(server.Namespace), client.MatchingFields{index.ClientServer: server.Name}); err != nil {
		return fmt.Errorf("listing OAuthClients: %w", err)
	}
	var count int32
	for i := range list.Items {
		if status.IsTrue(&list.Items[i], authv1alpha1.ConditionRegistered) {
			count++
		}
	}
	server.Status.Clients = &count
	return nil
}

// encodeShard returns one user file.
func encodeShard(users []configv1alpha1.User, number int) ([]byte, error) {
	list := configv1alpha1.UserList{
		TypeMeta: metav1.TypeMeta{APIVersion: configv1alpha1.APIVersion, Kind: configv1alpha1.KindUserList}, Users: []configv1alpha1.User{},
	}
	for _, user := range users {
		if configv1alpha1.Shard(user.Subject) == number {
			list.Users = append(list.Users, user)
		}
	}
	content, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encoding users: %w", err)
	}
	return content, nil
}
