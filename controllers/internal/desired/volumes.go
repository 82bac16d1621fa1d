package desired

import (
	"path"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
	"github.com/authserver-dev/operator/controllers/internal/shard"
)

const (
	configFile = configv1alpha1.ConfigFile
	fileMode   = int32(0o440)

	volumeConfig = "config"
	volumeUsers  = "users"
	volumeData   = "data"
)

// mount is a volume with the folder at which the container sees it.
type mount struct {
	name, folder string
	source       corev1.VolumeSource
	writable     bool
}

func volumes(server *authv1alpha1.AuthorizationServer) []corev1.Volume {
	var all []corev1.Volume
	for _, m := range allMounts(server) {
		all = append(all, corev1.Volume{Name: m.name, VolumeSource: m.source})
	}
	return all
}

func mounts(server *authv1alpha1.AuthorizationServer) []corev1.VolumeMount {
	var all []corev1.VolumeMount
	for _, m := range allMounts(server) {
		all = append(all, corev1.VolumeMount{Name: m.name, MountPath: m.folder, ReadOnly: !m.writable})
	}
	return all
}

// allMounts puts every file where the configuration says it is.
func allMounts(server *authv1alpha1.AuthorizationServer) []mount {
	name := server.Name
	all := []mount{
		{name: volumeConfig, folder: path.Dir(configFile), source: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{
			LocalObjectReference: corev1.LocalObjectReference{Name: name + "-config"}, DefaultMode: new(fileMode),
		}}},
		{name: "session", folder: path.Dir(configv1alpha1.SessionKeyRingFile), source: secretVolume(SessionSecretName(name))},
	}
	if !remote(server) {
		all = append(all,
			mount{name: "engine", folder: path.Dir(configv1alpha1.KeyEncryptionKeyFile), source: secretVolume(EngineSecretName(name))},
			mount{
				name: "management", folder: path.Dir(configv1alpha1.ManagementTokenFile),
				source: secretVolume(ManagementName(name), "token", "tls.crt", "tls.key"),
			})
	}
	all = append(all, mount{name: volumeUsers, folder: configv1alpha1.UsersDirectory, source: usersVolume(name)})
	if server.Spec.TLS != nil {
		all = append(all, mount{
			name: "tls", folder: path.Dir(configv1alpha1.PublicCertFile),
			source: secretVolume(server.Spec.TLS.CertificateSecretRef.Name, corev1.TLSCertKey, corev1.TLSPrivateKeyKey),
		})
	}
	if callers := server.Spec.Introspection.Callers; len(callers) > 0 {
		all = append(all, mount{name: "callers", folder: configv1alpha1.CallerSecretsDirectory, source: callersVolume(callers)})
	}
	if remote(server) {
		return append(all, authleteMounts(server.Spec.Backend.Authlete)...)
	}
	return append(all, storageMounts(server)...)
}

// storageMounts are what the storage needs.
func storageMounts(server *authv1alpha1.AuthorizationServer) []mount {
	switch server.Spec.EffectiveStorageType() {
	case authv1alpha1.StoragePostgreSQL:
		ref := server.Spec.Backend.Embedded.Storage.PostgreSQL.ConnectionSecretRef
		source := secretVolume(ref.Name)
		source.Secret.Items = []corev1.KeyToPath{{
			Key: ref.KeyOr(authv1alpha1.DefaultConnectionKey), Path: path.Base(configv1alpha1.PostgreSQLFile),
		}}
		tls := server.Spec.Backend.Embedded.Storage.PostgreSQL.TLS
		return append([]mount{{name: "postgresql", folder: path.Dir(configv1alpha1.PostgreSQLFile), source: source}},
			tlsMounts("postgresql", tlsSource{
				authorities: tls.CASecretRef, authoritiesFile: configv1alpha1.PostgreSQLCAFile,
				certificate: tls.ClientCertificateSecretRef, certificateFile: configv1alpha1.PostgreSQLCertFile,
			})...)
	case authv1alpha1.StorageSQLite:
		claim := server.Spec.EffectiveVolumeClaim().ExistingClaimName
		if claim == "" {
			claim = DataClaimName(server)
		}
		source := corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: claim}}
		return []mount{{name: volumeData, folder: configv1alpha1.DataDirectory, source: source, writable: true}}
	default:
		return nil
	}
}

// tlsSource says where the files for TLS towards another server come from, and where the configuration expects them.
type tlsSource struct {
	authorities                      *authv1alpha1.SecretKeyReference
	certificate                      *authv1alpha1.SecretReference
	authoritiesFile, certificateFile string
}

// tlsMounts are the files for TLS towards another server.
func tlsMounts(peer string, from tlsSource) []mount {
	var all []mount
	if ref := from.authorities; ref != nil {
		source := secretVolume(ref.Name)
		source.Secret.Items = []corev1.KeyToPath{{Key: ref.KeyOr(authv1alpha1.DefaultCAKey), Path: path.Base(from.authoritiesFile)}}
		all = append(all, mount{name: peer + "-ca", folder: path.Dir(from.authoritiesFile), source: source})
	}
	if ref := from.certificate; ref != nil {
		all = append(all, mount{
			name: peer + "-client", folder: path.Dir(from.certificateFile),
			source: secretVolume(ref.Name, corev1.TLSCertKey, corev1.TLSPrivateKeyKey),
		})
	}
	return all
}

// secretVolume mounts a Secret, or the named keys of it.
func secretVolume(name string, keys ...string) corev1.VolumeSource {
	source := &corev1.SecretVolumeSource{SecretName: name, DefaultMode: new(fileMode)}
	for _, key := range keys {
		source.Items = append(source.Items, corev1.KeyToPath{Key: key, Path: key})
	}
	return corev1.VolumeSource{Secret: source}
}

// usersVolume mounts all user shards into one folder.
func usersVolume(server string) corev1.VolumeSource {
	projected := &corev1.ProjectedVolumeSource{DefaultMode: new(fileMode)}
	for i := range configv1alpha1.UserShards {
		file := configv1alpha1.ShardFile(i)
		projected.Sources = append(projected.Sources, corev1.VolumeProjection{Secret: &corev1.SecretProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: shard.SecretName(server, i)},
			Items:                []corev1.KeyToPath{{Key: file, Path: file}},
		}})
	}
	return corev1.VolumeSource{Projected: projected}
}

// callersVolume mounts each introspection caller's secret under the caller's name.
func callersVolume(callers []authv1alpha1.IntrospectionCaller) corev1.VolumeSource {
	projected := &corev1.ProjectedVolumeSource{DefaultMode: new(fileMode)}
	for _, caller := range callers {
		projected.Sources = append(projected.Sources, corev1.VolumeProjection{Secret: &corev1.SecretProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: caller.SecretRef.Name},
			Items:                []corev1.KeyToPath{{Key: caller.SecretRef.KeyOr(authv1alpha1.DefaultCallerSecretKey), Path: caller.Name}},
		}})
	}
	return corev1.VolumeSource{Projected: projected}
}

// DataClaimName names the claim for the file of SQLite storage.
func DataClaimName(server *authv1alpha1.AuthorizationServer) string { return server.Name + "-data" }

// volumeClaim is the claim for SQLite's file, unless the user has one of their own.
func volumeClaim(in Input) Object {
	spec := &in.Server.Spec
	claim := spec.EffectiveVolumeClaim()
	if spec.EffectiveStorageType() != authv1alpha1.StorageSQLite || claim.ExistingClaimName != "" {
		return nil
	}
	size, class := *claim.Size, claim.StorageClassName
	if have := in.Claim; have != nil {
		class = have.Spec.StorageClassName
		if now := have.Spec.Resources.Requests[corev1.ResourceStorage]; now.Cmp(size) > 0 {
			size = now
		}
	}
	return &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: DataClaimName(in.Server), Namespace: in.Server.Namespace, Labels: labelsOf(in.Server)},
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: class,
			Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: size}},
		},
	}
}
