package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of the project.
const GroupName = "authserver.dev"

// Kinds of the group.
const (
	KindAuthorizationServer = "AuthorizationServer"
	KindOAuthUser           = "OAuthUser"
	KindOAuthClient         = "OAuthClient"
)

var (
	// GroupVersion is the group and version of the types in this package.
	GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

	// SchemeBuilder collects the functions that add the types to a scheme.
	SchemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

	// AddToScheme adds the types of this package to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&AuthorizationServer{}, &AuthorizationServerList{},
		&OAuthUser{}, &OAuthUserList{},
		&OAuthClient{}, &OAuthClientList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
