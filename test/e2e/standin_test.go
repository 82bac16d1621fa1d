package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/authserver-dev/operator/internal/authlete/credentials"
	"github.com/authserver-dev/operator/internal/authlete/httpclient"
)

const (
	standInName = "authlete"
	standInPort = 9000
	serviceID   = "21653835348762"
	// Credentials of the stand-in, of both dialects; long enough to be searched for where no secret may be.
	apiSecret   = "api-secret-of-the-stand-in-2x"
	ownerKey    = "1234567890"
	ownerSecret = "owner-secret-of-the-stand-in-2x"
	accessToken = "service-access-token-of-the-stand-in-30"
)

// standIn is the engine alone, in a Deployment and behind a Service of its own, as Authlete would be: all that a server
// knows of it is an authlete.ini. Its data outlive its pods.
type standIn struct {
	namespace string
	// version2 and version3 are authlete.ini files with which it can be called.
	version2, version3 string
}

// startStandIn brings up a stand-in in the namespace.
func startStandIn(ctx context.Context, namespace string) *standIn {
	GinkgoHelper()
	base := fmt.Sprintf("http://%s.%s.svc:%d", standInName, namespace, standInPort)
	s := &standIn{
		namespace: namespace,
		version2: fmt.Sprintf("[authlete]\nbase_url = %s\nservice_owner.api_key = %s\nservice_owner.api_secret = %s\nservice.api_key = %s\nservice.api_secret = %s\n",
			base, ownerKey, ownerSecret, serviceID, apiSecret),
		version3: fmt.Sprintf("[authlete]\napi_version = V3\nbase_url = %s\nservice.api_key = %s\nservice.access_token = %s\n", base, serviceID, accessToken),
	}
	labels := map[string]string{"app": standInName}
	meta := metav1.ObjectMeta{Name: standInName, Namespace: namespace}
	for _, object := range []client.Object{
		&corev1.PersistentVolumeClaim{ObjectMeta: meta, Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
			Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
		}},
		&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "stand-in", Namespace: namespace}, StringData: map[string]string{
			"version2.ini": s.version2, "version3.ini": s.version3,
		}},
		&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: standInPort}}}},
		&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels}, Strategy: appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: s.pod()},
		}},
	} {
		Expect(cluster.Create(ctx, object)).To(Succeed())
	}
	s.awaitReplicas(ctx, 1)
	return s
}

func (s *standIn) pod() corev1.PodSpec {
	probe := &corev1.Probe{
		ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt32(standInPort)}},
		PeriodSeconds: 1, FailureThreshold: 60,
	}
	return corev1.PodSpec{
		AutomountServiceAccountToken: new(bool),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(65532)), FSGroup: new(int64(65532)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: "engine", Image: "ghcr.io/authserver-dev/server:" + version(), ImagePullPolicy: corev1.PullIfNotPresent,
			Args: []string{
				"engine", "--listen", fmt.Sprintf(":%d", standInPort), "--sqlite", "/data/engine.db",
				"--credentials", "/credentials/version2.ini", "--credentials", "/credentials/version3.ini",
			},
			StartupProbe: probe, ReadinessProbe: probe,
			VolumeMounts: []corev1.VolumeMount{{Name: "credentials", MountPath: "/credentials"}, {Name: "data", MountPath: "/data"}},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: new(false), ReadOnlyRootFilesystem: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
		Volumes: []corev1.Volume{
			{Name: "credentials", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "stand-in"}}},
			{Name: "data", VolumeSource: corev1.VolumeSource{
				PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: standInName},
			}},
		},
	}
}

// scale stops the stand-in or starts it again, and waits until it is so.
func (s *standIn) scale(ctx context.Context, replicas int) {
	GinkgoHelper()
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: standInName, Namespace: s.namespace}}
	patch := client.RawPatch("application/merge-patch+json", fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))
	Expect(cluster.Patch(ctx, deployment, patch)).To(Succeed())
	s.awaitReplicas(ctx, replicas)
}

func (s *standIn) awaitReplicas(ctx context.Context, replicas int) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		deployment := &appsv1.Deployment{}
		g.Expect(cluster.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: standInName}, deployment)).To(Succeed())
		g.Expect(deployment.Status.ReadyReplicas).To(BeEquivalentTo(replicas))
		var pods corev1.PodList
		g.Expect(cluster.List(ctx, &pods, client.InNamespace(s.namespace), client.MatchingLabels{"app": standInName})).To(Succeed())
		g.Expect(pods.Items).To(HaveLen(replicas))
	}).WithContext(ctx).WithTimeout(readyIn).WithPolling(200 * time.Millisecond).Should(Succeed())
}

// client calls the stand-in as somebody who is not the operator.
func (s *standIn) client(ctx context.Context) *httpclient.Client {
	GinkgoHelper()
	service := &corev1.Service{}
	Expect(cluster.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: standInName}, service)).To(Succeed())
	as := &credentials.Credentials{
		Version: credentials.V3, BaseURL: fmt.Sprintf("http://%s:%d", service.Spec.ClusterIP, standInPort), ServiceID: serviceID, AccessToken: accessToken,
	}
	return httpclient.New(httpclient.Options{
		Clock:       time.Now,
		Credentials: func() *credentials.Credentials { return as }, HTTP: &http.Client{Timeout: 10 * time.Second},
	})
}
