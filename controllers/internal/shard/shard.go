// Package shard names the Secrets over which the users of a server are spread,
// and says which users belong to a server. It is pure.
package shard

import (
	"fmt"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

const infix = "-users-"

// SecretName is the Secret that holds one share of the users of a server.
func SecretName(server string, shard int) string {
	return fmt.Sprintf("%s%s%02d", server, infix, shard)
}

// ParseSecretName takes SecretName apart; false if the name is not one.
func ParseSecretName(name string) (server string, shard int, ok bool) {
	i := strings.LastIndex(name, infix)
	if i <= 0 {
		return "", 0, false
	}
	shard, err := strconv.Atoi(name[i+len(infix):])
	if err != nil || shard < 0 || shard >= configv1alpha1.UserShards || name != SecretName(name[:i], shard) {
		return "", 0, false
	}
	return name[:i], shard, true
}

// Selected says whether the server's selector picks the user. A server without a selector takes every user that refers
// to it.
func Selected(server *authv1alpha1.AuthorizationServer, user *authv1alpha1.OAuthUser) (bool, error) {
	if user.Namespace != server.Namespace || user.Spec.ServerRef.Name != server.Name {
		return false, nil
	}
	if server.Spec.Users.Selector == nil {
		return true, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(server.Spec.Users.Selector)
	if err != nil {
		return false, fmt.Errorf("parsing spec.users.selector: %w", err)
	}
	return selector.Matches(labels.Set(user.Labels)), nil
}
