package desired

import (
	"fmt"
	"maps"
	"path"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

const (
	// ContainerName is the server's container.
	ContainerName = "server"
	userID        = int64(65532)
	portPublic    = int32(8080)
	portManage    = int32(8443)
	portMetrics   = int32(9090)
	revisions     = int32(3)
	// memoryShare of the memory limit is what the Go runtime aims at, in percent.
	memoryShare = 90
)

func deployment(in Input) Object {
	server := in.Server
	return &appsv1.Deployment{
		ObjectMeta: meta(server, server.Name),
		Spec: appsv1.DeploymentSpec{
			Replicas:             new(server.Spec.EffectiveReplicas()),
			RevisionHistoryLimit: new(revisions),
			Strategy:             strategy(server),
			Selector:             &metav1.LabelSelector{MatchLabels: SelectorLabels(server)},
			Template:             podTemplate(in),
		},
	}
}

// strategy replaces pods one by one where they share a database or Authlete, and one after the other where two at a time would each
// have a store of their own.
func strategy(server *authv1alpha1.AuthorizationServer) appsv1.DeploymentStrategy {
	if !remote(server) && server.Spec.EffectiveStorageType() != authv1alpha1.StoragePostgreSQL {
		return appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	}
	none, one := intstr.FromInt32(0), intstr.FromInt32(1)
	return appsv1.DeploymentStrategy{
		Type:          appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{MaxUnavailable: &none, MaxSurge: &one},
	}
}

func podTemplate(in Input) corev1.PodTemplateSpec {
	server, overrides := in.Server, in.Server.Spec.PodTemplate
	labels := maps.Clone(overrides.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, labelsOf(server))
	annotations := maps.Clone(overrides.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[AnnotationConfigHash] = ConfigHash(in)
	account := overrides.ServiceAccountName
	if account == "" {
		account = server.Name
	}
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels, Annotations: annotations},
		Spec: corev1.PodSpec{
			ServiceAccountName: account, AutomountServiceAccountToken: new(bool), EnableServiceLinks: new(bool),
			TerminationGracePeriodSeconds: new(server.Spec.EffectiveTerminationGracePeriodSeconds()),
			NodeSelector:                  overrides.NodeSelector, Tolerations: overrides.Tolerations, Affinity: affinity(server),
			TopologySpreadConstraints: overrides.TopologySpreadConstraints, PriorityClassName: overrides.PriorityClassName,
			ImagePullSecrets: pullSecrets(server),
			SecurityContext: &corev1.PodSecurityContext{
				RunAsNonRoot: new(true), RunAsUser: new(userID), RunAsGroup: new(userID), FSGroup: new(userID),
				FSGroupChangePolicy: new(corev1.FSGroupChangeOnRootMismatch),
				SeccompProfile:      &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
			},
			Containers: []corev1.Container{container(in)},
			Volumes:    volumes(server),
		},
	}
}

// affinity spreads replicas over nodes, unless the user has a wish of their own.
func affinity(server *authv1alpha1.AuthorizationServer) *corev1.Affinity {
	if own := server.Spec.PodTemplate.Affinity; own != nil || server.Spec.EffectiveReplicas() < 2 {
		return own
	}
	return &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{
			Weight: 100,
			PodAffinityTerm: corev1.PodAffinityTerm{
				LabelSelector: &metav1.LabelSelector{MatchLabels: SelectorLabels(server)}, TopologyKey: corev1.LabelHostname,
			},
		}},
	}}
}

func pullSecrets(server *authv1alpha1.AuthorizationServer) []corev1.LocalObjectReference {
	var references []corev1.LocalObjectReference
	for _, secret := range server.Spec.ImagePullSecrets {
		references = append(references, corev1.LocalObjectReference{Name: secret.Name})
	}
	return references
}

// Image is what the pods are told to run.
func Image(in Input) string {
	if own := in.Server.Spec.Image; own != "" {
		return own
	}
	return in.DefaultImage
}

func container(in Input) corev1.Container {
	server := in.Server
	pull := server.Spec.ImagePullPolicy
	if pull == "" {
		pull = pullPolicy(Image(in))
	}
	resources := resourcesOf(server)
	return corev1.Container{
		Name: ContainerName, Image: Image(in), ImagePullPolicy: pull, Args: []string{"--config", configFile},
		Env:            []corev1.EnvVar{{Name: "GOMEMLIMIT", Value: memoryLimit(resources)}},
		Ports:          ports(server),
		Resources:      resources,
		StartupProbe:   probe("/healthz", 1, 60),
		LivenessProbe:  probe("/healthz", 10, 3),
		ReadinessProbe: probe("/readyz", 2, 2),
		VolumeMounts:   mounts(server),
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), Privileged: new(false),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
}

// ports are those on which the server listens: with Authlete there is nothing to manage in it.
func ports(server *authv1alpha1.AuthorizationServer) []corev1.ContainerPort {
	all := []corev1.ContainerPort{{Name: "http", ContainerPort: portPublic, Protocol: corev1.ProtocolTCP}}
	if !remote(server) {
		all = append(all, corev1.ContainerPort{Name: "management", ContainerPort: portManage, Protocol: corev1.ProtocolTCP})
	}
	return append(all, corev1.ContainerPort{Name: "metrics", ContainerPort: portMetrics, Protocol: corev1.ProtocolTCP})
}

// pullPolicy is what Kubernetes takes for a new object. It is written down, since Kubernetes does not reconsider when the
// image changes.
func pullPolicy(image string) corev1.PullPolicy {
	name, _, pinned := strings.Cut(image, "@")
	_, tag, tagged := strings.Cut(path.Base(name), ":")
	if pinned || (tagged && tag != "latest") {
		return corev1.PullIfNotPresent
	}
	return corev1.PullAlways
}

func probe(at string, period, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: at, Port: intstr.FromString("metrics"), Scheme: corev1.URISchemeHTTP}},
		PeriodSeconds: period, TimeoutSeconds: 3, FailureThreshold: failures, SuccessThreshold: 1,
	}
}

// resourcesOf returns what the user wants, or enough for a few logins at a time: each takes some 20 MiB.
func resourcesOf(server *authv1alpha1.AuthorizationServer) corev1.ResourceRequirements {
	if own := server.Spec.Resources; own != nil {
		return *own
	}
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
		Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
	}
}

// memoryLimit is the GOMEMLIMIT that fits the container's limit.
func memoryLimit(resources corev1.ResourceRequirements) string {
	limit, ok := resources.Limits[corev1.ResourceMemory]
	if !ok {
		return "off"
	}
	return fmt.Sprintf("%dB", limit.Value()/100*memoryShare)
}
