package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/shard"
)

// Labels and annotations.
const (
	labelName      = "app.kubernetes.io/name"
	labelInstance  = "app.kubernetes.io/instance"
	labelComponent = "app.kubernetes.io/component"
	labelManagedBy = "app.kubernetes.io/managed-by"
	appName        = "authserver"
	managedBy      = "authserver-operator"
	// AnnotationConfigHash, on pods, is what they were started with.
	AnnotationConfigHash = "authserver.dev/config-hash"
	// AnnotationRefresh, on pods, makes the kubelet read mounted Secrets again when it changes.
	AnnotationRefresh = "authserver.dev/refresh"
	// AnnotationRotated, on credentials, is the rotation request that they answer.
	AnnotationRotated = "authserver.dev/rotated"
)

// Object is any Kubernetes object. It is what controller-runtime calls client.Object, without importing a client.
type Object interface {
	metav1.Object
	runtime.Object
}

// Input is everything that the objects depend on.
type Input struct {
	Server *authv1alpha1.AuthorizationServer
	// DefaultImage is for servers that name none.
	DefaultImage string
	// ConfigYAML is the configuration file.
	ConfigYAML string
	// Session, Engine and Management are the contents of the credential Secrets. With Authlete there is no Management, and
	// Engine is what an embedded engine has left behind, if there was one.
	Session, Engine, Management map[string][]byte
	// SessionRotated and ManagementRotated are the rotation requests that they answer.
	SessionRotated, ManagementRotated string
	// PostgreSQLURL is the connection string; only its hash gets into an object.
	PostgreSQLURL []byte
	// AuthleteCA are the certificates of authorities that Authlete's is checked with; only their hash gets into an object.
	AuthleteCA []byte
	// Claim is the claim for the data as it is; nil if there is none. It keeps its class and does not shrink.
	Claim *corev1.PersistentVolumeClaim
	// Shards are the user files.
	Shards [configv1alpha1.UserShards][]byte
	// Revocations are, for each user file, the revocations that its changes have left to do. Pods do not see them.
	Revocations [configv1alpha1.UserShards][]byte
}

// KeyRevocations is the key of the revocations in a Secret with users.
const KeyRevocations = "revocations.json"

// Build returns the objects, in the order in which they are applied.
func Build(in Input) []Object {
	objects := []Object{serviceAccount(in), configMap(in)}
	objects = append(objects, Secrets(in)...)
	if claim := volumeClaim(in); claim != nil {
		objects = append(objects, claim)
	}
	objects = append(objects, publicService(in))
	if !remote(in.Server) {
		objects = append(objects, managementService(in))
	}
	objects = append(objects, deployment(in))
	if budget := disruptionBudget(in); budget != nil {
		objects = append(objects, budget)
	}
	return objects
}

// remote says whether the engine is Authlete.
func remote(server *authv1alpha1.AuthorizationServer) bool {
	return server.Spec.Backend.Authlete != nil
}

// SelectorLabels select the pods of a server.
func SelectorLabels(server *authv1alpha1.AuthorizationServer) map[string]string {
	return map[string]string{labelName: appName, labelInstance: server.Name}
}

func labelsOf(server *authv1alpha1.AuthorizationServer) map[string]string {
	labels := SelectorLabels(server)
	labels[labelComponent], labels[labelManagedBy] = "server", managedBy
	return labels
}

func meta(server *authv1alpha1.AuthorizationServer, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: server.Namespace, Labels: labelsOf(server)}
}

// SessionSecretName names the Secret with the session key ring.
func SessionSecretName(server string) string { return server + "-session" }

// EngineSecretName names the Secret with the key encryption key.
func EngineSecretName(server string) string { return server + "-engine" }

// ManagementName names the Secret and the Service of the management API.
func ManagementName(server string) string { return server + "-management" }

// Secrets returns the Secrets: credentials and user shards. All shards are always there, so that pods can mount them. The
// key of an embedded engine stays when Authlete takes its place: without it a database would be lost for a change back.
func Secrets(in Input) []Object {
	server := in.Server
	credential := func(name string, data map[string][]byte, rotated string) *corev1.Secret {
		secret := &corev1.Secret{ObjectMeta: meta(server, name), Data: data}
		if rotated != "" {
			secret.Annotations = map[string]string{AnnotationRotated: rotated}
		}
		return secret
	}
	secrets := []Object{credential(SessionSecretName(server.Name), in.Session, in.SessionRotated)}
	if !remote(server) || len(in.Engine) > 0 {
		secrets = append(secrets, credential(EngineSecretName(server.Name), in.Engine, ""))
	}
	if !remote(server) {
		secrets = append(secrets, credential(ManagementName(server.Name), in.Management, in.ManagementRotated))
	}
	for i, content := range in.Shards {
		data := map[string][]byte{configv1alpha1.ShardFile(i): content}
		if pending := in.Revocations[i]; len(pending) > 0 {
			data[KeyRevocations] = pending
		}
		secrets = append(secrets, &corev1.Secret{ObjectMeta: meta(server, shard.SecretName(server.Name, i)), Data: data})
	}
	return secrets
}

// ConfigHash is over everything that a running server does not reload.
func ConfigHash(in Input) string {
	if remote(in.Server) {
		return hash([]byte(in.ConfigYAML), in.AuthleteCA)
	}
	return hash([]byte(in.ConfigYAML), in.Engine["kek"], in.PostgreSQLURL)
}

// RefreshHash is over the Secrets that a running server reloads; extra are those that belong to others.
func RefreshHash(in Input, extra map[string][]byte) string {
	parts := [][]byte{in.Session["keyring.json"], in.Management["token"], in.Management["tls.crt"]}
	for _, content := range in.Shards {
		parts = append(parts, content)
	}
	for _, key := range slices.Sorted(maps.Keys(extra)) {
		parts = append(parts, []byte(key), extra[key])
	}
	return hash(parts...)
}

// hash returns a short digest over the parts, whose borders count.
func hash(parts ...[]byte) string {
	h := sha256.New()
	for _, part := range parts {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func serviceAccount(in Input) Object {
	return &corev1.ServiceAccount{ObjectMeta: meta(in.Server, in.Server.Name), AutomountServiceAccountToken: new(bool)}
}

func configMap(in Input) Object {
	return &corev1.ConfigMap{ObjectMeta: meta(in.Server, in.Server.Name+"-config"), Data: map[string]string{"config.yaml": in.ConfigYAML}}
}
